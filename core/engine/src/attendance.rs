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

mod news;
mod presence;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::value::RawValue;
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;

use self::presence::Present;
pub use self::presence::{SessionRef, Shown};
use crate::policy::{Placement, RelayFacts, Relays, ShardKey};
use crate::relay::Interest;
use crate::roster::Roster;
use crate::welcome::Crowd;

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

    /// Forgets the shared list of members and presences, because one of them changed.
    pub fn invalidate(&mut self) {
        self.crowd = None;
    }

    /// Returns members and presences for GUILD_CREATE, shared until one of them changes: presences
    /// do at most once in a window. Making it costs O(members).
    pub fn crowd(&mut self, roster: &Roster, everybody: bool) -> Crowd {
        if let Some(crowd) = &self.crowd {
            return crowd.clone();
        }
        let chosen = roster
            .iter()
            .filter(|entry| everybody || entry.is_notable() || self.is_online(entry.user()));
        let crowd = Crowd::new(chosen.map(|entry| entry.member()), self.presences());
        self.crowd = Some(crowd.clone());
        crowd
    }

    /// Encodes the presences of those of some users who are online.
    #[must_use]
    pub fn presences_of(&self, users: impl Iterator<Item = UserId>) -> Box<RawValue> {
        let shown: Vec<_> = users.map(|user| (user, self.shown(user))).collect();
        let online = shown.iter().filter(|(_, shown)| shown.status.is_online());
        let online: Vec<_> =
            online.map(|(user, shown)| shown.presence(self.guild, *user)).collect();
        // Structs of strings, numbers and lists always serialise.
        serde_json::value::to_raw_value(&online).unwrap_or_default()
    }
}

fn listens(interest: Interest) -> bool {
    interest.intents.intersects(Intents::GUILD_PRESENCES)
}
