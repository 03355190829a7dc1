//! A data directory that changes under a running gateway.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use throng_plugin_store_sqlite::SqliteStore;
use throng_ports::journal::{Found, Journal};
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

/// Opens a store whose one journal is in force.
fn with_journal(dir: &Path) -> (SqliteStore, Box<dyn Journal>) {
    let store = open(dir);
    let mut journal = store.journals().begin(1).unwrap().remove(0);
    journal.append(b"before");
    journal.flush().unwrap();
    store.journals().seal().unwrap();
    store.check().unwrap();
    (store, journal)
}

/// Does what a worker does, and expects the journal to be whole for the next run.
fn begins_anew(store: &SqliteStore, journal: &mut dyn Journal) {
    let lost = store.check();
    assert!(
        matches!(&lost, Err(StoreError::Failed(text)) if text.contains("sessions")),
        "{lost:?}"
    );
    let flushed = journal.flush().unwrap_err();
    assert_eq!(flushed.kind(), ErrorKind::QuotaExceeded, "records were lost: {flushed}");
    journal.rotate().unwrap();
    journal.append(b"anew");
    journal.flush().unwrap();
    // The first look may have to name the generation again, and then all is well.
    _ = store.check();
    store.check().unwrap();
    let found = store.journals().recover().unwrap().remove(0);
    assert_eq!(found.last(), Some(&Found::Record(b"anew".to_vec())));
    // Whoever was in the file that is lost is not taken for somebody of now.
    let gap = found.iter().position(|found| *found == Found::Gap);
    assert!(gap.is_some_and(|gap| gap < found.len() - 1), "{found:?}");
}

#[tokio::test]
async fn journals_that_are_removed_begin_anew_and_posts_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut journal) = with_journal(dir.path());
    fs::remove_dir_all(dir.path().join("sessions")).unwrap();
    store.commit(founding()).await.unwrap();
    begins_anew(&store, &mut *journal);
    // Once more, and only a part.
    fs::remove_file(dir.path().join("sessions/current")).unwrap();
    assert!(matches!(store.check(), Err(StoreError::Failed(_))));
    store.check().unwrap();
    assert!(dir.path().join("sessions/current").exists());
}

#[tokio::test]
async fn journals_that_are_replaced_by_an_older_copy_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (sessions, aside) = (dir.path().join("sessions"), dir.path().join("aside"));
    let (store, mut journal) = with_journal(dir.path());
    let segment = sessions.join("1/0/0.log");
    let copy = fs::read(&segment).unwrap();
    journal.append(b"later");
    journal.flush().unwrap();
    fs::rename(&sessions, &aside).unwrap();
    fs::create_dir_all(segment.parent().unwrap()).unwrap();
    fs::write(&segment, copy).unwrap();
    fs::copy(aside.join("current"), sessions.join("current")).unwrap();
    begins_anew(&store, &mut *journal);
}

#[tokio::test]
async fn nothing_is_made_where_the_whole_directory_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, mut journal) = with_journal(&data);
    fs::remove_dir_all(&data).unwrap();
    assert!(matches!(store.check(), Err(StoreError::Gone(_))));
    journal.append(b"into nothing");
    journal.flush().unwrap();
    assert!(!data.exists(), "a directory of nobody's was made");
}
