//! Guilds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Role;
use super::constant::{Empty, False, Locale, Null, Number, Region};
use crate::id::{ChannelId, GuildId, UserId};

/// What a guild keeps about itself; its roles, channels and members are kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guild {
    /// Snowflake.
    pub id: GuildId,
    /// Name, 2 to 100 characters.
    pub name: String,
    /// The one member who may do everything.
    pub owner_id: UserId,
    /// Description, 0 to 300 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// How much a new member must have proved, 0 to 4.
    #[serde(default)]
    pub verification_level: u8,
    /// 0: notify of all messages, 1: only of mentions.
    #[serde(default)]
    pub default_message_notifications: u8,
    /// Whose media is scanned, 0 to 2.
    #[serde(default)]
    pub explicit_content_filter: u8,
    /// Seconds until idle members in voice move to the AFK channel.
    #[serde(default = "afk_timeout")]
    pub afk_timeout: u32,
    /// Where they move to.
    #[serde(default)]
    pub afk_channel_id: Option<ChannelId>,
    /// Where notices of the system appear.
    #[serde(default)]
    pub system_channel_id: Option<ChannelId>,
}

const fn afk_timeout() -> u32 {
    300
}

impl Guild {
    /// Makes a guild with default settings.
    #[must_use]
    pub fn new(id: GuildId, name: impl Into<String>, owner_id: UserId) -> Self {
        Self {
            id,
            name: name.into(),
            owner_id,
            description: None,
            verification_level: 0,
            default_message_notifications: 0,
            explicit_content_filter: 0,
            afk_timeout: afk_timeout(),
            afk_channel_id: None,
            system_channel_id: None,
        }
    }

    /// Adds roles and constants: the guild object of the protocol.
    #[must_use]
    pub fn body<'a>(&'a self, roles: Vec<&'a Arc<Role>>) -> GuildBody<'a> {
        GuildBody { guild: self, roles, ..GuildBody::of(self) }
    }
}

/// The guild object of the protocol, in GUILD_CREATE, GUILD_UPDATE and the HTTP API.
#[derive(Clone, Debug, Serialize)]
pub struct GuildBody<'a> {
    #[serde(flatten)]
    guild: &'a Guild,
    roles: Vec<&'a Arc<Role>>,
    icon: Null,
    home_header: Null,
    splash: Null,
    discovery_splash: Null,
    banner: Null,
    widget_enabled: False,
    widget_channel_id: Null,
    emojis: Empty,
    stickers: Empty,
    features: Empty,
    mfa_level: Number<0>,
    application_id: Null,
    system_channel_flags: Number<0>,
    rules_channel_id: Null,
    public_updates_channel_id: Null,
    safety_alerts_channel_id: Null,
    max_presences: Null,
    max_members: Number<25_000_000>,
    vanity_url_code: Null,
    premium_tier: Number<0>,
    premium_subscription_count: Number<0>,
    premium_progress_bar_enabled: False,
    preferred_locale: Locale,
    max_video_channel_users: Number<25>,
    max_stage_video_channel_users: Number<50>,
    nsfw: False,
    nsfw_level: Number<0>,
    region: Region,
    incidents_data: Null,
}

impl<'a> GuildBody<'a> {
    const fn of(guild: &'a Guild) -> Self {
        Self {
            guild,
            roles: Vec::new(),
            icon: Null,
            home_header: Null,
            splash: Null,
            discovery_splash: Null,
            banner: Null,
            widget_enabled: False,
            widget_channel_id: Null,
            emojis: Empty,
            stickers: Empty,
            features: Empty,
            mfa_level: Number,
            application_id: Null,
            system_channel_flags: Number,
            rules_channel_id: Null,
            public_updates_channel_id: Null,
            safety_alerts_channel_id: Null,
            max_presences: Null,
            max_members: Number,
            vanity_url_code: Null,
            premium_tier: Number,
            premium_subscription_count: Number,
            premium_progress_bar_enabled: False,
            preferred_locale: Locale,
            max_video_channel_users: Number,
            max_stage_video_channel_users: Number,
            nsfw: False,
            nsfw_level: Number,
            region: Region,
            incidents_data: Null,
        }
    }
}
