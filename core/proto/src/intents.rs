//! Which classes of events a session asked for.

use serde::{Deserialize, Serialize};

use crate::flags::flags;

/// A set of gateway intents. See [Discord Docs/Gateway Intents].
///
/// [Discord Docs/Gateway Intents]: https://discord.com/developers/docs/events/gateway#gateway-intents
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Intents(u32);

flags! {
    Intents: u32 {
        /// Guilds, channels, roles.
        GUILDS = 0;
        /// Members that join, change, leave. Privileged.
        GUILD_MEMBERS = 1;
        /// Bans and the audit log.
        GUILD_MODERATION = 2;
        /// Emojis and stickers.
        GUILD_EXPRESSIONS = 3;
        /// Invites that are made and deleted.
        GUILD_INVITES = 6;
        /// Presences. Privileged.
        GUILD_PRESENCES = 8;
        /// Messages in guilds.
        GUILD_MESSAGES = 9;
        /// Reactions in guilds.
        GUILD_MESSAGE_REACTIONS = 10;
        /// Typing in guilds.
        GUILD_MESSAGE_TYPING = 11;
        /// No event of its own: the content of messages. Privileged.
        MESSAGE_CONTENT = 15;
    }
}

impl Intents {
    /// No intent: events that need none still flow.
    pub const NONE: Self = Self(0);
    /// Every defined bit: what a user's client gets, which names no intents.
    pub const ALL: Self = Self(0x1fff_ffff);
    /// Bits that a session may name: 0 to 28.
    const DEFINED: u64 = 0x1fff_ffff;

    /// Reads the number of an IDENTIFY; `None` when it has undefined bits.
    #[must_use]
    pub fn parse(bits: u64) -> Option<Self> {
        u32::try_from(bits).ok().filter(|_| bits & !Self::DEFINED == 0).map(Self)
    }
}
