//! What single sessions got of a log: where it lies, and who has the most of it.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::{Position, Slot};

/// Places and bytes of what single sessions got, by session. A session that has acknowledged
/// everything is not here.
#[derive(Debug, Default)]
pub(super) struct Own {
    shares: IndexMap<Slot, Share>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Share {
    bytes: usize,
    /// Places in the log, the oldest first; some may have been given up.
    places: VecDeque<Position>,
}

impl Own {
    /// Returns the bytes of all sessions.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts an entry in.
    pub(super) fn add(&mut self, slot: Slot, position: Position, bytes: usize) {
        let share = self.shares.entry(slot).or_default();
        share.bytes += bytes;
        share.places.push_back(position);
        self.bytes += bytes;
    }

    /// Counts an entry out.
    pub(super) fn remove(&mut self, slot: Slot, bytes: usize) {
        let Some(share) = self.shares.get_mut(&slot) else { return };
        share.bytes = share.bytes.saturating_sub(bytes);
        self.bytes = self.bytes.saturating_sub(bytes);
        if share.bytes == 0 {
            self.shares.swap_remove(&slot);
        }
        if self.shares.len() < self.shares.capacity() / 4 {
            self.shares.shrink_to(self.shares.len() * 2);
        }
    }

    /// Takes the places of the session that has the most, of those that have something before
    /// `keep`, and returns it with how many bytes to give up of them: half, so that looking for it
    /// again costs little for each byte.
    pub(super) fn heaviest(&mut self, keep: Position) -> Option<(Slot, VecDeque<Position>, usize)> {
        let gives = |share: &Share| share.places.front().is_some_and(|place| *place < keep);
        let givers = self.shares.iter_mut().filter(|(_, share)| gives(share));
        let (slot, share) = givers.max_by_key(|(_, share)| share.bytes)?;
        Some((*slot, std::mem::take(&mut share.places), share.bytes.div_ceil(2)))
    }

    /// Gives places back that [`Own::heaviest`] took and that were not given up.
    pub(super) fn give_back(&mut self, slot: Slot, places: VecDeque<Position>) {
        if let Some(share) = self.shares.get_mut(&slot) {
            share.places = places;
        }
    }
}
