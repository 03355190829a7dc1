//! Digests: which channels have news, for sessions that get no messages.

use serde::Serialize;

use crate::id::{ChannelId, GuildId, MessageId};
use crate::model::constant::{Empty, Null};

/// A channel that has news.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChannelNews {
    id: ChannelId,
    last_message_id: MessageId,
    last_pin_timestamp: Null,
}

/// PASSIVE_UPDATE_V1, for clients that say nothing else.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PassiveUpdateV1<'a> {
    channels: &'a [ChannelNews],
    guild_id: GuildId,
    members: Empty,
    voice_states: Empty,
}

/// PASSIVE_UPDATE_V2, for clients with its capability: only what has changed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PassiveUpdateV2<'a> {
    guild_id: GuildId,
    removed_voice_states: Empty,
    updated_channels: &'a [ChannelNews],
    updated_members: Empty,
    updated_voice_states: Empty,
}

/// CHANNEL_UNREAD_UPDATE, for clients that want nothing but that.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChannelUnreadUpdate<'a> {
    channel_unread_updates: &'a [ChannelNews],
    guild_id: GuildId,
}

impl ChannelNews {
    /// Names the last message of a channel.
    #[must_use]
    pub const fn new(id: ChannelId, last_message_id: MessageId) -> Self {
        Self { id, last_message_id, last_pin_timestamp: Null }
    }
}

impl<'a> PassiveUpdateV1<'a> {
    /// Names channels of a guild.
    #[must_use]
    pub const fn new(guild_id: GuildId, channels: &'a [ChannelNews]) -> Self {
        Self { channels, guild_id, members: Empty, voice_states: Empty }
    }
}

impl<'a> PassiveUpdateV2<'a> {
    /// Names channels of a guild.
    #[must_use]
    pub const fn new(guild_id: GuildId, updated_channels: &'a [ChannelNews]) -> Self {
        Self {
            guild_id,
            removed_voice_states: Empty,
            updated_channels,
            updated_members: Empty,
            updated_voice_states: Empty,
        }
    }
}

impl<'a> ChannelUnreadUpdate<'a> {
    /// Names channels of a guild.
    #[must_use]
    pub const fn new(guild_id: GuildId, channel_unread_updates: &'a [ChannelNews]) -> Self {
        Self { channel_unread_updates, guild_id }
    }
}
