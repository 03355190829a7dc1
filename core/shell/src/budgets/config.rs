//! Settings of budgets. Every number has a unit, a default and a reason.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use throng_engine::budget::Rate;

/// What one user may cause in a time, over all its links, requests and workers. Reaching one is
/// counted in `throng_refusals_total` as `budgets_` and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetsConfig {
    /// Users that each budget remembers, the latest first; about 24 bytes each.
    pub users_max: usize,
    /// Bytes of requests that change something (posts, edits, reactions, typing, roles, channels),
    /// each with 2,048 more, and of their answers where those are longer. Over it: 429.
    pub written: BudgetConfig,
    /// Bytes of answers to requests that only read, each with 512 more, and of all commands that an
    /// application has in a place whenever it asks for any. Over it: 429.
    pub read: BudgetConfig,
    /// Bytes of messages, edits, reactions and typing as others are sent them, once for each
    /// link that gets them. Over it requests that change something are answered with 429.
    pub delivered: BudgetConfig,
    /// Guilds that are told of a presence (op 3) or of subscriptions (op 14 and 37; each list
    /// counts too). Over it the guilds are told later, and only of the last of several.
    pub guilds_told: BudgetConfig,
    /// Guilds that new sessions enter (IDENTIFY), and one for each session. Over it: op 9.
    pub guilds_entered: BudgetConfig,
    /// Guilds that are entered, or told of a presence or of subscriptions, in one go. Over it the
    /// others follow at this pace.
    pub guilds_at_once: BudgetConfig,
    /// Members that are looked for (op 8): as many as may be found, and ten for each request; a
    /// whole list, which has a limit of its own, counts as 110. Over it: RATE_LIMITED.
    pub members_sought: BudgetConfig,
    /// RESUMEs of one session. Over it: 4008.
    pub resumes: BudgetConfig,
}

/// One budget: so much may be owed, and is paid back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// How much at once, and in each window; 0 is any amount. Whoever has used less may act,
    /// whatever that costs, and then waits the longer.
    pub amount: u64,
    /// Seconds of the window.
    pub window_secs: u64,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { amount: 0, window_secs: 60 }
    }
}

impl BudgetConfig {
    const fn new(amount: u64, window_secs: u64) -> Self {
        Self { amount, window_secs }
    }

    pub(super) const fn rate(self) -> Rate {
        Rate { amount: self.amount, window: Duration::from_secs(self.window_secs) }
    }
}

impl BudgetsConfig {
    /// Returns every budget, in the order of [`super::Budget`].
    pub(super) const fn all(&self) -> [BudgetConfig; 8] {
        [
            self.written,
            self.read,
            self.delivered,
            self.guilds_told,
            self.guilds_entered,
            self.guilds_at_once,
            self.members_sought,
            self.resumes,
        ]
    }

    /// Tells whether a budget would never be paid back.
    pub(crate) fn has_no_window(&self) -> bool {
        self.all().iter().any(|budget| budget.window_secs == 0)
    }
}

impl Default for BudgetsConfig {
    fn default() -> Self {
        Self {
            users_max: 65_536,
            // In the 300 s of a session's return that is a quarter of the log of a worker.
            written: BudgetConfig::new(4 << 20, 20),
            // Two thousand pages of 1,000 members in ten minutes.
            read: BudgetConfig::new(32 << 20, 20),
            // A tenth of what a core can send.
            delivered: BudgetConfig::new(512 << 20, 8),
            // A bot in 2,400 guilds may show another status every five seconds.
            guilds_told: BudgetConfig::new(10_000, 20),
            // A bot in 2,400 guilds may begin anew every three seconds.
            guilds_entered: BudgetConfig::new(50_000, 60),
            // A bot in 2,400 guilds is in all of them within two seconds, for a tenth of a core.
            guilds_at_once: BudgetConfig::new(1_000, 1),
            // What fifteen links may ask for.
            members_sought: BudgetConfig::new(200_000, 60),
            resumes: BudgetConfig::new(60, 60),
        }
    }
}
