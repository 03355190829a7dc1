//! Events of messages, and of typing.

use serde::Serialize;
use serde_json::Value;

use crate::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::json;
use crate::model::{
    Attachment, ChannelKind, Component, Embed, Member, Message, MessageKind, MessageReference,
    Nonce, Profile, Referenced, User,
};
use crate::time::Timestamp;

/// Which variant of a message a session gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// With everything.
    Full,
    /// Without content, embeds, attachments and components, for sessions without MESSAGE_CONTENT.
    Stripped,
}

/// MESSAGE_CREATE and MESSAGE_UPDATE: the message with what only members of the guild see. See
/// [Discord Docs/Message Create].
///
/// [Discord Docs/Message Create]: https://discord.com/developers/docs/events/gateway-events#message-create
#[derive(Clone, Debug, Serialize)]
pub struct MessageChanged<'a> {
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

impl<'a> MessageChanged<'a> {
    /// Tells of a message in one variant; `profile` looks members up.
    #[must_use]
    pub fn new(
        message: &'a Message,
        guild_id: GuildId,
        channel_type: ChannelKind,
        content: Content,
        profile: impl Fn(&'a User) -> Option<&'a Profile>,
    ) -> Self {
        Self {
            message: MessageHead::new(message, content),
            guild_id,
            member: profile(&message.author),
            mentions: message
                .mentions
                .iter()
                .map(|user| MentionedUser { user, member: profile(user) })
                .collect(),
            channel_type,
        }
    }
}

impl<'a> MessageHead<'a> {
    fn new(message: &'a Message, content: Content) -> Self {
        let full = content == Content::Full;
        Self {
            id: message.id,
            channel_id: message.channel_id,
            author: &message.author,
            content: if full { &message.content } else { "" },
            timestamp: message.timestamp,
            edited_timestamp: message.edited_timestamp,
            tts: message.tts,
            mention_everyone: message.mention_everyone,
            mention_roles: &message.mention_roles,
            attachments: if full { &message.attachments } else { &[] },
            embeds: if full { &message.embeds } else { &[] },
            pinned: message.pinned,
            kind: message.kind,
            flags: message.flags,
            components: if full { &message.components } else { &[] },
            nonce: message.nonce.as_ref(),
            message_reference: message.message_reference.as_ref(),
            referenced_message: match &message.referenced_message {
                Referenced::Absent => None,
                Referenced::Deleted => Some(Value::Null),
                Referenced::Known(message) => {
                    let mut value = json::tree(message);
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

/// MESSAGE_DELETE. See [Discord Docs/Message Delete].
///
/// [Discord Docs/Message Delete]: https://discord.com/developers/docs/events/gateway-events#message-delete
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MessageDeleted {
    /// Channel.
    pub channel_id: ChannelId,
    /// Guild.
    pub guild_id: GuildId,
    /// Message.
    pub id: MessageId,
}

/// MESSAGE_DELETE_BULK. See [Discord Docs/Message Delete Bulk].
///
/// [Discord Docs/Message Delete Bulk]: https://discord.com/developers/docs/events/gateway-events#message-delete-bulk
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MessagesDeleted<'a> {
    /// Channel.
    pub channel_id: ChannelId,
    /// Guild.
    pub guild_id: GuildId,
    /// Messages.
    pub ids: &'a [MessageId],
}

/// TYPING_START. See [Discord Docs/Typing Start].
///
/// [Discord Docs/Typing Start]: https://discord.com/developers/docs/events/gateway-events#typing-start
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Typing<'a> {
    channel_id: ChannelId,
    guild_id: GuildId,
    member: &'a Member,
    /// Seconds since 1970, unlike every other time.
    timestamp: u64,
    user_id: UserId,
}

impl<'a> Typing<'a> {
    /// Tells who types where.
    #[must_use]
    pub const fn new(
        guild_id: GuildId,
        channel_id: ChannelId,
        member: &'a Member,
        now: Timestamp,
    ) -> Self {
        let (timestamp, user_id) = (now.seconds(), member.user.id);
        Self { channel_id, guild_id, member, timestamp, user_id }
    }
}
