//! Which facts a script has read.

use smallvec::SmallVec;

use super::Fact;

/// Different facts that one run may read and still be remembered: more are hardly ever equal.
pub const READS_MAX: usize = 24;

/// One fact that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read {
    /// Which.
    pub fact: Fact,
    /// What it was asked with: a role's id, the hash of a salt, minutes east of UTC; else 0.
    pub parameter: i64,
}

impl From<Fact> for Read {
    fn from(fact: Fact) -> Self {
        Self { fact, parameter: 0 }
    }
}

/// Facts in the order in which they were read, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    facts: SmallVec<[Read; 8]>,
    overflowed: bool,
}

impl Reads {
    /// Notes that a fact was read.
    pub fn note(&mut self, read: Read) {
        if self.facts.contains(&read) {
            return;
        }
        if self.facts.len() < READS_MAX {
            self.facts.push(read);
        } else {
            self.overflowed = true;
        }
    }

    /// Returns what was read first.
    #[must_use]
    pub fn as_slice(&self) -> &[Read] {
        &self.facts
    }

    /// Returns what was read in an order that does not depend on when.
    pub(crate) fn sorted(&self) -> SmallVec<[Read; 8]> {
        let mut facts = self.facts.clone();
        facts.sort_unstable();
        facts
    }

    /// Tells whether more was read than is noted.
    #[must_use]
    pub const fn overflowed(&self) -> bool {
        self.overflowed
    }
}
