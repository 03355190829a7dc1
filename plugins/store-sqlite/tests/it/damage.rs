//! Data directories that must not be opened, and are left as they are.

use std::fs;
use std::path::Path;

use throng_plugin_store_sqlite::{Config, OpenError, SqliteStore};
use throng_ports::store::Store as _;

use crate::sample::{founding, open, post};

fn refused(dir: &Path, config: Config) -> OpenError {
    let before = fs::read(dir.join("throng.db")).ok();
    let error = SqliteStore::open(dir, config).unwrap_err();
    assert_eq!(fs::read(dir.join("throng.db")).ok(), before, "nothing was changed");
    error
}

/// Fills a database with some hundred pages and closes it.
async fn filled(dir: &Path) {
    let store = open(dir);
    store.commit(founding()).await.unwrap();
    store.commit((1..=300).map(|id| post(id, 3_000)).collect()).await.unwrap();
}

#[track_caller]
fn assert_damaged(error: &OpenError) {
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("throng.db") && text.contains("backup"), "{text}");
}

#[tokio::test]
async fn a_damaged_page_is_found() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let path = dir.path().join("throng.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    assert_damaged(&refused(dir.path(), Config::default()));
}

#[tokio::test]
async fn a_truncated_database_is_found() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let path = dir.path().join("throng.db");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2 / 4096 * 4096).unwrap();
    assert_damaged(&refused(dir.path(), Config::default()));
}

#[tokio::test]
async fn damage_to_the_schema_is_found_without_the_whole_check() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let path = dir.path().join("throng.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let hasty = Config { quick_check_bytes_max: 0, ..Config::default() };
    assert_damaged(&refused(dir.path(), hasty));
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("throng.db"), "groceries: crab, rice\n".repeat(100)).unwrap();
    assert_damaged(&refused(dir.path(), Config::default()));
}

#[test]
fn a_database_of_another_application_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(dir.path().join("throng.db")).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    let error = refused(dir.path(), Config::default());
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
}

#[test]
fn a_database_of_a_newer_gateway_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let newer = rusqlite::Connection::open(dir.path().join("throng.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = refused(dir.path(), Config::default());
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("newer gateway"), "{error}");
}

#[test]
fn two_gateways_cannot_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = refused(dir.path(), Config::default());
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("another gateway"), "{error}");
    drop(first);
    open(dir.path());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = SqliteStore::open(&file.join("data"), Config::default()).unwrap_err();
    assert!(matches!(error, OpenError::Directory { .. }), "{error:?}");
    assert!(error.to_string().contains("file"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_is_stored() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new/data");
    let _store = open(&data);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["throng.db", "throng.db-wal", "lock"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}
