//! Which sequences of a session have arrived, in whatever order their lanes brought them.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// Ranges of sequences that may have arrived beyond the first gap. One dispatch that is late makes
/// one range at most, so a lane that is this far behind the others has stopped.
pub(crate) const RANGES_MAX: usize = 4_096;
/// Sequences reported as skipped whose datagrams may still be under way: the gateway reports 64 at
/// a time, so this is the last 16 reports.
const ASTRAY_MAX: usize = 1_024;

/// A lane has fallen too far behind the others; resuming brings all of them back in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("one guild's events are more than {RANGES_MAX} ranges behind the others'")]
pub(crate) struct TooManyRanges;

/// What has arrived of a session, or never will.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// Everything up to here.
    through: u64,
    /// First and last of what else there is, neither overlapping nor adjacent.
    later: BTreeMap<u64, u64>,
    /// Skipped on this link, so that a datagram may still bring it.
    astray: BTreeSet<u64>,
}

impl Settled {
    /// Returns the sequence up to which nothing is missing: what heartbeats and RESUME say.
    pub(crate) const fn through(&self) -> u64 {
        self.through
    }

    /// Takes a dispatch from a stream; `false` when it was there already.
    pub(crate) fn accept(&mut self, sequence: u64) -> Result<bool, TooManyRanges> {
        if self.contains(sequence) {
            return Ok(false);
        }
        self.insert(sequence, sequence).map(|()| true)
    }

    /// Takes a dispatch from a datagram, which may come after the report that it was skipped.
    pub(crate) fn accept_datagram(&mut self, sequence: u64) -> Result<bool, TooManyRanges> {
        if self.astray.remove(&sequence) { Ok(true) } else { self.accept(sequence) }
    }

    /// Counts a range as settled, whether its datagrams come or not.
    pub(crate) fn skip(&mut self, first: u64, last: u64) -> Result<(), TooManyRanges> {
        let newest = first.max(last.saturating_sub(ASTRAY_MAX as u64 - 1))..=last;
        let missing: Vec<_> = newest.filter(|sequence| !self.contains(*sequence)).collect();
        self.astray.extend(missing);
        while self.astray.len() > ASTRAY_MAX {
            self.astray.pop_first();
        }
        self.insert(first, last)
    }

    /// Forgets what only the last link could still have brought.
    pub(crate) fn relink(&mut self) {
        self.astray.clear();
    }

    fn contains(&self, sequence: u64) -> bool {
        let before = self.later.range(..=sequence).next_back();
        sequence <= self.through || before.is_some_and(|(_, last)| sequence <= *last)
    }

    fn insert(&mut self, first: u64, last: u64) -> Result<(), TooManyRanges> {
        let (mut first, mut last) = (first.max(self.through + 1), last);
        if last < first {
            return Ok(());
        }
        while let Some((&start, &end)) = self.later.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            self.later.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        if first == self.through + 1 {
            self.through = last;
        } else if self.later.len() == RANGES_MAX {
            return Err(TooManyRanges);
        } else {
            self.later.insert(first, last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
