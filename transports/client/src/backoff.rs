//! How long to wait before the next attempt.

use std::time::Duration;

/// Longest wait that a gateway may ask for; a longer one is taken for a mistake.
pub(crate) const ASKED_MAX: Duration = Duration::from_secs(15 * 60);
/// Doublings after which the longest wait is reached whatever it is: 2^16 of half a second is nine
/// hours.
const DOUBLINGS_MAX: u32 = 16;

/// Waits that double, each spread over its whole length, so that clients that were cut off together
/// do not come back together.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min), attempts: 0 }
    }

    /// Returns the next wait: `fraction` of what is possible by now, after what the gateway asked
    /// for.
    pub(crate) fn next(&mut self, asked: Duration, fraction: f64) -> Duration {
        let doubled = self.min.saturating_mul(1 << self.attempts.min(DOUBLINGS_MAX));
        self.attempts = self.attempts.saturating_add(1);
        asked.min(ASKED_MAX) + doubled.min(self.max).mul_f64(fraction.clamp(0.0, 1.0))
    }

    /// Begins anew after a link that held.
    pub(crate) const fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(SECOND, 10 * SECOND);
        let waits: Vec<_> = (0..6).map(|_| backoff.next(Duration::ZERO, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        backoff.reset();
        assert_eq!(backoff.next(Duration::ZERO, 1.0), SECOND);
    }

    #[test]
    fn waits_are_spread_over_their_whole_length() {
        let mut backoff = Backoff::new(SECOND, 10 * SECOND);
        assert_eq!(backoff.next(Duration::ZERO, 0.0), Duration::ZERO);
        assert_eq!(backoff.next(Duration::ZERO, 0.5), SECOND);
    }

    #[test]
    fn what_the_gateway_asks_for_comes_on_top() {
        let mut backoff = Backoff::new(SECOND, 10 * SECOND);
        assert_eq!(backoff.next(7 * SECOND, 0.0), 7 * SECOND);
        assert_eq!(backoff.next(7 * SECOND, 0.5), 8 * SECOND);
        assert_eq!(backoff.next(Duration::MAX, 0.0), ASKED_MAX);
    }

    #[test]
    fn any_number_of_attempts_stays_within_bounds() {
        let mut backoff = Backoff::new(SECOND, 60 * SECOND);
        backoff.attempts = u32::MAX;
        assert_eq!(backoff.next(Duration::ZERO, 1.0), 60 * SECOND);
    }
}
