//! A copy of the database, made while a gateway runs or while none does.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

use crate::migration::APPLICATION_ID;
use crate::open::DATABASE;

/// How long a backup waits for a checkpoint or a start that has the database for itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no backup. What was begun of it is removed.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no database in the directory.
    #[error("there is no database of throng in {path}", path = .0.display())]
    Missing(PathBuf),
    /// The file is there already.
    #[error("{path} is there already; a backup replaces nothing", path = .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write {path}", path = .path.display())]
    File {
        /// File.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The database cannot be read, or the copy cannot be written.
    #[error("cannot copy the database")]
    Sqlite(#[from] rusqlite::Error),
    /// The copy is not whole.
    #[error("the copy is damaged ({0}), and so is the database")]
    Damaged(String),
}

/// Writes all that was committed into a file of its own, readable for its owner alone, and returns
/// its bytes.
///
/// The copy is of one moment, and whole: it is checked. Whoever posts meanwhile is not held up.
///
/// # Errors
///
/// See [`BackupError`].
pub fn backup(dir: &Path, to: &Path) -> Result<u64, BackupError> {
    let database = dir.join(DATABASE);
    if !database.exists() {
        return Err(BackupError::Missing(dir.to_owned()));
    }
    let source = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(PATIENCE)?;
    let application: i32 = source.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(BackupError::Missing(dir.to_owned()));
    }
    let file = |source| BackupError::File { path: to.to_owned(), source };
    create(to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => file(error),
    })?;
    let copied = copy(&source, to).and_then(|()| {
        File::open(to).and_then(|copy| copy.sync_all()).map_err(file)?;
        to.metadata().map(|metadata| metadata.len()).map_err(file)
    });
    if copied.is_err() {
        // Half a backup must not be taken for one.
        drop(fs::remove_file(to));
    }
    copied
}

fn copy(source: &Connection, to: &Path) -> Result<(), BackupError> {
    source.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let detail: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if detail == "ok" { Ok(()) } else { Err(BackupError::Damaged(detail)) }
}

fn create(to: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(to)
}
