//! The store in memory against the contract of its seams.

use std::sync::Arc;

use throng_plugin_store_memory::MemoryStore;
use throng_ports::journal;
use throng_ports::store::conformance::{History, suite, twin};
use throng_ports::store::{Store, StoreError};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Guild;
use throng_proto::record::Write;

#[tokio::test]
async fn the_store_passes_the_suite() {
    suite(Arc::new(MemoryStore::new())).await;
}

#[test]
fn the_journals_pass_the_suite() {
    let store = MemoryStore::new();
    journal::conformance::suite(|| store.journals());
}

#[tokio::test]
async fn the_suite_notices_broken_stores() {
    twin::all(|| std::future::ready::<Arc<dyn Store>>(Arc::new(MemoryStore::new()))).await;
}

#[test]
fn the_suite_notices_broken_journals() {
    journal::conformance::twin::all(|| {
        let store = MemoryStore::new();
        move || store.journals()
    });
}

#[tokio::test]
async fn random_histories_look_as_in_the_model() {
    for seed in 0..64 {
        History::new(seed).run(&MemoryStore::new(), 64).await;
    }
}

#[tokio::test]
async fn commits_fail_while_a_test_wants_them_to() {
    let store = MemoryStore::new();
    let write = vec![Write::Guild(Guild::new(GuildId::new(1), "Guild", UserId::new(1)))];
    store.fail_commits(Some(StoreError::Full("no room".to_owned())));
    let failed = store.commit(write.clone()).await;
    assert!(matches!(failed, Err(StoreError::Full(_))));
    assert_eq!(store.guilds().await.unwrap(), []);
    store.fail_commits(None);
    store.commit(write).await.unwrap();
    assert_eq!(store.clone().guilds().await.unwrap(), [GuildId::new(1)], "a clone is the same");
}

#[tokio::test]
async fn answers_are_withheld_until_they_are_released() {
    let store = MemoryStore::new();
    store.hold_commits();
    let mut held = store.commit(Vec::new());
    assert!(futures_util::poll!(&mut held).is_pending());
    store.release_commits();
    held.await.unwrap();
    store.commit(Vec::new()).await.unwrap();
}
