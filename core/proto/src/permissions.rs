//! Permission sets and how roles and overwrites combine into one.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::flags::flags;

/// A set of permissions; on the wire a decimal string.
///
/// See [Discord Docs/Permissions](https://discord.com/developers/docs/topics/permissions).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(u64);

flags! {
    Permissions: u64 {
        /// Invite users.
        CREATE_INSTANT_INVITE = 0;
        /// Remove members.
        KICK_MEMBERS = 1;
        /// Ban members.
        BAN_MEMBERS = 2;
        /// Everything, whatever overwrites say.
        ADMINISTRATOR = 3;
        /// Create, change and delete channels.
        MANAGE_CHANNELS = 4;
        /// Change the guild.
        MANAGE_GUILD = 5;
        /// Add a reaction that nobody added yet.
        ADD_REACTIONS = 6;
        /// See a channel; without it nothing else counts there.
        VIEW_CHANNEL = 10;
        /// Post.
        SEND_MESSAGES = 11;
        /// Post text to speech.
        SEND_TTS_MESSAGES = 12;
        /// Delete others' messages and reactions.
        MANAGE_MESSAGES = 13;
        /// Embed links.
        EMBED_LINKS = 14;
        /// Attach files.
        ATTACH_FILES = 15;
        /// Read messages from before.
        READ_MESSAGE_HISTORY = 16;
        /// Notify everyone, here and any role.
        MENTION_EVERYONE = 17;
        /// Change one's own nickname.
        CHANGE_NICKNAME = 26;
        /// Change others' nicknames.
        MANAGE_NICKNAMES = 27;
        /// Manage roles below one's own, and overwrites.
        MANAGE_ROLES = 28;
        /// Time members out.
        MODERATE_MEMBERS = 40;
    }
}

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);
    /// Every defined permission.
    pub const ALL: Self = Self(0x001f_7fff_ffff_ffff);
    /// What a new guild's @everyone may do: see, post, react, mention and speak, but manage
    /// nothing.
    pub const DEFAULT: Self = Self::of(&[
        0, 6, 9, 10, 11, 14, 15, 16, 17, 18, 20, 21, 25, 26, 31, 32, 35, 37, 38, 39, 42, 45, 46,
        49, 50,
    ]);
    /// What a member keeps during a time-out.
    pub const TIMED_OUT: Self = Self(1 << 10 | 1 << 16);
    /// What needs SEND_MESSAGES to count.
    const OF_SENDERS: Self = Self(1 << 12 | 1 << 14 | 1 << 15 | 1 << 17);

    const fn of(bits: &[u8]) -> Self {
        let (mut set, mut index) = (0, 0);
        while index < bits.len() {
            set |= 1 << bits[index];
            index += 1;
        }
        Self(set)
    }

    /// Applies one step of overwrites: what `deny` names goes, what `allow` names comes.
    #[must_use]
    pub const fn overwritten(self, allow: Self, deny: Self) -> Self {
        Self(self.0 & !deny.0 | allow.0)
    }

    /// Drops what other missing permissions make void in a channel.
    #[must_use]
    pub const fn implied(self) -> Self {
        if !self.contains(Self::VIEW_CHANNEL) {
            return Self::NONE;
        }
        if self.contains(Self::SEND_MESSAGES) { self } else { Self(self.0 & !Self::OF_SENDERS.0) }
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PermissionsVisitor)
    }
}

struct PermissionsVisitor;

impl Visitor<'_> for PermissionsVisitor {
    type Value = Permissions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permissions: a decimal string or an integer")
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Permissions(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        u64::try_from(value).map(Permissions).map_err(E::custom)
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        value.parse().map(Permissions).map_err(|_| E::custom("permissions are a decimal number"))
    }
}
