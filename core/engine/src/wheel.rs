//! One timer wheel for all sessions of a worker: heartbeats, resume windows, handshakes.
//!
//! # Algorithm
//!
//! A ring of buckets, one per tick. An entry lies in exactly one bucket and is looked at when its
//! tick comes; the owner then tells the true deadline, and the entry goes back if that lies ahead.
//! So moving a deadline further away, as every heartbeat does, costs nothing.

use std::time::Duration;

use crate::time::Instant;

/// Ticks in a ring. 512 ticks of 250 ms reach two minutes ahead; longer deadlines go round again.
const BUCKETS: usize = 512;

/// A wheel of keys.
#[derive(Debug)]
pub struct Wheel<K> {
    buckets: Vec<Vec<K>>,
    tick: Duration,
    next: u64,
}

impl<K> Wheel<K> {
    /// Makes a wheel whose time begins at `now`.
    #[must_use]
    pub fn new(now: Instant, tick: Duration) -> Self {
        let tick = tick.max(Duration::from_millis(1));
        let buckets = std::iter::repeat_with(Vec::new).take(BUCKETS).collect();
        let mut wheel = Self { buckets, tick, next: 0 };
        wheel.next = wheel.tick_of(now) + 1;
        wheel
    }

    /// Puts a key in, to be looked at no earlier than `deadline` and at most one tick later; when
    /// the deadline lies beyond the ring, after one round of it.
    pub fn insert(&mut self, key: K, deadline: Instant) {
        let due = self.tick_of(deadline).saturating_add(1).max(self.next);
        let reach = due.min(self.next + BUCKETS as u64 - 1);
        let index = self.index(reach);
        self.buckets[index].push(key);
    }

    /// Takes out every key whose tick has come, in the order of insertion within a tick.
    pub fn due(&mut self, now: Instant) -> Vec<K> {
        let mut due = Vec::new();
        while self.next <= self.tick_of(now) {
            let index = self.index(self.next);
            // What was allocated for this tick goes with it; its next entries may be few.
            due.append(&mut std::mem::take(&mut self.buckets[index]));
            self.next += 1;
        }
        due
    }

    fn tick_of(&self, at: Instant) -> u64 {
        at.millis() / u64::try_from(self.tick.as_millis()).unwrap_or(1).max(1)
    }

    fn index(&self, tick: u64) -> usize {
        usize::try_from(tick % BUCKETS as u64).unwrap_or(0)
    }
}
