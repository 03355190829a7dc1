//! What one user or one session may cause in a time, counted where the cost is caused.
//!
//! A [`Ledger`] is one named budget of many keys. It lends: whoever owes less than the amount may
//! act, whatever the act costs, and owes that until it is paid back, evenly, the amount in each
//! window. So a cost may be counted afterwards, when it is known, and one that is larger than the
//! amount is possible and only takes longer to pay back.
//!
//! # Invariants
//!
//! - U1: in any time `t` a key is granted at most `amount * (1 + t / window)`, and one act more.
//! - U2: a ledger remembers at most `keys_max` keys. Whoever is forgotten has done nothing while
//!   half as many others did.
//! - U3: a key that has paid back everything is as good as one that is not known.

use std::hash::Hash;
use std::time::Duration;

use indexmap::IndexMap;

use crate::time::Instant;

/// How much in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Cost that may be owed; 0 bounds nothing.
    pub amount: u64,
    /// Time in which that much is paid back.
    pub window: Duration,
}

/// What a key owes, as the microsecond since the start at which it owes nothing any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Debt(u64);

/// One budget of many keys.
#[derive(Debug)]
pub struct Ledger<K> {
    rate: Rate,
    keys_max: usize,
    /// Keys that acted lately, and those that did before. When the first are half of what may be
    /// remembered, they become the second, whose place they take.
    recent: IndexMap<K, Debt>,
    former: IndexMap<K, Debt>,
}

impl<K: Copy + Eq + Hash> Ledger<K> {
    /// Makes a ledger that remembers at most `keys_max` keys.
    #[must_use]
    pub fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max, recent: IndexMap::new(), former: IndexMap::new() }
    }

    /// Tells whether a key may act.
    ///
    /// # Errors
    ///
    /// The time after which it may, when it owes too much.
    pub fn afford(&self, key: K, now: Instant) -> Result<(), Duration> {
        let Some(debt) = self.recent.get(&key).or_else(|| self.former.get(&key)) else {
            return Ok(());
        };
        let owed = Duration::from_micros(debt.0.saturating_sub(micros(now)));
        if self.rate.amount == 0 || owed < self.rate.window {
            return Ok(());
        }
        // Half a millisecond more, so that whoever comes back then is not too early.
        Err(owed.saturating_sub(self.rate.window) + Duration::from_millis(1))
    }

    /// Lets a key owe a cost, however much it owes already.
    pub fn charge(&mut self, key: K, cost: u64, now: Instant) {
        if self.rate.amount == 0 || cost == 0 {
            return;
        }
        let window = self.rate.window.as_micros();
        let time = u128::from(cost) * window / u128::from(self.rate.amount);
        let time = u64::try_from(time).unwrap_or(u64::MAX);
        let known = match self.recent.get(&key) {
            Some(debt) => *debt,
            None => self.former.swap_remove(&key).unwrap_or_default(),
        };
        let debt = Debt(known.0.max(micros(now)).saturating_add(time));
        self.recent.insert(key, debt);
        if self.recent.len() >= (self.keys_max / 2).max(1) {
            self.forget(now);
        }
    }

    /// Lets a key act if it may, and owe the cost.
    ///
    /// # Errors
    ///
    /// As [`Ledger::afford`]; nothing is charged.
    pub fn take(&mut self, key: K, cost: u64, now: Instant) -> Result<(), Duration> {
        self.afford(key, now)?;
        self.charge(key, cost, now);
        Ok(())
    }

    /// Drops whoever has paid back, and makes room.
    pub fn forget(&mut self, now: Instant) {
        let owes = |debt: &Debt| debt.0 > micros(now);
        self.recent.retain(|_, debt| owes(debt));
        self.former.retain(|_, debt| owes(debt));
        // Not only when it is half: who owes little less than the others would have everybody
        // looked at with each act.
        if self.recent.len() > self.keys_max / 4 {
            self.former = std::mem::take(&mut self.recent);
        }
        self.recent.shrink_to(self.recent.len() * 2);
        self.former.shrink_to(self.former.len() * 2);
    }

    /// Returns how many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recent.len() + self.former.len()
    }

    /// Tells whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn micros(now: Instant) -> u64 {
    now.millis().saturating_mul(1_000)
}
