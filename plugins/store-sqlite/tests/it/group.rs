//! Groups of commits: fewer syncs, overload, and what a full database refuses.

use throng_plugin_store_sqlite::{Config, SqliteStore};
use throng_ports::store::{Store, StoreError};
use throng_proto::id::{GuildId, MessageId, UserId};
use throng_proto::model::User;
use throng_proto::record::{Page, Write};

use crate::sample::{CHANNEL, founding, open, post};

/// A commit that keeps the writer busy while others queue.
fn long() -> Vec<Write> {
    (1_000_000..1_005_000).map(|id| post(id, 100)).collect()
}

#[tokio::test]
async fn commits_that_wait_share_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let first = store.commit(long());
    let pending: Vec<_> = (1..=500).map(|id| store.commit(vec![post(id, 100)])).collect();
    first.await.unwrap();
    for commit in pending {
        commit.await.unwrap();
    }
    let stats = store.stats();
    assert_eq!((stats.commits, stats.failures), (501, 0));
    assert!(stats.transactions < 100, "{stats:?}");
}

#[tokio::test]
async fn a_bad_commit_of_a_group_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let user = |id| User::new(UserId::new(id), "ann", false);
    let first = store.commit(long());
    let good = store.commit(vec![Write::User(user(1))]);
    let bad = store.commit(vec![post(7, 10), Write::User(user(2))]);
    let after = store.commit(vec![post(8, 10)]);
    first.await.unwrap();
    good.await.unwrap();
    after.await.unwrap();
    let error = bad.await.unwrap_err();
    assert!(matches!(&error, StoreError::Failed(text) if text == "username ann is taken"));
    assert_eq!(store.message(CHANNEL, MessageId::new(7), None).await.unwrap(), None);
    assert!(store.message(CHANNEL, MessageId::new(8), None).await.unwrap().is_some());
}

#[tokio::test]
async fn commits_past_the_queue_are_refused_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { queue_max: 4, ..Config::default() };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    let first = store.commit(long());
    let pending: Vec<_> = (1..=100).map(|id| (id, store.commit(vec![post(id, 10)]))).collect();
    first.await.unwrap();
    let mut refused = 0;
    for (id, commit) in pending {
        let answer = commit.await;
        if let Err(error) = &answer {
            assert!(error.to_string().contains("overloaded"), "{error}");
            refused += 1;
        }
        let found = store.message(CHANNEL, MessageId::new(id), None).await.unwrap();
        assert_eq!(found.is_some(), answer.is_ok(), "message {id}");
    }
    assert!(refused > 0, "100 commits went through a queue of 4");
}

#[tokio::test]
async fn a_full_database_refuses_writes_keeps_reading_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { pages_max: 64, ..Config::default() };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    store.commit(founding()).await.unwrap();
    let mut last = 0;
    let error = loop {
        match store.commit(vec![post(last + 1, 3_000)]).await {
            Ok(()) => last += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(last > 10, "{last}");
    let page = store.messages(CHANNEL, Page::Latest, 1, None).await.unwrap();
    assert_eq!(page[0].id.value(), last);
    let gone = (1..=last / 2).map(MessageId::new).collect();
    store.commit(vec![Write::MessageDelete(CHANNEL, gone)]).await.unwrap();
    store.commit(vec![post(last + 1, 3_000)]).await.unwrap();
    assert!(store.guild(GuildId::new(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn only_the_commit_of_a_group_that_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { pages_max: 2_000, ..Config::default() };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    let first = store.commit(long());
    let before: Vec<_> = (1..=20).map(|id| store.commit(vec![post(id, 10)])).collect();
    let huge = store.commit((100..4_000).map(|id| post(id, 3_000)).collect());
    let after: Vec<_> = (21..=40).map(|id| store.commit(vec![post(id, 10)])).collect();
    first.await.unwrap();
    assert!(matches!(huge.await, Err(StoreError::Full(_))));
    for commit in before.into_iter().chain(after) {
        commit.await.unwrap();
    }
    let page = store.messages(CHANNEL, Page::Before(MessageId::new(4_000)), 100, None).await;
    assert_eq!(page.unwrap().len(), 40, "nothing of the one that was refused");
}
