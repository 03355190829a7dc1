//! Events of reactions.

use serde::Serialize;

use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::model::constant::{Empty, False, Number};
use crate::model::{Emoji, Member};

/// MESSAGE_REACTION_ADD. See [Discord Docs/Message Reaction Add].
///
/// [Discord Docs/Message Reaction Add]: https://discord.com/developers/docs/events/gateway-events#message-reaction-add
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReactionAdded<'a> {
    burst: False,
    burst_colors: Empty,
    channel_id: ChannelId,
    emoji: &'a Emoji,
    guild_id: GuildId,
    member: &'a Member,
    message_author_id: UserId,
    message_id: MessageId,
    #[serde(rename = "type")]
    kind: Number<0>,
    user_id: UserId,
}

/// MESSAGE_REACTION_REMOVE. See [Discord Docs/Message Reaction Remove].
///
/// [Discord Docs/Message Reaction Remove]: https://discord.com/developers/docs/events/gateway-events#message-reaction-remove
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReactionRemoved<'a> {
    burst: False,
    channel_id: ChannelId,
    emoji: &'a Emoji,
    guild_id: GuildId,
    message_id: MessageId,
    #[serde(rename = "type")]
    kind: Number<0>,
    user_id: UserId,
}

/// MESSAGE_REACTION_REMOVE_EMOJI, or without an emoji MESSAGE_REACTION_REMOVE_ALL. See
/// [Discord Docs/Message Reaction Remove All].
///
/// [Discord Docs/Message Reaction Remove All]: https://discord.com/developers/docs/events/gateway-events#message-reaction-remove-all
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReactionsCleared<'a> {
    channel_id: ChannelId,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a Emoji>,
    guild_id: GuildId,
    message_id: MessageId,
}

/// Where a message is: its guild, its channel and itself.
type Place = (GuildId, ChannelId, MessageId);

impl<'a> ReactionAdded<'a> {
    /// Tells who added what to somebody's message.
    #[must_use]
    pub const fn new(
        (guild_id, channel_id, message_id): Place,
        emoji: &'a Emoji,
        member: &'a Member,
        message_author_id: UserId,
    ) -> Self {
        Self {
            burst: False,
            burst_colors: Empty,
            channel_id,
            emoji,
            guild_id,
            member,
            message_author_id,
            message_id,
            kind: Number,
            user_id: member.user.id,
        }
    }
}

impl<'a> ReactionRemoved<'a> {
    /// Tells whose reaction went.
    #[must_use]
    pub const fn new(
        (guild_id, channel_id, message_id): Place,
        emoji: &'a Emoji,
        user_id: UserId,
    ) -> Self {
        Self { burst: False, channel_id, emoji, guild_id, message_id, kind: Number, user_id }
    }
}

impl<'a> ReactionsCleared<'a> {
    /// Tells that all reactions went, or all with one emoji.
    #[must_use]
    pub const fn new((guild_id, channel_id, message_id): Place, emoji: Option<&'a Emoji>) -> Self {
        Self { channel_id, emoji, guild_id, message_id }
    }
}
