//! The clocks of the process, read only here.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

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
