//! Budgets of users, which all threads of a node share: whichever worker or task a user's sessions
//! and requests are on, they count together, and a new link does not begin anew.

mod config;

use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::budget::{Ledger, Rate};
use throng_proto::id::UserId;

pub use config::{BudgetConfig, BudgetsConfig};

use crate::clock;
use crate::meter::Meter;
use crate::metrics::Refused;

/// Parts of each ledger: enough that two threads seldom meet.
const PARTS: usize = 16;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Budget {
    Written,
    Read,
    Delivered,
    GuildsTold,
    GuildsEntered,
    GuildsAtOnce,
    MembersSought,
    Resumes,
}

impl Budget {
    const COUNT: usize = 8;

    /// Returns what a refusal is counted as.
    pub(crate) const fn refused(self) -> Refused {
        match self {
            Self::Written => Refused::Written,
            Self::Read => Refused::Read,
            Self::Delivered => Refused::Delivered,
            Self::GuildsTold => Refused::GuildsTold,
            Self::GuildsEntered => Refused::GuildsEntered,
            Self::GuildsAtOnce => Refused::GuildsAtOnce,
            Self::MembersSought => Refused::MembersSought,
            Self::Resumes => Refused::Resumes,
        }
    }
}

/// All budgets.
#[derive(Debug)]
pub(crate) struct Budgets {
    ledgers: [[Mutex<Ledger<u64>>; PARTS]; Budget::COUNT],
    meter: Meter,
}

impl Budgets {
    pub(crate) fn new(config: &BudgetsConfig, meter: Meter) -> Self {
        let keys_max = config.users_max.div_ceil(PARTS).max(2);
        let part = |rate: Rate| std::array::from_fn(|_| Mutex::new(Ledger::new(rate, keys_max)));
        Self { ledgers: config.all().map(|budget| part(budget.rate())), meter }
    }

    /// Tells whether a user or session may act.
    pub(crate) fn afford(&self, budget: Budget, key: u64) -> Result<(), Duration> {
        self.part(budget, key).lock().afford(key, clock::now())
    }

    /// Counts what was caused.
    pub(crate) fn charge(&self, budget: Budget, key: u64, cost: u64) {
        self.part(budget, key).lock().charge(key, cost, clock::now());
    }

    /// Lets a user or session act and counts the cost, or counts a refusal.
    ///
    /// # Errors
    ///
    /// The time after which to come back.
    pub(crate) fn spend(&self, budget: Budget, key: u64, cost: u64) -> Result<(), Duration> {
        let afford = self.afford(budget, key);
        match afford {
            Ok(()) => self.charge(budget, key, cost),
            Err(_) => self.meter.refuse(budget.refused()),
        }
        afford
    }

    /// Tells whether a user may ask for a change: what it wrote counts, and so does what others
    /// were sent of it.
    pub(crate) fn may_write(&self, user: UserId) -> Result<(), Duration> {
        for budget in [Budget::Written, Budget::Delivered] {
            self.spend(budget, user.value(), 0)?;
        }
        Ok(())
    }

    fn part(&self, budget: Budget, key: u64) -> &Mutex<Ledger<u64>> {
        // Snowflakes of one moment differ in their last bits, those of others in the ones before.
        let part = (key ^ key >> 22) as usize % PARTS;
        &self.ledgers[budget as usize][part]
    }
}
