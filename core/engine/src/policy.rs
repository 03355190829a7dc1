//! The seam to policies: facts go in, verdicts come out, and nothing else happens.
//!
//! The shell asks a policy when something changes and feeds the verdict into the machines as an
//! input. No policy runs on the delivery path. [`Native`] is the default; scripts answer the same
//! hooks.

use std::fmt;
use std::time::Duration;

use throng_proto::event::EventClass;
use throng_proto::gateway::Connection;
use throng_proto::id::{ChannelId, GuildId, UserId};

use crate::mode::{DeliveryTable, Mode};

/// Capability bit of clients that take PASSIVE_UPDATE_V1.
pub const PASSIVE_V1: u64 = 1 << 11;
/// Capability bit of clients that take PASSIVE_UPDATE_V2.
pub const PASSIVE_V2: u64 = 1 << 14;

/// What a policy knows of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Whose it is.
    pub user: UserId,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Capability bits of IDENTIFY.
    pub capabilities: u64,
    /// Away from keyboard, as the client says.
    pub afk: bool,
    /// What the client said of itself.
    pub connection: Connection,
}

/// What a policy knows of a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildFacts {
    /// Which.
    pub guild: GuildId,
    /// Members.
    pub members: usize,
    /// Attachments.
    pub attachments: usize,
}

/// A relay that could take an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayFacts {
    /// Number of the relay in its guild.
    pub relay: u32,
    /// Attachments it has.
    pub load: usize,
}

/// Answer of `connect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connect {
    /// The session may begin.
    Admit,
    /// It may not, for this reason; try again later.
    Refuse {
        /// Shown to the client.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
}

/// Answer of `passivity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passivity {
    /// How much the attachment receives from now on.
    pub mode: Mode,
    /// When to ask again without a reason.
    pub recheck: Option<Duration>,
}

/// Answer of `relays`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relays {
    /// Attachments that one relay takes, at least 1.
    pub capacity: usize,
}

/// Answer of `relay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// This one.
    Relay(u32),
    /// A new one.
    New,
}

/// Answer of `publish`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publish {
    /// Go on.
    Allow,
    /// Refuse, for this reason.
    Refuse(String),
}

/// Answer of `lag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// Only what is not soon outdated, from now on.
    Conflate,
    /// Only digests, from now on.
    Passive,
    /// Close with a code that the client resumes on.
    Close,
}

/// Decides who gets what. Pure: equal facts give equal verdicts.
pub trait Policy: Send + Sync + fmt::Debug {
    /// Decides at IDENTIFY whether a session may begin.
    fn connect(&self, session: &SessionFacts) -> Connect;

    /// Decides how much an attachment receives; `subscribed` is what the client asked for by op 14
    /// or 37.
    fn passivity(&self, session: &SessionFacts, guild: &GuildFacts, subscribed: bool) -> Passivity;

    /// Decides what each mode gets of each event class.
    fn delivery(&self, guild: &GuildFacts) -> DeliveryTable;

    /// Decides how large relays are.
    fn relays(&self, guild: &GuildFacts) -> Relays;

    /// Decides where an attachment goes; `relays` have room and are on the session's worker.
    fn relay(&self, session: UserId, guild: &GuildFacts, relays: &[RelayFacts]) -> Placement;

    /// Decides whether an author may post, before the guild checks permissions.
    fn publish(&self, author: UserId, channel: ChannelId) -> Publish;

    /// Decides what happens to a session whose link is over its bound.
    fn lag(&self, session: &SessionFacts) -> Lag;

    /// Decides which event classes a node under pressure (0 to 100) sheds.
    fn overload(&self, pressure: u8) -> &'static [EventClass];
}

/// The default policy.
///
/// Sessions that declare a passive capability, or are away, are passive in guilds they are not
/// subscribed to; all others are active. Relays are filled one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// Attachments that one relay takes.
    pub relay_capacity: usize,
}

impl Policy for Native {
    fn connect(&self, _: &SessionFacts) -> Connect {
        Connect::Admit
    }

    fn passivity(&self, session: &SessionFacts, _: &GuildFacts, subscribed: bool) -> Passivity {
        let quiet = session.afk || session.capabilities & (PASSIVE_V1 | PASSIVE_V2) != 0;
        let mode = if quiet && !subscribed { Mode::Passive } else { Mode::Active };
        Passivity { mode, recheck: None }
    }

    fn delivery(&self, _: &GuildFacts) -> DeliveryTable {
        DeliveryTable::default()
    }

    fn relays(&self, _: &GuildFacts) -> Relays {
        Relays { capacity: self.relay_capacity.max(1) }
    }

    fn relay(&self, _: UserId, _: &GuildFacts, relays: &[RelayFacts]) -> Placement {
        relays.first().map_or(Placement::New, |relay| Placement::Relay(relay.relay))
    }

    fn publish(&self, _: UserId, _: ChannelId) -> Publish {
        Publish::Allow
    }

    fn lag(&self, _: &SessionFacts) -> Lag {
        Lag::Close
    }

    fn overload(&self, pressure: u8) -> &'static [EventClass] {
        match pressure {
            0..=74 => &[],
            75..=89 => &[EventClass::Typing],
            _ => &[EventClass::Typing, EventClass::Presence],
        }
    }
}
