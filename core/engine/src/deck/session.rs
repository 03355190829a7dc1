//! A session: one resumable cursor into what its worker sends.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use throng_proto::gateway::{Connection, PresenceUpdate, Shard};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status};
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;

use super::behind::Lag;
use super::wishes::Wishes;
use crate::policy::SessionFacts;
use crate::relay::Interest;
use crate::replay::Position;
use crate::time::Instant;

/// Name of a session on the wire: 32 hexadecimal digits. It also tells the worker: the remainder by
/// their count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SessionId(u128);

impl SessionId {
    /// Makes an id that belongs to a worker from a random number.
    #[must_use]
    pub fn new(random: u128, worker: usize, workers: usize) -> Self {
        let (worker, workers) = (worker as u128, workers.max(1) as u128);
        Self((random >> 1) / workers * workers + worker)
    }

    /// Returns its hash: it is random already.
    #[must_use]
    pub const fn hash(self) -> u64 {
        self.digits()
    }

    /// Returns its first 16 digits, by which operators name it: too few to resume it.
    #[must_use]
    pub const fn digits(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Returns the worker that has the session.
    #[must_use]
    pub fn worker(self, workers: usize) -> usize {
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

/// What let somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The token.
    pub token: TokenId,
    /// When it ends, if it ever does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Admission {
    /// Tells whether it is over at that moment.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What IDENTIFY said, and what changed since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Whose session it is.
    pub user: UserId,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Intents; all of them for a user's own client that names none.
    pub intents: Intents,
    /// Tells whether the client named its intents.
    pub named: bool,
    /// Capability bits.
    pub capabilities: u64,
    /// Members above which a guild counts as large.
    pub large_threshold: u16,
    /// Which guilds it wants, unless all.
    pub shard: Option<Shard>,
    /// What the client said of itself.
    pub connection: Arc<Connection>,
    /// Status that it shows.
    pub status: Status,
    /// Away from keyboard.
    pub afk: bool,
    /// Activities that it shows.
    #[serde(default, skip_serializing_if = "Activities::is_empty")]
    pub activities: Activities,
    /// What let it in; unknown of sessions from before that was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Admission>,
    /// When it began.
    #[serde(default)]
    pub began_at: Timestamp,
}

impl Identity {
    /// Returns what it asked for.
    #[must_use]
    pub const fn interest(&self) -> Interest {
        Interest { intents: self.intents, named: self.named }
    }

    /// Returns what policies know of it.
    #[must_use]
    pub fn facts(&self) -> SessionFacts {
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
    #[must_use]
    pub fn shows(&self) -> PresenceUpdate {
        PresenceUpdate {
            since: None,
            activities: self.activities.clone(),
            status: self.status,
            afk: self.afk,
        }
    }

    /// Tells whether a guild is on the session's shard.
    #[must_use]
    pub fn has(&self, guild: GuildId) -> bool {
        self.shard.is_none_or(|shard| shard.has(guild))
    }
}

/// A session's presence in one guild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Guild.
    pub guild: GuildId,
    /// Number of its relay, and one more, once the guild has granted it: half as wide as an option
    /// of the number.
    #[serde(skip)]
    granted: Option<NonZeroU32>,
    /// The client looks at the guild: it asked for typing by op 14 or 37.
    pub subscribed: bool,
    /// It was sent GUILD_CREATE.
    #[serde(default)]
    pub welcomed: bool,
    /// What it wants to see of member lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Box<Wishes>>,
    /// When the policy asked to be asked again, at last.
    #[serde(skip, default = "never")]
    pub(super) recheck: Instant,
}

const fn never() -> Instant {
    Instant::NEVER
}

impl Membership {
    /// Begins to wait for a guild.
    #[must_use]
    pub const fn new(guild: GuildId) -> Self {
        Self {
            guild,
            granted: None,
            subscribed: false,
            welcomed: false,
            lists: None,
            recheck: Instant::NEVER,
        }
    }

    /// Returns the number of its relay, once the guild has granted it a place.
    #[must_use]
    pub fn relay(&self) -> Option<u32> {
        self.granted.map(|above| above.get() - 1)
    }

    /// Notes that it is on no relay any more.
    pub(super) const fn take_back(&mut self) {
        self.granted = None;
        self.recheck = Instant::NEVER;
    }

    /// Notes the relay that it is on now.
    pub(super) fn grant(&mut self, relay: u32) {
        self.granted = NonZeroU32::new(relay.wrapping_add(1));
    }
}

/// Sequence and place of what a session alone got and has not acknowledged. Most have nothing.
#[derive(Debug, Default)]
pub(super) struct Own(pub(super) Vec<(u32, Position)>);

/// A session.
#[derive(Debug)]
pub struct Session<L> {
    /// Its name on the wire.
    pub id: SessionId,
    /// Tells it from older sessions with its slot.
    pub generation: u32,
    /// Sequence of the last dispatch that passes gave it.
    pub sequence: u32,
    /// Where in the log it began; older entries with its slot are another's.
    pub(super) opened: Position,
    /// What IDENTIFY said.
    pub identity: Box<Identity>,
    /// Its guilds, granted or not yet.
    pub guilds: SmallVec<[Membership; 1]>,
    /// Its link, unless it waits for one.
    pub line: Option<L>,
    /// Set while its link is behind.
    pub(super) lag: Option<Box<Lag>>,
    pub(super) own: Option<Box<Own>>,
    /// Since when it has no link.
    pub detached_at: Instant,
    /// What its client may know of earlier runs.
    pub past: Past,
}

impl<L> Session<L> {
    /// Returns its place in a guild.
    #[must_use]
    pub fn membership(&self, guild: GuildId) -> Option<&Membership> {
        self.guilds.iter().find(|membership| membership.guild == guild)
    }

    pub(super) fn membership_mut(&mut self, guild: GuildId) -> Option<&mut Membership> {
        self.guilds.iter_mut().find(|membership| membership.guild == guild)
    }

    /// Tells whether its link is behind.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.lag.is_some()
    }
}

/// What a session's client may know of earlier runs that this one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
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
    #[must_use]
    pub const fn bound(self) -> Option<u32> {
        match self {
            Self::Away(bound) => Some(bound),
            Self::None | Self::Back => None,
        }
    }
}
