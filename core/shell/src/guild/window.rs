//! The window in which presences gather.

use throng_engine::time::Instant;

/// When others are told.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// When to look again, if something waits for that.
    pub(super) ends: Option<Instant>,
    /// Changes that were never told, as far as they are counted.
    pub(super) coalesced: u64,
}
