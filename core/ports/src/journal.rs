//! The seam to where sessions survive a restart: append-only logs, one per worker.
//!
//! A journal must survive the death of the process, not that of the machine: what was flushed is in
//! the hands of the operating system. Content is the shell's business; here it is records of bytes.
//! A *generation* is one run of the gateway: a new run reads the newest sealed generation whole,
//! writes its own, seals it, and discards the old one.

#[cfg(feature = "conformance")]
pub mod conformance;

use std::io;

/// Where journals are kept.
pub trait Journals: Send + Sync {
    /// Reads the newest sealed generation: for each journal what is left of it, oldest first.
    ///
    /// Records come back as they were appended, each once and in order, with a [`Found::Gap`]
    /// wherever one or more of them are missing before another. Whatever happened to the place, a
    /// record is never another than it was. That the end is missing cannot be told.
    ///
    /// # Errors
    ///
    /// The place cannot be read at all.
    fn recover(&self) -> io::Result<Vec<Vec<Found>>>;

    /// Begins a new generation of `count` journals. [`Journals::recover`] ignores it until it is
    /// sealed. Where nothing can be written now, the journals try again whenever they are flushed.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>>;

    /// Makes the generation that was begun last the newest sealed one, and discards older ones.
    ///
    /// # Errors
    ///
    /// The place cannot be written, or one of the journals holds what it could not write: the older
    /// generation stays in force, and sealing may be tried again.
    fn seal(&self) -> io::Result<()>;
}

/// One record, as it was appended.
pub type Record = Vec<u8>;

/// What is found of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The next record.
    Record(Record),
    /// Records are missing here: discarded, dropped, lost or damaged.
    Gap,
}

/// An append-only log, owned by one thread.
pub trait Journal: Send {
    /// Adds a record; cheap, and not yet safe.
    fn append(&mut self, record: &[u8]);

    /// Makes every appended record survive the death of the process.
    ///
    /// # Errors
    ///
    /// The disk is full or broken. Records stay appended, and the next flush tries again; past a
    /// limit of the journal they are dropped and the error says so.
    fn flush(&mut self) -> io::Result<()>;

    /// Starts a new segment. Records appended next belong to it.
    ///
    /// # Errors
    ///
    /// As [`Journal::flush`].
    fn rotate(&mut self) -> io::Result<()>;

    /// Discards the oldest segments, so that at most `keep` remain, the current one among them.
    ///
    /// # Errors
    ///
    /// The place cannot be written.
    fn discard(&mut self, keep: usize) -> io::Result<()>;

    /// Bytes appended to the current segment.
    fn segment_bytes(&self) -> u64;
}
