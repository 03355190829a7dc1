//! A guild on its way to another owner: its members in pages, then what is left.
//!
//! The owner until now serves on while the new one reads page after page. From the beginning on
//! every change of a member is told as well, in the same order as the pages; so whoever applies
//! both, in order, has the members as they are. What is left is small, and goes last, when nothing
//! is pending.

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::id::{ChannelId, MessageId, RoleId, UserId};
use throng_proto::model::Member;

use super::desk::Desk;
use super::invites::Invites;
use super::ledger::Ledger;
use super::posted::{NonceKey, Posted};
use super::recent::Recent;
use super::{Config, Guild};
use crate::planted::{self, Planted};
use crate::roster::{Builder, Roster};
use crate::shape::Shape;

/// What changed about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// It came, or is another than before.
    Is(Arc<Member>),
    /// It is gone.
    Gone(UserId),
    /// Nobody has a role any more.
    Without(RoleId),
}

/// Members of a guild on their way: pages, and what changed since the first of them.
///
/// A change that a page has already is no other when it is taken in again, so all of them may wait
/// for the last page.
#[derive(Debug, Default)]
pub struct Arrivals {
    pages: Builder,
    changes: Vec<MemberChange>,
}

/// A guild without its members. Costs a few thousand entries at most, whatever the guild's size.
#[derive(Debug)]
pub struct Rest {
    config: Config,
    shape: Arc<Shape>,
    last_messages: IndexMap<ChannelId, MessageId>,
    invites: Invites,
    online: usize,
    sequence: u64,
    nonces: Recent<NonceKey, Posted>,
    removed: Recent<MessageId, String>,
    paced: Recent<(ChannelId, UserId), MessageId>,
}

impl Arrivals {
    /// Takes a page in. Costs about a microsecond for each member.
    pub fn extend(&mut self, page: Vec<Member>) {
        page.into_iter().for_each(|member| self.pages.push(member));
    }

    /// Keeps a change for the end.
    pub fn note(&mut self, change: MemberChange) {
        self.changes.push(change);
    }

    /// Returns the members after the last page. Costs the whole guild.
    #[must_use]
    pub fn finish(self) -> Roster {
        let mut roster = self.pages.finish();
        self.changes.into_iter().for_each(|change| roster.apply(change));
        roster
    }
}

impl Roster {
    /// Takes a change in.
    pub fn apply(&mut self, change: MemberChange) {
        match change {
            MemberChange::Is(member) => _ = self.put(&member),
            MemberChange::Gone(_) if planted::has(Planted::HandOffForgets) => {}
            MemberChange::Gone(user) => _ = self.remove(user),
            MemberChange::Without(role) => self.drop_role(role),
        }
    }
}

impl Guild {
    /// Tells of every change of a member from now on, by [`super::Output::Changed`], or no longer.
    pub const fn tell_changes(&mut self, tell: bool) {
        self.telling = tell;
    }

    /// Returns up to `max` members after one, in the order of their ids. Costs O(max).
    #[must_use]
    pub fn page(&self, after: Option<UserId>, max: usize) -> Vec<Member> {
        let members = match after {
            Some(last) => self.roster.after(last),
            None => self.roster.iter(),
        };
        members.take(max).map(|entry| entry.member()).collect()
    }

    /// Takes the guild apart. Call it when nothing is [`Guild::pending`]: what is would be lost.
    #[must_use]
    pub fn depart(self) -> (Rest, Roster) {
        debug_assert_eq!(self.pending(), 0, "commands that are not answered would be lost");
        let Self { config, shape, roster, last_messages, invites, online, sequence, .. } = self;
        let (mut nonces, removed, paced) = (self.nonces, self.removed, self.paced);
        if planted::has(Planted::NoncesStay) {
            nonces = Recent::new(config.nonces_max);
        }
        let rest = Rest {
            config,
            shape,
            last_messages,
            invites,
            online,
            sequence,
            nonces,
            removed,
            paced,
        };
        (rest, roster)
    }

    /// Puts a guild together again.
    #[must_use]
    pub fn arrive(rest: Rest, roster: Roster) -> Self {
        let Rest {
            config,
            shape,
            last_messages,
            invites,
            online,
            sequence,
            nonces,
            removed,
            paced,
        } = rest;
        Self {
            config,
            shape,
            roster,
            last_messages,
            invites,
            online,
            sequence,
            desk: Desk::default(),
            ledger: Ledger::default(),
            nonces,
            removed,
            paced,
            telling: false,
            deleted: false,
        }
    }
}
