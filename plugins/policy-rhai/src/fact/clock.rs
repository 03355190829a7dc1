//! Parts of the time of day.

use throng_proto::time::Timestamp;

use super::{Fact, Read};

const DAY_MINUTES: i64 = 24 * 60;
/// 1970-01-01 was a Thursday, the fourth day of the week.
const FIRST_WEEKDAY: i64 = 4;

/// Returns a part of the time; the parameter is minutes east of UTC.
pub(super) fn value(read: Read, now: Timestamp) -> i64 {
    let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    let minutes = (seconds / 60).saturating_add(read.parameter);
    let (day, minute) = (minutes.div_euclid(DAY_MINUTES), minutes.rem_euclid(DAY_MINUTES));
    match read.fact {
        Fact::Hour => minute / 60,
        Fact::Minute => minute % 60,
        Fact::Weekday => (day + FIRST_WEEKDAY - 1).rem_euclid(7) + 1,
        Fact::Minutes => minute,
        _ => seconds,
    }
}
