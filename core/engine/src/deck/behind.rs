//! How far a link is behind.

use crate::replay::{Position, Replay, Slot};

/// How far a link is behind its session.
#[derive(Clone, Debug)]
pub(super) struct Lag {
    /// First entry that the link may not have.
    pub(super) position: Position,
    /// Sequence of the last dispatch that the link took.
    pub(super) sequence: u32,
    /// Dispatches since it fell behind.
    pub(super) events: u32,
    /// Bytes of those dispatches.
    pub(super) bytes: usize,
    /// The policy was asked already.
    pub(super) judged: bool,
}

impl Lag {
    /// Begins at a place in the log after `sequence`, with so many bytes to come.
    pub(super) const fn new(position: Position, sequence: u32, bytes: usize) -> Self {
        Self { position, sequence, events: 0, bytes, judged: false }
    }

    pub(super) fn grow(&mut self, events: u32, bytes: usize) {
        self.events = self.events.saturating_add(events);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Moves past what a link took of a session's dispatches.
    pub(super) fn skip(&mut self, log: &Replay, slot: Slot, opened: Position, taken: u32) {
        for (position, entry) in log.range(self.position, Position::MAX) {
            if self.sequence == taken {
                break;
            }
            if position >= opened && entry.to.contains(slot) {
                self.sequence += 1;
                self.position = position.after(1);
            }
        }
    }
}
