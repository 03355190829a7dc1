//! A data directory that changes under a running gateway.

use std::fs;

use throng_ports::store::{Store as _, StoreError};

use crate::sample::{founding, open, post};

#[tokio::test]
async fn what_is_written_to_a_directory_that_is_gone_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (data, aside) = (dir.path().join("data"), dir.path().join("aside"));
    let store = open(&data);
    store.commit(founding()).await.unwrap();
    store.check().unwrap();
    fs::rename(&data, &aside).unwrap();
    assert!(matches!(store.check(), Err(StoreError::Gone(_))));
    let refused = store.commit(vec![post(1, 10)]).await;
    assert!(matches!(refused, Err(StoreError::Gone(_))), "{refused:?}");
    // Another directory with a database of its own is not the one that is open.
    let other = open(&data);
    assert!(matches!(store.check(), Err(StoreError::Gone(_))));
    drop(other);
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&aside, &data).unwrap();
    store.check().unwrap();
    store.commit(vec![post(2, 10)]).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_replaced_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(founding()).await.unwrap();
    let database = dir.path().join("throng.db");
    let copy = dir.path().join("copy");
    fs::copy(&database, &copy).unwrap();
    fs::rename(&copy, &database).unwrap();
    let refused = store.commit(vec![post(1, 10)]).await;
    assert!(matches!(&refused, Err(StoreError::Gone(text)) if text.contains("another file")));
}
