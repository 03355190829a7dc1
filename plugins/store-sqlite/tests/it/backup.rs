//! Copies of the database, and what a clean end leaves.

use std::fs;
use std::path::Path;

use throng_plugin_store_sqlite::{BackupError, backup};
use throng_ports::store::Store as _;
use throng_proto::record::Page;

use crate::sample::{CHANNEL, founding, open, post};

async fn messages(dir: &Path) -> usize {
    open(dir).messages(CHANNEL, Page::Latest, 100, None).await.unwrap().len()
}

#[tokio::test]
async fn a_backup_of_a_running_store_has_all_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy/throng.db"));
    fs::create_dir(dir.path().join("copy")).unwrap();
    let store = open(&data);
    store.commit(founding()).await.unwrap();
    for id in 1..=50 {
        store.commit(vec![post(id, 100)]).await.unwrap();
    }
    let pending: Vec<_> = (100..200).map(|id| store.commit(vec![post(id, 100)])).collect();
    let bytes = backup(&data, &copy).unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().len(), bytes);
    for commit in pending {
        commit.await.unwrap();
    }
    assert!(messages(copy.parent().unwrap()).await >= 50);
    drop(store);
    // A stopped one, too.
    let copy = dir.path().join("second.db");
    backup(&data, &copy).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let missing = backup(&data, &dir.path().join("copy"));
    assert!(matches!(missing, Err(BackupError::Missing(_))), "{missing:?}");
    open(&data).commit(founding()).await.unwrap();
    let there = dir.path().join("there");
    fs::write(&there, "precious").unwrap();
    assert!(matches!(backup(&data, &there), Err(BackupError::Exists(_))));
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    let nowhere = dir.path().join("no/such/place");
    assert!(matches!(backup(&data, &nowhere), Err(BackupError::File { .. })));
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn after_the_last_step_the_database_is_whole_without_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy"));
    let store = open(&data);
    store.commit(founding()).await.unwrap();
    for id in 1..=20 {
        store.commit(vec![post(id, 100)]).await.unwrap();
    }
    store.finish().await.unwrap();
    // The process ends here without giving anything back.
    fs::create_dir(&copy).unwrap();
    fs::copy(data.join("throng.db"), copy.join("throng.db")).unwrap();
    assert_eq!(messages(&copy).await, 20);
    drop(store);
}
