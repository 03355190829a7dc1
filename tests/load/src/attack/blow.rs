//! One thing that an attacker does, and what came of it.

use anyhow::Result;

use super::Ground;

/// What came of one thing that an attacker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// It was done, or at least nobody said no.
    Taken,
    /// It was refused with words: a status, a code, an event.
    Refused,
}

impl Blow {
    /// Reads a status of HTTP.
    pub(crate) const fn of_status(status: u16) -> Self {
        if status < 300 { Self::Taken } else { Self::Refused }
    }
}

/// An attacker at work.
pub(crate) trait Strike: Send {
    /// Does one thing, and takes in whatever was answered so far.
    ///
    /// # Errors
    ///
    /// Its link is gone; the attacker begins anew with [`Arm`].
    fn strike(&mut self) -> Result<Blow>;
}

/// Makes attacker number so and so.
pub(crate) type Arm = fn(&Ground, usize) -> Result<Box<dyn Strike>>;
