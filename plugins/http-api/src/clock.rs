//! Reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use throng_proto::time::Timestamp;

/// Returns the present moment.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().after(since)
}
