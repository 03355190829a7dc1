//! Places in the log.

/// Place in the log, counted from the start of the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Position(u64);

impl Position {
    /// Where a log begins.
    pub const START: Self = Self(0);
    /// After any entry that will ever be.
    pub const MAX: Self = Self(u64::MAX);

    /// Returns the place after so many entries.
    #[must_use]
    pub const fn new(entries: u64) -> Self {
        Self(entries)
    }

    /// Returns how many entries were made before it.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Returns the place so many entries later.
    #[must_use]
    pub const fn after(self, entries: u64) -> Self {
        Self(self.0.saturating_add(entries))
    }

    /// Returns the place of the entry before it; `None` at the start.
    #[must_use]
    pub const fn before(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(place) => Some(Self(place)),
            None => None,
        }
    }

    /// Returns how many entries there are from `earlier` to this place; none when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
