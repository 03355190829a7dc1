//! A worker's journal, and what is known of it.

use throng_ports::journal::Journal;

/// Writes a worker's journal.
pub(crate) struct Recorder {
    pub(super) journal: Box<dyn Journal>,
    /// The last flush failed.
    pub(super) behind: bool,
    /// Records were dropped, and the journal tells nothing before the next snapshot.
    pub(super) broken: bool,
    /// Bytes of the snapshot that the current segment begins with.
    pub(super) snapshot_bytes: u64,
}

impl Recorder {
    pub(crate) const fn new(journal: Box<dyn Journal>) -> Self {
        Self { journal, behind: false, broken: false, snapshot_bytes: 0 }
    }

    pub(super) fn append(&mut self, record: &[u8]) {
        self.journal.append(record);
    }
}
