//! A worker's journal: records are appended as they come, flushed before each pass, and begin anew
//! with a snapshot of all sessions from time to time.

use std::io;

use super::local::Worker;
use crate::metrics::Refused;

/// How many times its snapshot a segment is at least.
const SNAPSHOT_SHARE: u64 = 4;

impl Worker {
    /// Makes everything appended survive the process, as far as the disk allows.
    pub(super) fn flush_journal(&mut self) {
        let flushed = self.recorder.journal.flush();
        self.recorder.broken |=
            flushed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::QuotaExceeded);
        if self.recorder.broken && self.recorder.journal.rotate().is_ok() {
            // Records were dropped, so the journal begins anew with what is known now.
            self.recorder.broken = false;
            self.snapshot();
        }
        self.note_flush(flushed);
    }

    /// Tells of a journal that cannot be written, and when it can be again.
    fn note_flush(&mut self, flushed: io::Result<()>) {
        let trouble = format!("journal:{}", self.index);
        match flushed {
            Ok(()) if std::mem::take(&mut self.recorder.behind) => {
                tracing::info!("the journal is written again");
                self.ties.meter.troubles.clear(&trouble);
            }
            Ok(()) => {}
            Err(error) => {
                self.ties.meter.refuse(Refused::Journal);
                if !std::mem::replace(&mut self.recorder.behind, true) {
                    tracing::warn!(
                        %error,
                        "the journal cannot be written; sessions would not survive a crash"
                    );
                }
                let text = format!("sessions would not survive a crash: {error}");
                self.ties.meter.troubles.set(trouble, text);
            }
        }
    }

    /// Starts a new segment when the current one is full, and discards those nobody can need.
    pub(super) fn rotate_journal(&mut self) {
        // A segment is a few times larger than its snapshot, so that snapshots of very many
        // sessions do not become most of what is written.
        let full = self.ties.settings.replay.segment_bytes;
        let full = full.max(self.recorder.snapshot_bytes.saturating_mul(SNAPSHOT_SHARE));
        if self.recorder.journal.segment_bytes() < full {
            return;
        }
        if let Err(error) = self.recorder.journal.rotate() {
            return tracing::debug!(%error, "the journal cannot begin a new segment");
        }
        self.snapshot();
        if let Err(error) = self.discard_segments() {
            tracing::warn!(%error, "old segments of the journal cannot be removed");
        }
    }

    fn discard_segments(&mut self) -> io::Result<()> {
        let (kept, each) =
            (self.deck.log().bytes() as u64, self.ties.settings.replay.segment_bytes);
        // The log's bytes lie in this many segments, besides the one that begins now.
        let needed = usize::try_from(kept / each.max(1)).unwrap_or(usize::MAX).saturating_add(2);
        self.recorder.journal.discard(needed.saturating_add(1))
    }

    /// Writes down all sessions as they are at the end of the log.
    pub(super) fn snapshot(&mut self) {
        let Self { deck, recorder, .. } = self;
        deck.snapshot(|record| recorder.append(record));
        recorder.snapshot_bytes = recorder.journal.segment_bytes();
    }
}
