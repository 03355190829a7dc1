//! How often a user may do something: a count per window, for few keys at a time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use throng_engine::time::Instant;

/// Keys above which those whose window is over are dropped.
const SWEEP_AT: usize = 4_096;

/// Counts per key in fixed windows. A window begins with its first use.
#[derive(Debug)]
pub(crate) struct Pace<K> {
    max: u32,
    window: Duration,
    uses: HashMap<K, (Instant, u32)>,
    sweep_at: usize,
}

impl<K: Eq + Hash> Pace<K> {
    pub(crate) fn new(max: u32, window: Duration) -> Self {
        Self { max, window, uses: HashMap::new(), sweep_at: SWEEP_AT }
    }

    /// Counts one use.
    ///
    /// # Errors
    ///
    /// The time after which to come back, when there were too many.
    pub(crate) fn take(&mut self, key: K, now: Instant) -> Result<(), Duration> {
        let window = self.window;
        if self.uses.len() >= self.sweep_at {
            self.uses.retain(|_, (began, _)| now.since(*began) < window);
            self.sweep_at = (self.uses.len() * 2).max(SWEEP_AT);
        }
        let (began, count) = self.uses.entry(key).or_insert((now, 0));
        if now.since(*began) >= window {
            (*began, *count) = (now, 0);
        }
        if *count >= self.max {
            return Err(window.saturating_sub(now.since(*began)));
        }
        *count += 1;
        Ok(())
    }
}
