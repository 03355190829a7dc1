//! Bounds of users, which all threads of a node share: what they may cause, how often they may do
//! something, how many sessions they may have.

mod sessions;

use std::time::Duration;

use parking_lot::Mutex;
use throng_proto::id::{GuildId, UserId};
use tokio::sync::Semaphore;

use crate::budgets::Budgets;
use crate::config::Config;
use crate::meter::Meter;
use crate::pace::Pace;
use sessions::SessionCounts;

/// What is counted of users.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// What they cause.
    pub(crate) budgets: Budgets,
    /// IDENTIFYs, by user and bucket.
    pub(crate) identifies: Mutex<Pace<(UserId, u32)>>,
    /// Turns of those whose IDENTIFY is answered.
    pub(crate) identifying: Semaphore,
    /// Whole member lists that were asked for (op 8).
    pub(crate) member_lists: Mutex<Pace<(UserId, GuildId)>>,
    /// Sessions that there are.
    pub(crate) sessions: Mutex<SessionCounts>,
}

impl Bounds {
    pub(crate) fn new(settings: &Config, meter: Meter) -> Self {
        let (identifies, lists) =
            (settings.gateway.identifies_per_5s, settings.gateway.member_lists_per_30s);
        Self {
            budgets: Budgets::new(&settings.budgets, meter),
            identifies: Mutex::new(Pace::new(identifies, Duration::from_secs(5))),
            identifying: Semaphore::new(settings.limits.identifies_under_way),
            member_lists: Mutex::new(Pace::new(lists, Duration::from_secs(30))),
            sessions: Mutex::default(),
        }
    }
}
