//! The clocks that the plugin looks at itself; what scripts see is an input.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use throng_proto::time::Timestamp;

/// Tells the time. Tests bring their own.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Returns the time of day.
    fn now(&self) -> Timestamp;

    /// Returns the time since some fixed moment; it never runs back.
    fn elapsed(&self) -> Duration;
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
