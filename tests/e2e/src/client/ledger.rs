//! Which numbers of a session were told, each once, whatever the order of its links.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

/// What has come of a session, or never will.
///
/// A link with one order brings every number after the one before. A link with lanes may bring them
/// in any order, and may say that some were skipped: a datagram carried them, or was lost.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Everything up to here is settled: told, or skipped.
    settled: u64,
    /// What else is.
    ahead: BTreeSet<u64>,
    /// Skipped, and not told yet.
    missed: BTreeSet<u64>,
    /// Last number of a link with one order.
    last: Option<u64>,
    /// What came before this link may come again, and nothing else.
    before: u64,
}

impl Ledger {
    /// Stands at a number, with nothing told after it.
    #[must_use]
    pub fn at(number: u64) -> Self {
        Self { settled: number, ..Self::default() }
    }

    /// Returns the number up to which nothing is missing: what heartbeats and RESUME say.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// Begins a new link, on which everything after what is settled comes again.
    pub fn relink(&mut self, has_lanes: bool) {
        self.last = (!has_lanes).then_some(self.settled);
        self.before = self.ahead.last().copied().unwrap_or(self.settled);
    }

    /// Notes a number; `false` when it was told before this link.
    ///
    /// # Errors
    ///
    /// Fails when it was told on this link, or does not follow where it should.
    pub fn told(&mut self, number: u64) -> Result<bool> {
        if let Some(last) = &mut self.last {
            ensure!(number == *last + 1, "number {number} after {last}");
            *last = number;
        }
        if !self.is_settled(number) {
            self.settle(number);
            return Ok(true);
        }
        let late = self.missed.remove(&number);
        ensure!(late || number <= self.before, "number {number} twice");
        Ok(late)
    }

    /// Notes numbers that come by datagram or not at all.
    pub fn skipped(&mut self, ranges: &[(u32, u32)]) {
        for number in ranges.iter().flat_map(|(first, last)| *first..=*last).map(u64::from) {
            if !self.is_settled(number) {
                self.missed.insert(number);
                self.settle(number);
            }
        }
    }

    fn is_settled(&self, number: u64) -> bool {
        number <= self.settled || self.ahead.contains(&number)
    }

    fn settle(&mut self, number: u64) {
        self.ahead.insert(number);
        while self.ahead.remove(&(self.settled + 1)) {
            self.settled += 1;
        }
    }
}

#[cfg(test)]
mod tests;
