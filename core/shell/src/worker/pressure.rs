//! Pressure of one worker, and what it does without while the node sheds.

use std::time::Duration;

use throng_engine::deck::{AHEAD_MAX, TICK};
use throng_engine::policy::Relief;

use super::local::Worker;
use crate::clock;

impl Worker {
    /// Notes how many messages wait behind the one that is taken.
    pub(super) fn note_waiting(&mut self, queue: u64) {
        self.metrics().queue.set(queue);
        self.least.queue = self.least.queue.min(queue);
        self.least.ahead = self.least.ahead.min(self.ahead());
    }

    /// Tells whether passes are so far behind that no more messages should be taken.
    pub(super) fn is_behind(&self) -> bool {
        self.ahead() > AHEAD_MAX
    }

    /// Tells whether passes keep up, so that more may be caused that is not urgent.
    pub(super) fn keeps_up(&self) -> bool {
        self.ahead() < AHEAD_MAX / 8
    }

    /// Returns how many entries of the log wait for a pass.
    fn ahead(&self) -> u64 {
        self.deck.ahead()
    }

    /// Notes how full the queues are, and how late this tick is.
    pub(super) fn feel_pressure(&mut self, late: Duration) {
        let room = self.ties.settings.limits.worker_queue as u64;
        let least = std::mem::take(&mut self.least);
        let waiting = share(least.queue.min(self.metrics().queue.read()), room);
        let ahead = share(least.ahead.min(self.ahead()), AHEAD_MAX);
        let metrics = self.metrics();
        metrics.pressure.set(u64::from(waiting.max(ahead)));
        metrics.lag_ms.set(u64::try_from(late.as_millis()).unwrap_or(u64::MAX));
        metrics.due_at.set(clock::now().after(TICK).millis());
    }

    /// Returns the time between digests now.
    pub(super) fn digest_every(&self) -> Duration {
        let config = &self.ties.settings;
        let usual = Duration::from_millis(config.passive.digest_interval_ms);
        let slower = self.ties.verdicts.overload.shed().has(Relief::Digests);
        usual.saturating_mul(if slower { config.overload.digest_slowdown } else { 1 })
    }
}

/// Returns `part` as percent of `whole`, 100 at most.
fn share(part: u64, whole: u64) -> u8 {
    let percent = part.saturating_mul(100) / whole.max(1);
    u8::try_from(percent).unwrap_or(100).min(100)
}
