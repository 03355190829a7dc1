//! Whether the file that a journal writes is still the one in its place: journals may be removed or
//! replaced while the gateway runs, and what is open goes on all the same.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::place::{Identity, identity};

/// What others know of a journal that a worker writes.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The newest file as it was made.
    newest: Mutex<Option<(PathBuf, Identity)>>,
    /// It is no longer there, and the journal has not begun anew yet.
    lost: AtomicBool,
    /// Something waits that the file did not take.
    behind: AtomicBool,
}

impl Watch {
    /// Notes a file that was just made, which ends a loss.
    pub(super) fn begin(&self, path: &Path) {
        *self.newest.lock() = identity(path).ok().map(|identity| (path.to_owned(), identity));
        self.lost.store(false, Ordering::Release);
    }

    /// Looks for the file, and tells whether it is lost.
    pub(super) fn look(&self) -> bool {
        let newest = self.newest.lock();
        let gone = newest.as_ref().is_some_and(|(path, expected)| {
            identity(path).ok().is_none_or(|found| found != *expected)
        });
        if gone {
            self.lost.store(true, Ordering::Release);
        }
        gone
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn set_behind(&self, behind: bool) {
        self.behind.store(behind, Ordering::Release);
    }

    pub(super) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }
}
