//! Answers of the store on their way to whoever asked, and the troubles that they tell of.

use std::time::Duration;

use throng_ports::hub::RETRY_AFTER;
use throng_ports::store::{StoreError, Stored};
use throng_proto::refusal::Refusal;

use super::Shared;

/// How long a failure counts as a trouble, unless a good answer follows.
const TROUBLED_FOR: Duration = Duration::from_mins(1);

/// The trouble of reads.
const READS: &str = "store:reads";
/// The trouble of commits that no guild asks for.
const COMMITS: &str = "store:commits";
/// The trouble of a damaged database, about which a good answer says nothing: it was about another
/// part.
const DAMAGE: &str = "store:damage";

impl Shared {
    /// Takes what was read.
    ///
    /// # Errors
    ///
    /// It could not be read: 503.
    pub(crate) fn read<T>(&self, read: Stored<T>) -> Result<T, Refusal> {
        self.note_read(read.as_ref().err());
        read.map_err(|error| unavailable(&error))
    }

    /// Notes how a read went. A row that cannot be read is that row's trouble alone.
    pub(crate) fn note_read(&self, failed: Option<&StoreError>) {
        match failed {
            Some(StoreError::Unreadable(_)) => {}
            Some(error) => self.note_failure(READS, error),
            None => _ = self.troubles.clear(READS),
        }
    }

    /// Takes the answer to a commit that no guild asked for.
    ///
    /// # Errors
    ///
    /// It was not made: 503.
    pub(crate) fn committed(&self, commit: Stored<()>) -> Result<(), Refusal> {
        match &commit {
            // Others are refusals of what was asked, such as a name that is taken.
            Err(error @ (StoreError::Full(_) | StoreError::Damaged(_) | StoreError::Gone(_))) => {
                self.note_failure(COMMITS, error);
            }
            Err(_) => {}
            Ok(()) => _ = self.troubles.clear(COMMITS),
        }
        commit.map_err(|error| unavailable(&error))
    }

    fn note_failure(&self, name: &'static str, error: &StoreError) {
        let name = if matches!(error, StoreError::Damaged(_)) { DAMAGE } else { name };
        self.troubles.set_for(name, error.to_string(), TROUBLED_FOR);
    }
}

/// Says why something cannot be done now.
pub(super) fn unavailable(error: &impl std::fmt::Display) -> Refusal {
    Refusal::Unavailable { reason: error.to_string(), retry_after: RETRY_AFTER }
}
