//! Messages and their reactions.

mod referenced;

use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};

pub use self::referenced::Referenced;
use super::constant::{Empty, False, Number};
use super::{Attachment, Component, Embed, Emoji, User, stored};
use crate::form::{Field, Form, FromForm};
use crate::id::{ChannelId, GuildId, MessageId, RoleId};
use crate::time::Timestamp;

/// Users and roles that one message may mention each; Discord's limit for explicit lists.
pub const MENTIONS_MAX: usize = 100;

/// Characters of a nonce.
const NONCE_MAX: usize = 25;

/// A message. See [Discord Docs/Message](https://discord.com/developers/docs/resources/message).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Snowflake; orders the messages of a channel.
    pub id: MessageId,
    /// Channel.
    pub channel_id: ChannelId,
    /// Who wrote it.
    pub author: User,
    /// Text, at most 2000 characters.
    pub content: String,
    /// When it was posted.
    pub timestamp: Timestamp,
    /// When it was last edited.
    pub edited_timestamp: Option<Timestamp>,
    /// Text to speech.
    #[serde(default)]
    pub tts: bool,
    /// An effective @everyone or @here.
    #[serde(default)]
    pub mention_everyone: bool,
    /// Mentioned users.
    pub mentions: Vec<User>,
    /// Mentioned roles.
    pub mention_roles: Vec<RoleId>,
    /// Files.
    #[serde(deserialize_with = "stored::attachments")]
    pub attachments: Vec<Attachment>,
    /// Embeds.
    #[serde(deserialize_with = "stored::embeds")]
    pub embeds: Vec<Embed>,
    /// Pinned.
    #[serde(default)]
    pub pinned: bool,
    /// Kind, a number on the wire.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// Bit set.
    #[serde(default)]
    pub flags: u64,
    /// Components.
    #[serde(deserialize_with = "stored::components")]
    pub components: Vec<Component>,
    /// Reactions by emoji; only where the HTTP API answers with a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionCount>,
    /// What the author sent to recognise the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// What the message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_reference: Option<MessageReference>,
    /// The answered message as it was when this one was read; the store keeps only the reference.
    #[serde(default, skip_serializing_if = "Referenced::is_absent")]
    pub referenced_message: Referenced,
}

/// Kind of a message, by its number on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageKind(pub u8);

impl MessageKind {
    /// An ordinary message.
    pub const DEFAULT: Self = Self(0);
    /// An answer to another message.
    pub const REPLY: Self = Self(19);
}

/// An author's own mark on a message: a string of at most 25 characters, or an integer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Nonce {
    /// A number.
    Number(i64),
    /// A string.
    Text(String),
}

impl Nonce {
    /// Reads a nonce.
    pub fn read(field: &Field<'_>) -> Option<Self> {
        if field.value()?.is_string() {
            return field.text(0..=NONCE_MAX).map(Self::Text);
        }
        field.number(i64::MIN..=i64::MAX).map(Self::Number)
    }
}

/// Where an answered message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReference {
    /// 0: an answer.
    #[serde(rename = "type", default)]
    pub kind: u8,
    /// Message.
    pub message_id: MessageId,
    /// Channel; the one posted in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// Guild.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<GuildId>,
}

impl FromForm for MessageReference {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        if form.field("type").number_of::<u8>(&[0, 1]) == Some(1) {
            let message = "Messages can be answered but not forwarded.";
            form.field("type").wrong("BASE_TYPE_CHOICES", message);
        }
        let message_id = form.field("message_id").required().id();
        let (channel_id, guild_id) = (form.field("channel_id").id(), form.field("guild_id").id());
        Some(Self { kind: 0, channel_id, guild_id, message_id: message_id? })
    }
}

/// How often one emoji was added to a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReactionCount {
    /// Which.
    pub emoji: Emoji,
    /// How often.
    pub count: u32,
    /// Tells whether the asking user added it.
    pub me: bool,
    /// Always false.
    #[serde(default)]
    pub me_burst: False,
    /// Always empty.
    #[serde(default)]
    pub burst_colors: Empty,
}

impl Serialize for ReactionCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ReactionCount", 6)?;
        object.serialize_field("emoji", &self.emoji)?;
        object.serialize_field("count", &self.count)?;
        object.serialize_field(
            "count_details",
            &CountDetails { normal: self.count, ..CountDetails::default() },
        )?;
        object.serialize_field("me", &self.me)?;
        object.serialize_field("me_burst", &self.me_burst)?;
        object.serialize_field("burst_colors", &self.burst_colors)?;
        object.end()
    }
}

/// Reactions by their kinds; nobody bursts here.
#[derive(Clone, Copy, Default, Serialize)]
struct CountDetails {
    burst: Number<0>,
    normal: u32,
}
