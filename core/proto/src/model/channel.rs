//! Channels and their overwrites.

use serde::{Deserialize, Serialize};

use super::bound;
use super::constant::{Null, Number};
use crate::form::{Field, Form, FromForm, text};
use crate::id::{AnyId, ChannelId, GuildId, MessageId};
use crate::permissions::Permissions;

/// Bits per second of a voice channel of which nothing else was said.
const BITRATE: u32 = 64_000;

/// A channel of a guild. See [Discord Docs/Channel](https://discord.com/developers/docs/resources/channel).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Snowflake.
    pub id: ChannelId,
    /// Kind, a number on the wire.
    #[serde(rename = "type")]
    pub kind: ChannelKind,
    /// Guild that the channel belongs to.
    pub guild_id: GuildId,
    /// Name, 1 to 100 characters.
    pub name: String,
    /// Order among the channels.
    pub position: u32,
    /// Category.
    pub parent_id: Option<ChannelId>,
    /// What roles and members may do here beyond, or short of, their roles.
    pub permission_overwrites: Vec<Overwrite>,
    /// Topic, 0 to 1024 characters.
    pub topic: Option<String>,
    /// Tells whether the channel is for adults.
    #[serde(default)]
    pub nsfw: bool,
    /// Newest message, also when it was deleted since.
    pub last_message_id: Option<MessageId>,
    /// Always null.
    #[serde(default)]
    pub last_pin_timestamp: Null,
    /// Seconds between messages of one member.
    #[serde(default)]
    pub rate_limit_per_user: u32,
    /// Always 0.
    #[serde(default)]
    pub flags: Number<0>,
    /// Bits per second of a voice or stage channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<u32>,
    /// Members that a voice or stage channel takes; 0 is any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_limit: Option<u32>,
    /// Null in a voice or stage channel: its region is chosen automatically.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtc_region: Option<Null>,
    /// Always 1, automatic, in a voice or stage channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_quality_mode: Option<Number<1>>,
}

impl Channel {
    /// Makes a channel without topic, parent and overwrites.
    #[must_use]
    pub fn new(id: ChannelId, guild: GuildId, name: impl Into<String>, kind: ChannelKind) -> Self {
        let channel = Self {
            id,
            kind,
            guild_id: guild,
            name: name.into(),
            position: 0,
            parent_id: None,
            permission_overwrites: Vec::new(),
            topic: None,
            nsfw: false,
            last_message_id: None,
            last_pin_timestamp: Null,
            rate_limit_per_user: 0,
            flags: Number,
            bitrate: None,
            user_limit: None,
            rtc_region: None,
            video_quality_mode: None,
        };
        channel.completed()
    }

    /// Adds what channels of this kind always have: libraries read it without a default. Channels
    /// that were made before stages had it lack it in the store.
    #[must_use]
    pub fn completed(self) -> Self {
        if !self.kind.has_voice() {
            return self;
        }
        Self {
            bitrate: self.bitrate.or(Some(BITRATE)),
            user_limit: self.user_limit.or(Some(0)),
            rtc_region: Some(Null),
            video_quality_mode: Some(Number),
            ..self
        }
    }
}

/// Kind of a channel, by its number on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelKind(pub u8);

impl ChannelKind {
    /// Text.
    pub const TEXT: Self = Self(0);
    /// Voice.
    pub const VOICE: Self = Self(2);
    /// A heading that groups channels.
    pub const CATEGORY: Self = Self(4);
    /// Announcements.
    pub const ANNOUNCEMENT: Self = Self(5);
    /// A stage: voice for an audience.
    pub const STAGE: Self = Self(13);

    /// Tells whether a guild may have channels of this kind: text, voice, category, announcement,
    /// stage. Forums and media hold nothing but threads, which do not exist here.
    #[must_use]
    pub const fn in_guild(self) -> bool {
        matches!(self.0, 0 | 2 | 4 | 5 | 13)
    }

    /// Tells whether one can speak in channels of this kind.
    #[must_use]
    pub const fn has_voice(self) -> bool {
        matches!(self, Self::VOICE | Self::STAGE)
    }

    /// Tells whether names of channels of this kind are one word in lower case: text,
    /// announcements, forums.
    #[must_use]
    pub const fn has_plain_names(self) -> bool {
        matches!(self.0, 0 | 5 | 15)
    }

    /// Writes a name as channels of this kind have it. In text channels, as at Discord, letters are
    /// small, blanks are dashes, no two dashes follow each other, and ASCII's other punctuation is
    /// left out; nothing may be left. At most 100 characters stay.
    #[must_use]
    pub fn name(self, given: &str) -> String {
        if !self.has_plain_names() {
            return given.to_owned();
        }
        let mut name = String::with_capacity(given.len());
        for char in given.trim().chars().flat_map(char::to_lowercase) {
            let char = if char.is_whitespace() { '-' } else { char };
            let dropped = char.is_ascii_punctuation() && !matches!(char, '-' | '_');
            if !dropped && (char != '-' || !name.ends_with('-')) {
                name.push(char);
            }
        }
        text::cut(&name, bound::NAME_CHARS).to_owned()
    }

    /// Tells whether messages can be posted in channels of this kind.
    #[must_use]
    pub const fn has_messages(self) -> bool {
        matches!(self.0, 0 | 2 | 5 | 13)
    }
}

/// A change to what one role or member may do in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    /// Role or member.
    pub id: AnyId,
    /// Which of both.
    #[serde(rename = "type")]
    pub kind: OverwriteKind,
    /// What is added.
    #[serde(default)]
    pub allow: Permissions,
    /// What is taken, before `allow` is added.
    #[serde(default)]
    pub deny: Permissions,
}

impl FromForm for Overwrite {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let id = form.field("id").required().id();
        let kind = OverwriteKind::read(&form.field("type").required());
        let bits = |key| form.field(key).permissions().unwrap_or_default();
        Some(Self { kind: kind?, allow: bits("allow"), deny: bits("deny"), id: id? })
    }
}

impl OverwriteKind {
    /// Reads 0 or 1.
    pub fn read(field: &Field<'_>) -> Option<Self> {
        let member = field.number_of::<u8>(&[0, 1])? == 1;
        Some(if member { Self::Member } else { Self::Role })
    }
}

/// What an overwrite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverwriteKind {
    /// A role, 0 on the wire.
    Role,
    /// A member, 1 on the wire.
    Member,
}

impl Serialize for OverwriteKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*self == Self::Member))
    }
}

impl<'de> Deserialize<'de> for OverwriteKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::Role),
            1 => Ok(Self::Member),
            other => Err(serde::de::Error::custom(format_args!(
                "overwrite type is 0 (role) or 1 (member), not {other}"
            ))),
        }
    }
}
