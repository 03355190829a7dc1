//! What policies answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use throng_proto::event::EventClass;

use super::SessionFacts;
use crate::mode::Mode;

/// Relays that a policy may ask for at once: each costs a look per event.
pub const RELAY_COUNT_MAX: usize = 1_024;

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

impl Passivity {
    /// Answers a mode that stands until something changes.
    #[must_use]
    pub const fn lasting(mode: Mode) -> Self {
        Self { mode, recheck: None }
    }
}

/// Answer of `relays`: how a guild is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Attachments that one relay takes, at least 1.
    pub capacity: usize,
    /// Relays that new attachments are spread over before any is full, 1 to [`RELAY_COUNT_MAX`].
    /// With several shard keys, each has as many.
    pub count: usize,
    /// What attachments of one relay have in common.
    pub key: ShardKey,
}

/// What attachments of one relay have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardKey {
    /// Nothing.
    #[default]
    None,
    /// The region that the client names.
    Region,
    /// The operating system.
    Os,
    /// The library or browser.
    Browser,
    /// The device.
    Device,
    /// Whether a program or a person uses the account.
    Account,
}

impl ShardKey {
    /// Every key.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Region, Self::Os, Self::Browser, Self::Device, Self::Account];

    /// Returns the word in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Region => "region",
            Self::Os => "os",
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Account => "account",
        }
    }

    /// Returns the value that a session has for the key.
    #[must_use]
    pub fn of(self, session: &SessionFacts) -> &str {
        match self {
            Self::None => "",
            Self::Region => &session.connection.region,
            Self::Os => &session.connection.os,
            Self::Browser => &session.connection.browser,
            Self::Device => &session.connection.device,
            Self::Account if session.bot => "bot",
            Self::Account => "person",
        }
    }
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

/// Something that a node under pressure can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relief {
    /// Nobody gets typing.
    Typing,
    /// Nobody gets presences.
    Presence,
    /// Nobody gets reactions.
    Reaction,
    /// Digests come less often.
    Digests,
    /// In large guilds everybody gets digests and mentions instead of messages.
    Streams,
}

impl Relief {
    /// Everything, in the order in which it should go.
    pub const ALL: [Self; 5] =
        [Self::Typing, Self::Presence, Self::Reaction, Self::Digests, Self::Streams];

    /// Returns the word in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Reaction => "reaction",
            Self::Digests => "digests",
            Self::Streams => "streams",
        }
    }

    const fn of(class: EventClass) -> Option<Self> {
        match class {
            EventClass::Typing => Some(Self::Typing),
            EventClass::Presence => Some(Self::Presence),
            EventClass::Reaction => Some(Self::Reaction),
            _ => None,
        }
    }
}

/// Answer of `overload`: what a node does without while the pressure lasts.
///
/// Only what is soon outdated or can be read again may be shed; messages and structure never are:
/// without streams, messages come as digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shed(u8);

impl Shed {
    /// Sheds nothing.
    pub const NOTHING: Self = Self(0);

    /// Sheds some.
    #[must_use]
    pub fn these(reliefs: &[Relief]) -> Self {
        reliefs.iter().fold(Self::NOTHING, |shed, relief| shed.and(*relief))
    }

    /// Sheds one more.
    #[must_use]
    pub const fn and(self, relief: Relief) -> Self {
        Self(self.0 | 1 << relief as u8)
    }

    /// Tells whether something is shed.
    #[must_use]
    pub const fn has(self, relief: Relief) -> bool {
        self.0 & 1 << relief as u8 != 0
    }

    /// Adds a class; `None` when it may not be shed.
    #[must_use]
    pub fn with(self, class: EventClass) -> Option<Self> {
        Relief::of(class).map(|relief| self.and(relief))
    }

    /// Tells whether a class is shed.
    #[must_use]
    pub fn contains(self, class: EventClass) -> bool {
        Relief::of(class).is_some_and(|relief| self.has(relief))
    }

    /// Returns it as a bit set.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads what [`Shed::bits`] returned.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & ((1 << Relief::ALL.len()) - 1))
    }
}
