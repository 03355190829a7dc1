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
            return Self(StoreError::Failed(text));
        };
        Self(match cause.code {
            ErrorCode::DiskFull => StoreError::Full(text),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged(text),
            // Growing the file of shared memory is the one write whose ENOSPC SQLite does not name.
            _ if cause.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full(text),
            _ => StoreError::Failed(text),
        })
    }
}

/// JSON that this store wrote and cannot read back is damage.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(StoreError::Damaged(format!("a row does not hold what it should: {error}")))
    }
}
