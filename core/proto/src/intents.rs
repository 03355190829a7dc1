//! Which classes of events a session asked for.

use serde::{Deserialize, Serialize};

/// A set of gateway intents. See [Discord Docs/Gateway Intents].
///
/// [Discord Docs/Gateway Intents]: https://discord.com/developers/docs/events/gateway#gateway-intents
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Intents(u32);

impl Intents {
    /// No intent: events that need none still flow.
    pub const NONE: Self = Self(0);
    /// Guilds, channels, roles.
    pub const GUILDS: Self = Self(1);
    /// Members that join, change, leave. Privileged.
    pub const GUILD_MEMBERS: Self = Self(1 << 1);
    /// Bans and the audit log.
    pub const GUILD_MODERATION: Self = Self(1 << 2);
    /// Emojis and stickers.
    pub const GUILD_EXPRESSIONS: Self = Self(1 << 3);
    /// Invites that are made and deleted.
    pub const GUILD_INVITES: Self = Self(1 << 6);
    /// Presences. Privileged.
    pub const GUILD_PRESENCES: Self = Self(1 << 8);
    /// Messages in guilds.
    pub const GUILD_MESSAGES: Self = Self(1 << 9);
    /// Reactions in guilds.
    pub const GUILD_MESSAGE_REACTIONS: Self = Self(1 << 10);
    /// Typing in guilds.
    pub const GUILD_MESSAGE_TYPING: Self = Self(1 << 11);
    /// No event of its own: the content of messages. Privileged.
    pub const MESSAGE_CONTENT: Self = Self(1 << 15);
    /// Every defined bit: what a user's client gets, which names no intents.
    pub const ALL: Self = Self(0x1fff_ffff);
    /// Bits that a session may name: 0 to 28.
    const DEFINED: u64 = 0x1fff_ffff;

    /// Reads the number of an IDENTIFY; `None` when it has undefined bits.
    #[must_use]
    pub fn parse(bits: u64) -> Option<Self> {
        u32::try_from(bits).ok().filter(|_| bits & !Self::DEFINED == 0).map(Self)
    }

    /// Returns the number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Wraps a number that is known to be good.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Tells whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Tells whether any of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns what is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
