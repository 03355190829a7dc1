//! A guild on its way to another owner: its members in pages, then what is left.
//!
//! The owner until now serves on while the new one reads page after page. From the beginning on
//! every change of a member is told as well, in the same order as the pages; so whoever applies
//! both, in order, has the members as they are. What is left is small, and goes last, when nothing
//! is pending.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::Member;

use super::desk::Desk;
use super::message::{NonceKey, Posted};
use super::recent::Recent;
use super::{Config, Guild};
use crate::shape::Shape;

/// What changed about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// It came, or is another than before.
    Is(Arc<Member>),
    /// It is gone.
    Gone(UserId),
}

/// Members of a guild on their way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Members(BTreeMap<UserId, Arc<Member>>);

/// A guild without its members. Costs a few thousand entries at most, whatever the guild's size.
#[derive(Debug)]
pub struct Rest {
    config: Config,
    shape: Arc<Shape>,
    last_messages: IndexMap<ChannelId, MessageId>,
    online: usize,
    sequence: u64,
    nonces: Recent<NonceKey, Posted>,
    paced: Recent<(ChannelId, UserId), MessageId>,
}

impl Members {
    /// Takes a page in.
    pub fn extend(&mut self, page: Vec<Arc<Member>>) {
        self.0.extend(page.into_iter().map(|member| (member.user.id, member)));
    }

    /// Takes a change in.
    pub fn apply(&mut self, change: MemberChange) {
        match change {
            MemberChange::Is(member) => self.0.insert(member.user.id, member),
            MemberChange::Gone(user) => self.0.remove(&user),
        };
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Guild {
    /// Tells of every change of a member from now on, by [`super::Output::Changed`], or no longer.
    pub const fn tell_changes(&mut self, tell: bool) {
        self.telling = tell;
    }

    /// Returns up to `max` members after one, in the order of their ids. Costs O(max).
    #[must_use]
    pub fn page(&self, after: Option<UserId>, max: usize) -> Vec<Arc<Member>> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let range = self.members.range((from, std::ops::Bound::Unbounded));
        range.take(max).map(|(_, member)| Arc::clone(member)).collect()
    }

    /// Takes the guild apart. Call it when nothing is [`Guild::pending`]: what is would be lost.
    #[must_use]
    pub fn depart(self) -> (Rest, Members) {
        debug_assert_eq!(self.pending(), 0, "commands that are not answered would be lost");
        let Self { config, shape, members, last_messages, online, sequence, .. } = self;
        let (nonces, paced) = (self.nonces, self.paced);
        let rest = Rest { config, shape, last_messages, online, sequence, nonces, paced };
        (rest, Members(members))
    }

    /// Puts a guild together again.
    #[must_use]
    pub fn arrive(rest: Rest, members: Members) -> Self {
        let Rest { config, shape, last_messages, online, sequence, nonces, paced } = rest;
        let (desk, members) = (Desk::default(), members.0);
        Self {
            config,
            shape,
            members,
            last_messages,
            online,
            sequence,
            desk,
            nonces,
            paced,
            telling: false,
            deleted: false,
        }
    }
}
