//! Leaves a hook alone that fails again and again, and tries it once in a while.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// A circuit breaker: closed while the hook works, open after too many failures in a row.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures_max: u32,
    pause: Duration,
    failures: AtomicU32,
    /// Until when the hook is left alone, in nanoseconds; 0 while it works.
    open_until: AtomicU64,
}

impl Breaker {
    pub(crate) const fn new(failures_max: u32, pause: Duration) -> Self {
        let (failures, open_until) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { failures_max, pause, failures, open_until }
    }

    /// Tells whether the hook may run now. After a pause one caller may, as a trial.
    pub(crate) fn permits(&self, now: Duration) -> bool {
        let until = self.open_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        // Whoever moves the end of the pause runs the trial; the others wait for its result.
        nanos(now) >= until
            && self
                .open_until
                .compare_exchange(until, self.end(now), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Notes that the hook gave a verdict.
    pub(crate) fn succeed(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.close();
        }
    }

    /// Begins afresh.
    pub(crate) fn close(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.open_until.store(0, Ordering::Relaxed);
    }

    /// Notes that the hook failed, and tells whether it is left alone from now on.
    pub(crate) fn fail(&self, now: Duration) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let opens = failures >= self.failures_max;
        opens && self.open_until.swap(self.end(now), Ordering::Relaxed) == 0
    }

    /// Tells whether the hook is left alone.
    pub(crate) fn is_open(&self) -> bool {
        self.open_until.load(Ordering::Relaxed) != 0
    }

    fn end(&self, now: Duration) -> u64 {
        nanos(now.saturating_add(self.pause)).max(1)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn a_hook_that_fails_in_a_row_is_left_alone_and_tried_once_after_a_pause() {
        let breaker = Breaker::new(3, PAUSE);
        let mut now = Duration::ZERO;
        for opens in [false, false, true] {
            assert!(breaker.permits(now));
            assert_eq!(breaker.fail(now), opens);
        }
        assert!(breaker.is_open());
        assert!(!breaker.permits(now));
        now += PAUSE;
        assert!(breaker.permits(now), "one trial");
        assert!(!breaker.permits(now), "and only one");
        assert!(!breaker.fail(now), "it was open already");
        assert!(!breaker.permits(now + PAUSE / 2));
        now += PAUSE;
        assert!(breaker.permits(now));
        breaker.succeed();
        assert!(!breaker.is_open());
        assert!(breaker.permits(now));
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let breaker = Breaker::new(2, PAUSE);
        for _ in 0..10 {
            breaker.fail(Duration::ZERO);
            breaker.succeed();
        }
        assert!(breaker.permits(Duration::ZERO));
    }
}
