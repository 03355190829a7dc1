//! Who of a guild is there: attachments by worker, and presences by user.
//!
//! # Invariants
//!
//! - A2: a user is online exactly while one of its sessions is attached, unless the presence shown
//!   last is invisible.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Member, Presence, PresenceUser, Status};
use throng_proto::wire::{Body, Segment};

use crate::event::{Change, Event};
use crate::relay::Interest;
use crate::welcome;

/// Attachments and presences of one guild.
#[derive(Debug)]
pub struct Attendance {
    guild: GuildId,
    branches: BTreeMap<usize, Branch>,
    users: IndexMap<UserId, Present>,
    listeners: usize,
    attachments: usize,
    crowd: Option<Arc<Segment>>,
}

/// What is on one worker.
#[derive(Debug, Default)]
struct Branch {
    attachments: usize,
    relays: usize,
}

/// A user with at least one attached session.
#[derive(Debug, Default)]
struct Present {
    sessions: u32,
    status: Status,
    activities: Box<[Box<RawValue>]>,
}

impl Attendance {
    /// Makes an empty one.
    #[must_use]
    pub fn new(guild: GuildId) -> Self {
        Self {
            guild,
            branches: BTreeMap::new(),
            users: IndexMap::new(),
            listeners: 0,
            attachments: 0,
            crowd: None,
        }
    }

    /// Returns how many attachments there are.
    #[must_use]
    pub const fn attachments(&self) -> usize {
        self.attachments
    }

    /// Returns how many users others see as online.
    #[must_use]
    pub fn online(&self) -> usize {
        self.users.values().filter(|present| present.status.is_online()).count()
    }

    /// Tells whether others see a user as online.
    #[must_use]
    pub fn is_online(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|present| present.status.is_online())
    }

    /// Returns the workers that have attachments, in order.
    pub fn workers(&self) -> impl Iterator<Item = usize> {
        self.branches.keys().copied()
    }

    /// Returns how many relays there are, as workers reported last.
    #[must_use]
    pub fn relays(&self) -> usize {
        self.branches.values().map(|branch| branch.relays).sum()
    }

    /// Notes how many relays a worker has, as it reports.
    pub fn set_relays(&mut self, worker: usize, relays: usize) {
        if let Some(branch) = self.branches.get_mut(&worker) {
            branch.relays = relays;
        }
    }

    /// Counts an attachment of a worker in.
    pub fn attach(&mut self, worker: usize, user: UserId, interest: Interest) {
        self.branches.entry(worker).or_default().attachments += 1;
        self.attachments += 1;
        self.listeners += usize::from(listens(interest));
        self.users.entry(user).or_default().sessions += 1;
    }

    /// Counts an attachment out; an event tells when the user went offline with it.
    pub fn detach(&mut self, worker: usize, user: UserId, interest: Interest) -> Option<Event> {
        let branch = self.branches.get_mut(&worker)?;
        branch.attachments -= 1;
        if branch.attachments == 0 {
            self.branches.remove(&worker);
        }
        self.attachments -= 1;
        self.listeners -= usize::from(listens(interest));
        let present = self.users.get_mut(&user)?;
        present.sessions -= 1;
        if present.sessions > 0 {
            return None;
        }
        let was_online = present.status.is_online();
        self.users.swap_remove(&user);
        self.crowd = None;
        (was_online && self.listeners > 0).then(|| self.event(user, Status::Offline, &[]))
    }

    /// Takes a session's presence; an event tells when others see a difference.
    pub fn show(&mut self, user: UserId, update: PresenceUpdate, new: bool) -> Option<Event> {
        let present = self.users.get_mut(&user)?;
        let activities = update.activities.unwrap_or_default();
        // Nobody saw a user before its first session.
        let first = new && present.sessions == 1;
        let before = if first { Status::Offline } else { present.status.shown() };
        let alike =
            present.activities.iter().map(|a| a.get()).eq(activities.iter().map(|a| a.get()));
        let same = before == update.status.shown() && (alike || !update.status.is_online());
        present.status = update.status;
        present.activities = activities.into();
        if same {
            return None;
        }
        self.crowd = None;
        if self.listeners == 0 {
            return None;
        }
        let present = self.users.get(&user)?;
        Some(self.event(user, present.status.shown(), &present.activities))
    }

    /// Forgets the shared list of members and presences, because one of them changed.
    pub fn invalidate(&mut self) {
        self.crowd = None;
    }

    /// Returns members and presences for GUILD_CREATE, shared until one of them changes.
    pub fn crowd<'a>(
        &mut self,
        members: impl Iterator<Item = &'a Arc<Member>>,
        everybody: bool,
    ) -> Arc<Segment> {
        if let Some(crowd) = &self.crowd {
            return Arc::clone(crowd);
        }
        let chosen = members.filter(|member| {
            everybody || welcome::is_notable(member) || self.is_online(member.user.id)
        });
        let crowd = welcome::crowd_segment(chosen, self.presences());
        self.crowd = Some(Arc::clone(&crowd));
        crowd
    }

    /// Returns the presences of everybody online.
    pub fn presences(&self) -> impl Iterator<Item = Presence<'_>> {
        let online = self.users.iter().filter(|(_, present)| present.status.is_online());
        online.map(|(user, present)| self.body(*user, present.status, &present.activities))
    }

    /// Returns the presence of one user, offline when it is not there.
    #[must_use]
    pub fn presence(&self, user: UserId) -> Presence<'_> {
        match self.users.get(&user) {
            Some(present) => self.body(user, present.status.shown(), &present.activities),
            None => self.body(user, Status::Offline, &[]),
        }
    }

    const fn body<'a>(
        &self,
        user: UserId,
        status: Status,
        activities: &'a [Box<RawValue>],
    ) -> Presence<'a> {
        Presence {
            user: PresenceUser { id: user },
            guild_id: self.guild,
            status,
            activities: if status.is_online() { activities } else { &[] },
            client_status: throng_proto::model::ClientStatus::of(status),
        }
    }

    fn event(&self, user: UserId, status: Status, activities: &[Box<RawValue>]) -> Event {
        let presence = self.body(user, status, activities);
        let payload = serde_json::to_string(&presence).unwrap_or_default();
        Event {
            kind: EventKind::PresenceUpdate,
            guild: self.guild,
            sequence: 0,
            scope: Scope::Guild,
            body: Body::dispatch(EventKind::PresenceUpdate.name(), &payload),
            stripped: None,
            author: Some(user),
            mentions: Mentions::default(),
            change: Change::Nothing,
        }
    }
}

fn listens(interest: Interest) -> bool {
    interest.intents.intersects(Intents::GUILD_PRESENCES)
}
