//! What went wrong inside the store, on its way to the seam's error.

use rusqlite::{ErrorCode, ffi};
use throng_ports::store::StoreError;

/// An error that `?` makes from those of the libraries below.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) StoreError);

impl Failure {
    /// Refuses a commit for a reason of its own.
    pub(crate) fn refusal(text: impl Into<String>) -> Self {
        Self(StoreError::Failed(text.into()))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        let Some(cause) = error.sqlite_error() else {
            return Self(match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..) => StoreError::Unreadable(text),
                _ => StoreError::Failed(text),
            });
        };
        Self(match cause.code {
            ErrorCode::DiskFull => StoreError::Full(text),
            _ if is_full(&error) => StoreError::Full(format!(
                "{text}: there is no room, a limit is reached, or the disk is broken"
            )),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged(text),
            _ => StoreError::Failed(text),
        })
    }
}

/// Tells whether there was no room. Of the writes that fail for want of it, SQLite names only some:
/// not the file of shared memory, nor those over a quota or a limit of the process.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|cause| {
        cause.code == ErrorCode::DiskFull
            || [ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_WRITE].contains(&cause.extended_code)
    })
}

/// JSON that was written here, perhaps by an older gateway, and cannot be read back.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(StoreError::Unreadable(error.to_string()))
    }
}
