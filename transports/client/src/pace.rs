//! Keeps what a client says of its own accord below the gateway's limit.

use std::time::Duration;

use tokio::time::Instant;

/// Payloads that may go out at once, and again every [`WINDOW`]. The gateway closes a link after
/// 120 a minute; at most 50 + 50 in any minute leaves room for heartbeats and IDENTIFY.
const BURST: u32 = 50;
const WINDOW: Duration = Duration::from_secs(60);

/// The pace of one link, kept as the moment at which its allowance is whole again.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    whole_at: Instant,
}

impl Pace {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { whole_at: now }
    }

    /// Returns when the next payload may go out; not in the future if it may now.
    pub(crate) fn next(&self) -> Instant {
        self.whole_at + WINDOW / BURST - WINDOW
    }

    /// Counts a payload that goes out now.
    pub(crate) fn take(&mut self, now: Instant) {
        self.whole_at = self.whole_at.max(now) + WINDOW / BURST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_the_rest_is_spread() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..BURST {
            assert!(pace.next() <= start);
            pace.take(start);
        }
        assert_eq!(pace.next(), start + WINDOW / BURST);
    }

    #[test]
    fn no_minute_has_more_than_two_bursts() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut taken = Vec::new();
        for tenth in 0..3_000 {
            let now = start + Duration::from_millis(100) * tenth;
            while pace.next() <= now {
                pace.take(now);
                taken.push(now);
            }
        }
        let busiest = (0..taken.len()).map(|first| {
            let from = taken[first];
            taken[first..].iter().filter(|at| **at - from < WINDOW).count()
        });
        let busiest = busiest.max();
        assert!(busiest <= Some(2 * BURST as usize), "{busiest:?}");
    }
}
