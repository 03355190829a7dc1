//! Who of a guild is there: attachments by relay, and presences by user.
//!
//! What a session shows is noted at once, and told to others with the next [`Attendance::tell`]:
//! the shell asks for it once in a window, so that only the last of many changes counts, and one
//! that was taken back is never told.
//!
//! # Invariants
//!
//! - A1: a relay never has more attachments than its capacity when it is chosen.
//! - A2: after others were told, a user is online exactly while one of its sessions is attached and
//!   visible.

mod presence;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{ClientStatus, Member, Presence, PresenceUser, Status};
use throng_proto::wire::Body;

use self::presence::Present;
pub use self::presence::{SessionRef, Shown};
use crate::event::{Change, Event};
use crate::policy::{Placement, RelayFacts, Relays, ShardKey};
use crate::relay::Interest;
use crate::welcome::{self, Crowd};

/// Relays that a policy chooses among, so that a choice costs the same however many there are.
pub const CANDIDATES_MAX: usize = 64;

/// Attachments and presences of one guild.
#[derive(Debug)]
pub struct Attendance {
    guild: GuildId,
    relays: IndexMap<u32, RelayLoad>,
    next_relay: u32,
    users: BTreeMap<UserId, Present>,
    /// Who shows something else than others were told.
    pending: BTreeSet<UserId>,
    /// Whose window has ended, and whom others are told of next.
    due: BTreeSet<UserId>,
    online: usize,
    coalesced: u64,
    listeners: usize,
    attachments: usize,
    crowd: Option<Crowd>,
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
    /// It; relays of other workers cannot have it.
    pub session: SessionRef,
    /// Its value of the plan's shard key.
    pub shard: &'a str,
}

impl Attendance {
    /// Makes an empty one.
    #[must_use]
    pub fn new(guild: GuildId) -> Self {
        Self {
            guild,
            relays: IndexMap::new(),
            next_relay: 0,
            users: BTreeMap::new(),
            pending: BTreeSet::new(),
            due: BTreeSet::new(),
            online: 0,
            coalesced: 0,
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
    pub const fn online(&self) -> usize {
        self.online
    }

    /// Tells whether others see a user as online.
    #[must_use]
    pub fn is_online(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|present| present.told.status.is_online())
    }

    /// Returns how many changes were never told, because another came in time.
    #[must_use]
    pub const fn coalesced(&self) -> u64 {
        self.coalesced
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
            relay.worker == seeker.session.worker
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
            Placement::Relay(relay) if self.is_on(relay, seeker.session.worker) => relay,
            Placement::Relay(_) | Placement::New => self.start_relay(seeker),
        };
        if let Some(relay) = self.relays.get_mut(&relay) {
            relay.load += 1;
        }
        self.attachments += 1;
        self.listeners += usize::from(listens(interest));
        self.users.entry(user).or_insert_with(Present::new).add(seeker.session);
        relay
    }

    fn is_on(&self, relay: u32, worker: usize) -> bool {
        self.relays.get(&relay).is_some_and(|relay| relay.worker == worker)
    }

    fn start_relay(&mut self, seeker: Seeker<'_>) -> u32 {
        let relay = self.next_relay;
        self.next_relay += 1;
        let Seeker { session, shard } = seeker;
        let load = RelayLoad { worker: session.worker, load: 0, shard: shard.into() };
        self.relays.insert(relay, load);
        relay
    }

    /// Counts an attachment out.
    pub fn detach(&mut self, relay: u32, session: SessionRef, user: UserId, interest: Interest) {
        let Some(load) = self.relays.get_mut(&relay) else { return };
        load.load -= 1;
        if load.load == 0 {
            self.relays.shift_remove(&relay);
        }
        self.attachments -= 1;
        self.listeners -= usize::from(listens(interest));
        self.note(session, user, None);
    }

    /// Takes what a session shows from now on.
    pub fn show(&mut self, session: SessionRef, user: UserId, update: PresenceUpdate) {
        self.note(session, user, Some(Shown::of(update)));
    }

    fn note(&mut self, session: SessionRef, user: UserId, shown: Option<Shown>) {
        let Some(present) = self.users.get_mut(&user) else { return };
        let before = present.now();
        present.note(session, shown);
        let now = present.now();
        if now.is_like(&present.told) {
            self.coalesced += u64::from(self.pending.remove(&user));
            self.forget(user);
        } else if !now.is_like(&before) {
            self.coalesced += u64::from(!self.pending.insert(user));
        }
    }

    /// Drops a user who is not there, and whom nobody believes to be.
    fn forget(&mut self, user: UserId) {
        let gone = |present: &Present| !present.is_attached() && !present.told.status.is_online();
        if self.users.get(&user).is_some_and(gone) {
            self.users.remove(&user);
        }
    }

    /// Tells whether anybody shows something else than others were told, or will be told next.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Ends the window: what has changed in it will be told next.
    pub fn end_window(&mut self) {
        self.due.append(&mut self.pending);
    }

    /// Tells whether something is left to be told of windows that have ended.
    #[must_use]
    pub fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Tells others what is due, of up to `count` users. Costs O(log n) for each.
    pub fn tell(&mut self, count: usize) -> Vec<(UserId, Shown)> {
        let mut news = Vec::new();
        for _ in 0..count {
            let Some(user) = self.due.pop_first() else { break };
            let Some(present) = self.users.get_mut(&user) else { continue };
            let now = present.now();
            if now.is_like(&present.told) {
                continue;
            }
            self.online += usize::from(now.status.is_online());
            self.online -= usize::from(present.told.status.is_online());
            present.told = now.clone();
            self.forget(user);
            self.crowd = None;
            news.push((user, now));
        }
        news
    }

    /// Returns who is online after a user, in order of their ids.
    pub fn online_after(&self, user: Option<UserId>) -> impl Iterator<Item = (UserId, &Shown)> {
        let after = user.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range((after, Bound::Unbounded));
        let told = users.map(|(user, present)| (*user, &present.told));
        told.filter(|(_, told)| told.status.is_online())
    }

    /// Returns what others see of a user.
    #[must_use]
    pub fn shown(&self, user: UserId) -> Shown {
        self.users.get(&user).map_or_else(Shown::offline, |present| present.told.clone())
    }

    /// Returns what a user's sessions show now, before others are told.
    #[must_use]
    pub fn shows(&self, user: UserId) -> Shown {
        self.users.get(&user).map_or_else(Shown::offline, Present::now)
    }

    /// Forgets the shared list of members and presences, because one of them changed.
    pub fn invalidate(&mut self) {
        self.crowd = None;
    }

    /// Returns members and presences for GUILD_CREATE, shared until one of them changes: presences
    /// do at most once in a window. Making it costs O(members).
    pub fn crowd<'a>(
        &mut self,
        members: impl Iterator<Item = &'a Arc<Member>>,
        everybody: bool,
    ) -> Crowd {
        if let Some(crowd) = &self.crowd {
            return crowd.clone();
        }
        let chosen = members.filter(|member| {
            everybody || welcome::is_notable(member) || self.is_online(member.user.id)
        });
        let crowd = Crowd::new(chosen, self.presences());
        self.crowd = Some(crowd.clone());
        crowd
    }

    /// Returns the presences of everybody online.
    pub fn presences(&self) -> impl Iterator<Item = Presence<'_>> {
        self.online_after(None).map(|(user, told)| told.presence(self.guild, user))
    }

    /// Returns the presence of one user, offline when it is not there.
    #[must_use]
    pub fn presence(&self, user: UserId) -> Presence<'_> {
        match self.users.get(&user) {
            Some(present) => present.told.presence(self.guild, user),
            None => Presence {
                user: PresenceUser { id: user },
                guild_id: self.guild,
                status: Status::Offline,
                activities: &[],
                client_status: ClientStatus::of(Status::Offline),
            },
        }
    }

    /// Returns the event that tells sessions of a presence; `None` when nobody listens.
    #[must_use]
    pub fn event(&self, user: UserId, shown: &Shown) -> Option<Event> {
        if self.listeners == 0 {
            return None;
        }
        let presence = shown.presence(self.guild, user);
        let payload = serde_json::to_string(&presence).unwrap_or_default();
        Some(Event {
            kind: EventKind::PresenceUpdate,
            guild: self.guild,
            sequence: 0,
            scope: Scope::Guild,
            body: Body::dispatch(EventKind::PresenceUpdate.name(), &payload),
            stripped: None,
            author: Some(user),
            mentions: Mentions::default(),
            change: Change::Nothing,
        })
    }
}

fn listens(interest: Interest) -> bool {
    interest.intents.intersects(Intents::GUILD_PRESENCES)
}
