//! The suites of the ports, also over stores that are opened again.

use std::sync::Arc;

use throng_plugin_store_sqlite::{Config, Sqlite, SqliteStore};
use throng_ports::journal;
use throng_ports::kind::Kind as _;
use throng_ports::settings::{Settings as _, Values};
use throng_ports::store::Store;
use throng_ports::store::conformance::{History, suite, twin};

use crate::sample::open;

#[tokio::test]
async fn the_store_passes_the_suite() {
    let dir = tempfile::tempdir().unwrap();
    suite(Arc::new(open(dir.path()))).await;
}

#[tokio::test]
async fn the_store_passes_the_suite_with_the_least_of_everything() {
    let dir = tempfile::tempdir().unwrap();
    // The suite commits 50 at once.
    let least = Config { cache_bytes: 0, queue_max: 50, readers: 0, ..Config::default() };
    suite(Arc::new(SqliteStore::open(dir.path(), least).unwrap())).await;
}

#[test]
fn the_journals_pass_the_suite() {
    let dir = tempfile::tempdir().unwrap();
    journal::conformance::suite(|| open(dir.path()).journals());
}

#[tokio::test]
async fn the_suite_notices_broken_stores() {
    let dirs = tempfile::tempdir().unwrap();
    let mut number = 0;
    twin::all(|| {
        number += 1;
        let store: Arc<dyn Store> = Arc::new(open(&dirs.path().join(number.to_string())));
        std::future::ready(store)
    })
    .await;
}

#[test]
fn the_suite_notices_broken_journals() {
    let dirs = tempfile::tempdir().unwrap();
    let mut number = 0;
    journal::conformance::twin::all(|| {
        number += 1;
        let dir = dirs.path().join(number.to_string());
        move || open(&dir).journals()
    });
}

#[tokio::test]
async fn random_histories_look_as_in_the_model_also_after_reopening() {
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::new(seed);
        for _ in 0..3 {
            let store = open(dir.path());
            history.compare(&store).await;
            history.run(&store, 24).await;
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_is_committed_before_the_store_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let pending: Vec<_> =
        (1..=100).map(|id| store.commit(vec![crate::sample::post(id, 10)])).collect();
    drop(store);
    for commit in pending {
        commit.await.unwrap();
    }
    let found = open(dir.path()).messages(
        crate::sample::CHANNEL,
        throng_proto::record::Page::Latest,
        100,
        None,
    );
    // The store waits for reads that were taken, too.
    assert_eq!(found.await.unwrap().len(), 100);
}

#[test]
fn its_settings_are_the_defaults_and_unknown_keys_are_refused() {
    let (section, defaults) = (Sqlite.section(), Values::of(&Sqlite.section()));
    assert_eq!(Config::read(&defaults), Ok(Config::default()));
    let [problem] = &section.problems(&defaults.with("cache_byte", 1))[..] else {
        panic!("one problem")
    };
    assert_eq!(problem.key, "cache_byte");
}
