//! Who of a guild is there: attachments by relay, and presences by user.
//!
//! # Invariants
//!
//! - A1: a relay never has more attachments than its capacity when it is chosen.
//! - A2: a user is online exactly while one of its sessions is attached, unless the presence shown
//!   last is invisible.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Presence, PresenceUser, Status};
use throng_proto::wire::{Body, Segment};

use crate::event::{Change, Event};
use crate::policy::{Placement, RelayFacts, Relays, ShardKey};
use crate::relay::Interest;
use crate::roster::Roster;
use crate::welcome;

/// Relays that a policy chooses among, so that a choice costs the same however many there are.
pub const CANDIDATES_MAX: usize = 64;

/// Attachments and presences of one guild.
#[derive(Debug)]
pub struct Attendance {
    guild: GuildId,
    relays: IndexMap<u32, RelayLoad>,
    next_relay: u32,
    users: IndexMap<UserId, Present>,
    listeners: usize,
    attachments: usize,
    crowd: Option<Arc<Segment>>,
}

#[derive(Debug)]
struct RelayLoad {
    worker: usize,
    load: usize,
    /// Value of the shard key that its attachments have in common.
    shard: Box<str>,
}

/// A session that looks for a relay.
#[derive(Clone, Copy, Debug)]
pub struct Seeker<'a> {
    /// Its worker; relays of other workers cannot have it.
    pub worker: usize,
    /// Its value of the plan's shard key.
    pub shard: &'a str,
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
            relays: IndexMap::new(),
            next_relay: 0,
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

    /// Returns the workers that have relays, each once.
    pub fn workers(&self) -> impl Iterator<Item = usize> {
        let mut workers: Vec<usize> = self.relays.values().map(|relay| relay.worker).collect();
        workers.sort_unstable();
        workers.dedup();
        workers.into_iter()
    }

    /// Returns how many relays there are.
    #[must_use]
    pub fn relays(&self) -> usize {
        self.relays.len()
    }

    /// Returns relays that could take a session, in the order in which they should.
    ///
    /// At most [`CANDIDATES_MAX`]; none while fewer than the plan's `count` run, divided among
    /// `workers`, so that a new one starts.
    #[must_use]
    pub fn candidates(&self, seeker: Seeker<'_>, plan: &Relays, workers: usize) -> Vec<RelayFacts> {
        let alike = |relay: &RelayLoad| {
            relay.worker == seeker.worker
                && (plan.key == ShardKey::None || *relay.shard == *seeker.shard)
        };
        let alike = self.relays.iter().filter(|(_, relay)| alike(relay));
        let all: Vec<RelayFacts> = alike
            .map(|(relay, RelayLoad { load, .. })| RelayFacts { relay: *relay, load: *load })
            .collect();
        let spread = plan.count.div_ceil(workers.max(1));
        if all.len() < spread && plan.count > 1 {
            return Vec::new();
        }
        let mut open: Vec<RelayFacts> =
            all.into_iter().filter(|relay| relay.load < plan.capacity).collect();
        if plan.count > 1 {
            open.sort_by_key(|relay| relay.load);
        }
        open.truncate(CANDIDATES_MAX);
        open
    }

    /// Counts an attachment in and returns its relay's number.
    pub fn attach(
        &mut self,
        seeker: Seeker<'_>,
        placement: Placement,
        user: UserId,
        interest: Interest,
    ) -> u32 {
        let relay = match placement {
            Placement::Relay(relay) if self.is_on(relay, seeker.worker) => relay,
            Placement::Relay(_) | Placement::New => self.start_relay(seeker),
        };
        if let Some(relay) = self.relays.get_mut(&relay) {
            relay.load += 1;
        }
        self.attachments += 1;
        self.listeners += usize::from(listens(interest));
        self.users.entry(user).or_default().sessions += 1;
        relay
    }

    fn is_on(&self, relay: u32, worker: usize) -> bool {
        self.relays.get(&relay).is_some_and(|relay| relay.worker == worker)
    }

    fn start_relay(&mut self, seeker: Seeker<'_>) -> u32 {
        let relay = self.next_relay;
        self.next_relay += 1;
        let Seeker { worker, shard } = seeker;
        self.relays.insert(relay, RelayLoad { worker, load: 0, shard: shard.into() });
        relay
    }

    /// Counts an attachment out; an event tells when the user went offline with it.
    pub fn detach(&mut self, relay: u32, user: UserId, interest: Interest) -> Option<Event> {
        let load = self.relays.get_mut(&relay)?;
        load.load -= 1;
        if load.load == 0 {
            self.relays.shift_remove(&relay);
        }
        self.attachments -= 1;
        self.listeners -= usize::from(listens(interest));
        let present = self.users.get_mut(&user)?;
        present.sessions -= 1;
        if present.sessions > 0 {
            return None;
        }
        let was_online = present.status.is_online();
        self.users.shift_remove(&user);
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
    pub fn crowd(&mut self, roster: &Roster, everybody: bool) -> Arc<Segment> {
        if let Some(crowd) = &self.crowd {
            return Arc::clone(crowd);
        }
        let chosen = roster
            .iter()
            .filter(|entry| everybody || entry.is_notable() || self.is_online(entry.user()));
        let chosen = chosen.map(|entry| entry.member());
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

    /// Encodes the presences of those of some users who are online.
    #[must_use]
    pub fn presences_of(&self, users: impl Iterator<Item = UserId>) -> Box<RawValue> {
        let online = users.map(|user| self.presence(user));
        let online: Vec<_> = online.filter(|presence| presence.status.is_online()).collect();
        // Structs of strings, numbers and lists always serialise.
        serde_json::value::to_raw_value(&online).unwrap_or_default()
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
