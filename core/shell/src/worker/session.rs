//! A session: one resumable cursor into what its worker sends.

use std::fmt;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use throng_engine::policy::SessionFacts;
use throng_engine::relay::Interest;
use throng_engine::replay::{Position, Slot};
use throng_engine::time::Instant;
use throng_proto::gateway::{Connection, PresenceUpdate, Shard};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status};
use throng_proto::time::Timestamp;

use super::link::LinkCell;
use super::lists::Wishes;
use super::{SessionRef, Worker, timer};
use crate::account::Pass;
use crate::clock;
use crate::guild::{Request, Untaken};

/// Name of a session on the wire: 32 hexadecimal digits. It also tells the worker: the remainder by
/// their count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct SessionId(u128);

impl SessionId {
    /// Makes a random id that belongs to a worker.
    pub(crate) fn random(worker: usize, workers: usize) -> Self {
        let (worker, workers) = (worker as u128, workers.max(1) as u128);
        let random: u128 = rand::random();
        Self((random >> 1) / workers * workers + worker)
    }

    /// Returns its hash: it is random already.
    pub(super) const fn hash(self) -> u64 {
        self.digits()
    }

    /// Returns its first 16 digits, by which operators name it: too few to resume it.
    pub(crate) const fn digits(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Returns the worker that has the session.
    pub(crate) fn worker(self, workers: usize) -> usize {
        usize::try_from(self.0 % workers.max(1) as u128).unwrap_or(0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows the id and a token of the user can resume; logs get only its beginning.
        write!(f, "{:08x}…", self.0 >> 96)
    }
}

impl FromStr for SessionId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for SessionId {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What IDENTIFY said, and what changed since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) user: UserId,
    pub(crate) bot: bool,
    pub(crate) intents: Intents,
    pub(crate) named: bool,
    pub(crate) capabilities: u64,
    pub(crate) large_threshold: u16,
    pub(crate) shard: Option<Shard>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) status: Status,
    pub(crate) afk: bool,
    #[serde(default, skip_serializing_if = "Activities::is_empty")]
    pub(crate) activities: Activities,
    /// What let it in; unknown of sessions from before that was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pass: Option<Pass>,
    /// When it began.
    #[serde(default)]
    pub(crate) began_at: Timestamp,
}

impl Identity {
    pub(crate) const fn interest(&self) -> Interest {
        Interest { intents: self.intents, named: self.named }
    }

    pub(crate) fn facts(&self) -> SessionFacts {
        SessionFacts {
            user: self.user,
            bot: self.bot,
            capabilities: self.capabilities,
            intents: self.intents,
            afk: self.afk,
            status: self.status,
            connection: Arc::clone(&self.connection),
        }
    }

    /// Returns what the session shows.
    pub(crate) fn shows(&self) -> PresenceUpdate {
        PresenceUpdate {
            since: None,
            activities: self.activities.clone(),
            status: self.status,
            afk: self.afk,
        }
    }

    pub(crate) fn has(&self, guild: GuildId) -> bool {
        self.shard.is_none_or(|shard| shard.has(guild))
    }
}

/// A session's presence in one guild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Membership {
    pub(crate) guild: GuildId,
    /// Number of its relay, and one more, once the guild has granted it: half as wide as an option
    /// of the number.
    #[serde(skip)]
    granted: Option<NonZeroU32>,
    pub(crate) subscribed: bool,
    /// It was sent GUILD_CREATE.
    #[serde(default)]
    pub(crate) welcomed: bool,
    /// What it wants to see of member lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lists: Option<Box<Wishes>>,
    /// When the policy asked to be asked again, at last.
    #[serde(skip, default = "never")]
    pub(crate) recheck: Instant,
}

const fn never() -> Instant {
    Instant::NEVER
}

impl Membership {
    pub(crate) const fn new(guild: GuildId) -> Self {
        Self {
            guild,
            granted: None,
            subscribed: false,
            welcomed: false,
            lists: None,
            recheck: Instant::NEVER,
        }
    }

    /// Returns the number of its relay.
    pub(crate) fn relay(&self) -> Option<u32> {
        self.granted.map(|above| above.get() - 1)
    }

    /// Notes the relay that it is on now.
    pub(crate) fn grant(&mut self, relay: u32) {
        self.granted = NonZeroU32::new(relay.wrapping_add(1));
    }
}

/// Sequence and place of what a session alone got and has not acknowledged. Most have nothing.
#[derive(Debug, Default)]
pub(crate) struct Own(pub(crate) Vec<(u32, Position)>);

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) generation: u32,
    /// Sequence of the last dispatch that passes gave it.
    pub(crate) sequence: u32,
    /// Where in the log it began; older entries with its slot are another's.
    pub(crate) opened: Position,
    pub(crate) identity: Box<Identity>,
    pub(crate) guilds: SmallVec<[Membership; 1]>,
    pub(crate) link: Option<Rc<LinkCell>>,
    /// Set while its link is behind.
    pub(crate) lag: Option<Box<super::fanout::Lag>>,
    pub(crate) own: Option<Box<Own>>,
    pub(crate) detached_at: Instant,
    pub(crate) past: Past,
}

/// What a session's client may know of earlier runs that this one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// Nothing: this run has begun it and has given it every number.
    None,
    /// It survived a restart, and its client has come back since.
    Back,
    /// It survived a restart. Of what is known, its client can have been given no more than this
    /// sequence; if it names more, the journal has lost its end, and those numbers mean something
    /// else.
    Away(u32),
}

impl Past {
    /// Returns what a session's record says of it.
    pub(crate) const fn bound(self) -> Option<u32> {
        match self {
            Self::Away(bound) => Some(bound),
            Self::None | Self::Back => None,
        }
    }
}

impl Worker {
    /// Adds a session and returns its slot.
    pub(crate) fn open_session(&mut self, id: SessionId, mut identity: Identity) -> Slot {
        identity.connection = self.shared.connections.share(identity.connection);
        self.generations = self.generations.wrapping_add(1);
        let slot = self.sessions.insert(Session {
            id,
            generation: self.generations,
            sequence: 0,
            opened: self.replay.end(),
            identity: Box::new(identity),
            guilds: SmallVec::new(),
            link: None,
            lag: None,
            own: None,
            detached_at: clock::now(),
            past: Past::None,
        });
        self.metrics().sessions.add(1);
        slot
    }

    /// Ends a session: its attachments, and its place in the log.
    pub(crate) fn end_session(&mut self, slot: Slot) {
        let Some(reference) = self.reference(slot) else { return };
        let Some(session) = self.sessions.remove(slot) else { return };
        let user = session.identity.user;
        if session.lag.is_some() {
            self.metrics().lagging.sub(1);
        }
        for membership in &session.guilds {
            self.leave_relay(membership, reference, &session.identity);
        }
        for (_, position) in session.own.into_iter().flat_map(|own| own.0) {
            self.replay.acknowledge(position);
        }
        self.recorder.end(slot);
        self.shared.sessions.lock().leave(user);
        self.metrics().sessions.sub(1);
    }

    /// Takes a session's link away; it waits for RESUME from now on.
    pub(crate) fn detach_link(&mut self, slot: Slot) {
        let now = clock::now();
        let window = self.shared.config.resume_window();
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        session.link = None;
        session.detached_at = now;
        let generation = session.generation;
        if session.lag.take().is_some() {
            self.metrics().lagging.sub(1);
        }
        self.wheel.insert(timer::Key::Session(slot, generation), now.after(window));
    }

    pub(crate) fn reference(&self, slot: Slot) -> Option<SessionRef> {
        let session = self.sessions.get(slot as usize)?;
        // The config allows 256 workers.
        let worker = u16::try_from(self.index).unwrap_or(u16::MAX);
        Some(SessionRef { worker, slot, generation: session.generation })
    }

    /// Sends a request to a guild without waiting; a guild that has no room gets it from a task.
    pub(crate) fn ask_guild(&self, guild: GuildId, request: Request) {
        if let Err(Untaken::Full(request)) = self.shared.directory.try_send(guild, request) {
            let shared = Arc::clone(&self.shared);
            tokio::task::spawn_local(async move { shared.directory.send(guild, *request).await });
        }
    }
}
