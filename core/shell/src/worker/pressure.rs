//! Pressure: when queues fill, the policy says which events nobody gets for a while.

use throng_engine::policy::NodeFacts;

use super::{Worker, fanout};
use crate::clock;

/// Percent of pressure within which the policy is not asked again.
const BAND: u8 = 5;

impl Worker {
    /// Looks how full the queues are, and asks the policy when that changed noticeably.
    pub(super) fn feel_pressure(&mut self) {
        let room = self.shared.config.limits.worker_queue as u64;
        let waiting = share(self.metrics().queue.read(), room);
        let ahead = share(self.replay.end() - self.sent, fanout::AHEAD_MAX);
        let pressure = waiting.max(ahead);
        self.metrics().pressure.set(u64::from(pressure));
        if pressure.abs_diff(self.pressure) < BAND && (pressure == 0) == (self.pressure == 0) {
            return;
        }
        self.pressure = pressure;
        self.shed = self.shared.policy.overload(clock::wall(), &NodeFacts { pressure });
    }
}

/// Returns `part` as percent of `whole`, 100 at most.
fn share(part: u64, whole: u64) -> u8 {
    let percent = part.saturating_mul(100) / whole.max(1);
    u8::try_from(percent).unwrap_or(100).min(100)
}
