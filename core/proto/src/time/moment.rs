//! Moments that somebody names, which may lie centuries away.

use std::fmt;

use jiff::civil;
use serde::{Serialize, Serializer};

use super::Timestamp;

/// Years that every library can hold, with a day to spare at both ends for its time zone.
const YEARS: std::ops::RangeInclusive<i16> = 2..=9998;

/// Longest text that is a moment, with room for fractions and a time zone.
const TEXT_MAX: usize = 64;

/// A moment between the years 2 and 9998, in milliseconds since 1970.
///
/// On the wire it looks like a [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// Reads ISO 8601; without a time zone it is UTC, and without a time midnight.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let moment = text.parse().ok().or_else(|| in_utc(text))?;
        let year = jiff::tz::Offset::UTC.to_datetime(moment).year();
        YEARS.contains(&year).then(|| Self(moment.as_millisecond()))
    }

    /// Returns it as one since 1970, if it is.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        u64::try_from(self.0).ok().map(Timestamp::from_millis)
    }
}

fn in_utc(text: &str) -> Option<jiff::Timestamp> {
    let local: civil::DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(local).ok()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::write(f, self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_are_read_and_written_as_iso_8601() {
        let written = |text: &str| Moment::parse(text).map(|moment| moment.to_string());
        for (text, wanted) in [
            ("2015-12-31T12:00:00.000Z", "2015-12-31T12:00:00.000000+00:00"),
            ("2015-12-31T12:00:00.5+02:00", "2015-12-31T10:00:00.500000+00:00"),
            ("2015-12-31T12:00:00", "2015-12-31T12:00:00.000000+00:00"),
            ("2015-12-31", "2015-12-31T00:00:00.000000+00:00"),
            ("1912-06-23T01:02:03Z", "1912-06-23T01:02:03.000000+00:00"),
        ] {
            assert_eq!(written(text).as_deref(), Some(wanted), "{text}");
            assert_eq!(written(wanted).as_deref(), Some(wanted), "{wanted}");
        }
        for wrong in ["yesterday", "", "x", "2015-13-01", "1431648000", "0001-01-01T00:00:00Z"] {
            assert_eq!(written(wrong), None, "{wrong}");
        }
        assert_eq!(written("9999-12-31T23:59:59Z"), None);
    }
}
