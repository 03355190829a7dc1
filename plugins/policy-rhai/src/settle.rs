//! When something has stood still for long enough.

use std::time::Duration;

/// Sees how something looks from time to time, and tells when it has looked the same for a while.
#[derive(Debug)]
pub(crate) struct Settle<T> {
    quiet: Duration,
    /// How it looked, and since when.
    last: Option<(T, Duration)>,
}

impl<T: PartialEq> Settle<T> {
    pub(crate) const fn new(quiet: Duration) -> Self {
        Self { quiet, last: None }
    }

    /// Notes how it looks at a time, and returns for how much longer it must look so; `None` when
    /// it has for long enough.
    pub(crate) fn look(&mut self, now: Duration, looks: T) -> Option<Duration> {
        let since = match &self.last {
            Some((last, since)) if *last == looks => *since,
            _ => {
                self.last = Some((looks, now));
                now
            }
        };
        let rest = self.quiet.saturating_sub(now.saturating_sub(since));
        (!rest.is_zero()).then_some(rest)
    }

    /// Returns how it looked at last.
    pub(crate) fn into_last(self) -> Option<T> {
        self.last.map(|(looks, _)| looks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(1);

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_an_editor_truncates_and_writes_is_told_once_it_is_whole() {
        let mut bytes = Settle::new(QUIET);
        assert_eq!(bytes.look(at(0), 0), Some(QUIET), "truncated");
        assert_eq!(bytes.look(at(300), 80), Some(QUIET), "half of it");
        assert_eq!(bytes.look(at(900), 160), Some(QUIET), "all of it");
        assert_eq!(bytes.look(at(1_000), 160), Some(at(900)));
        assert_eq!(bytes.look(at(1_899), 160), Some(at(1)));
        assert_eq!(bytes.look(at(1_900), 160), None);
        assert_eq!(bytes.into_last(), Some(160));
    }

    #[test]
    fn what_never_stands_still_is_never_told() {
        let mut bytes = Settle::new(QUIET);
        assert!((0..1_000).all(|step| bytes.look(at(step * 999), step) == Some(QUIET)));
    }
}
