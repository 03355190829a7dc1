//! The clocks of the process, read only here.
//!
//! What decides something goes by [`now`], so that tests can pause it; what only measures, by a
//! [`Stopwatch`].

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throng_engine::deck::Moment;
use throng_engine::time::Instant;
use throng_proto::time::Timestamp;

/// Reads the monotonic clock. It follows tokio's clock, so tests can pause it.
pub(crate) fn now() -> Instant {
    static START: OnceLock<tokio::time::Instant> = OnceLock::new();
    let start = *START.get_or_init(tokio::time::Instant::now);
    let passed = tokio::time::Instant::now().saturating_duration_since(start);
    // The first millisecond is 1, so that a default instant always lies in the past.
    Instant::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_add(1))
}

/// Reads the wall clock.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Reads both.
pub(crate) fn moment() -> Moment {
    Moment { at: now(), wall: wall() }
}

/// Measures how long something takes, for metrics and for whose turn it is. It does not follow the
/// runtime's clock, which stands still while something is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn spent(self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn millis(self) -> u64 {
        u64::try_from(self.spent().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn nanos(self) -> u64 {
        u64::try_from(self.spent().as_nanos()).unwrap_or(u64::MAX)
    }
}
