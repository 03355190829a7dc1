//! Messages, reactions and the event around them.

mod referenced;

use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::referenced::Referenced;
use super::constant::{Empty, False, Number};
use super::{Attachment, ChannelKind, Component, Embed, Emoji, Profile, User, stored};
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

/// Payload of MESSAGE_CREATE and MESSAGE_UPDATE: the message with what only members of the guild
/// see.
#[derive(Clone, Debug, Serialize)]
pub struct MessageEvent<'a> {
    /// The message; its `mentions` are replaced by those of the event.
    #[serde(flatten)]
    pub message: MessageHead<'a>,
    /// Guild.
    pub guild_id: GuildId,
    /// The author as a member; absent when the author has left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'a Profile>,
    /// Mentioned users with what they are in the guild.
    pub mentions: Vec<MentionedUser<'a>>,
    /// Kind of the channel.
    pub channel_type: ChannelKind,
}

/// A mentioned user with its profile in the guild.
#[derive(Clone, Debug, Serialize)]
pub struct MentionedUser<'a> {
    #[serde(flatten)]
    user: &'a User,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a Profile>,
}

/// The keys of a message but `mentions`, with the content of one variant.
#[derive(Clone, Debug, Serialize)]
pub struct MessageHead<'a> {
    id: MessageId,
    channel_id: ChannelId,
    author: &'a User,
    content: &'a str,
    timestamp: Timestamp,
    edited_timestamp: Option<Timestamp>,
    tts: bool,
    mention_everyone: bool,
    mention_roles: &'a [RoleId],
    attachments: &'a [Attachment],
    embeds: &'a [Embed],
    pinned: bool,
    #[serde(rename = "type")]
    kind: MessageKind,
    flags: u64,
    components: &'a [Component],
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a Nonce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<&'a MessageReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referenced_message: Option<Value>,
}

/// Which variant of a message a session gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// With everything.
    Full,
    /// Without content, embeds, attachments and components, for sessions without MESSAGE_CONTENT.
    Stripped,
}

impl Message {
    /// Builds the payload of an event in one variant; `profile` looks members up.
    #[must_use]
    pub fn event<'a>(
        &'a self,
        guild_id: GuildId,
        channel_type: ChannelKind,
        content: Content,
        profile: impl Fn(&'a User) -> Option<&'a Profile>,
    ) -> MessageEvent<'a> {
        MessageEvent {
            message: self.head(content),
            guild_id,
            member: profile(&self.author),
            mentions: self
                .mentions
                .iter()
                .map(|user| MentionedUser { user, member: profile(user) })
                .collect(),
            channel_type,
        }
    }

    fn head(&self, content: Content) -> MessageHead<'_> {
        let full = content == Content::Full;
        MessageHead {
            id: self.id,
            channel_id: self.channel_id,
            author: &self.author,
            content: if full { &self.content } else { "" },
            timestamp: self.timestamp,
            edited_timestamp: self.edited_timestamp,
            tts: self.tts,
            mention_everyone: self.mention_everyone,
            mention_roles: &self.mention_roles,
            attachments: if full { &self.attachments } else { &[] },
            embeds: if full { &self.embeds } else { &[] },
            pinned: self.pinned,
            kind: self.kind,
            flags: self.flags,
            components: if full { &self.components } else { &[] },
            nonce: self.nonce.as_ref(),
            message_reference: self.message_reference.as_ref(),
            referenced_message: match &self.referenced_message {
                Referenced::Absent => None,
                Referenced::Deleted => Some(Value::Null),
                Referenced::Known(message) => {
                    let mut value = serde_json::to_value(message).unwrap_or_default();
                    if !full {
                        strip(&mut value);
                    }
                    Some(value)
                }
            },
        }
    }
}

fn strip(message: &mut Value) {
    message["content"] = Value::String(String::new());
    for key in ["attachments", "embeds", "components"] {
        message[key] = Value::Array(Vec::new());
    }
}
