//! Commands that wait for what the store knows about messages, or for those before them that do.
//!
//! Commands of one actor keep their order, and so do commands about one message; others pass.

use std::collections::VecDeque;

use indexmap::IndexSet;
use throng_proto::command::Actor;
use throng_proto::id::UserId;

use super::Ticket;
use super::job::Job;
use super::ledger::{Key, Need};

/// A command that waits.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) ticket: Ticket,
    pub(super) job: Job,
    /// What it needs, as far as known; the ledger keeps it.
    pub(super) needs: Vec<Need>,
}

/// What others have to wait behind.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    actors: IndexSet<UserId>,
    keys: IndexSet<Key>,
}

/// All commands that wait, in order.
#[derive(Debug, Default)]
pub(super) struct Parking {
    pub(super) jobs: VecDeque<Parked>,
    pub(super) blocked: Blocked,
}

impl Parking {
    /// Keeps a command; those of the same actor and about the same messages go behind it.
    pub(super) fn park(&mut self, parked: Parked) {
        self.blocked.add(&parked.job, &parked.needs);
        self.jobs.push_back(parked);
    }
}

impl Blocked {
    /// Tells whether a command has to wait behind another one.
    pub(super) fn holds(&self, job: &Job, needs: &[Need]) -> bool {
        actor(job).is_some_and(|actor| self.actors.contains(&actor))
            || needs.iter().any(|need| self.keys.contains(&need.key))
    }

    fn add(&mut self, job: &Job, needs: &[Need]) {
        self.actors.extend(actor(job));
        self.keys.extend(needs.iter().map(|need| need.key));
    }
}

fn actor(job: &Job) -> Option<UserId> {
    match job {
        Job::Command(Actor::User(user), _) => Some(user.id),
        _ => None,
    }
}

/// Returns the messages of needs, once each.
pub(super) fn keys(needs: &[Need]) -> Vec<Key> {
    let mut keys: Vec<Key> = needs.iter().map(|need| need.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
