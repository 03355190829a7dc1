//! Guilds, channels, roles and members.

use utoipa::ToSchema;

use super::User;

/// A guild as a list shows it.
#[derive(Debug, ToSchema)]
pub struct PartialGuild {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub name: String,
    /// Always null.
    pub icon: Option<String>,
    /// Always null.
    pub banner: Option<String>,
    /// Tells whether the asker owns it.
    pub owner: bool,
    /// What the asker may do in the whole guild, a decimal number.
    pub permissions: String,
    /// Always empty.
    pub features: Vec<String>,
}

/// A guild; constant keys of Discord's object are sent too.
#[derive(Debug, ToSchema)]
pub struct Guild {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub name: String,
    /// Owner.
    pub owner_id: String,
    /// Description.
    pub description: Option<String>,
    /// 0 to 4.
    pub verification_level: u8,
    /// 0 or 1.
    pub default_message_notifications: u8,
    /// 0 to 2.
    pub explicit_content_filter: u8,
    /// Seconds.
    pub afk_timeout: u32,
    /// Voice channel.
    pub afk_channel_id: Option<String>,
    /// Text channel.
    pub system_channel_id: Option<String>,
    /// Roles, @everyone among them.
    pub roles: Vec<Role>,
}

/// Settings of a guild; absent keys stay.
#[derive(Debug, ToSchema)]
pub struct GuildSettings {
    /// 2 to 100 characters.
    pub name: Option<String>,
    /// At most 300 characters; null clears.
    pub description: Option<String>,
    /// New owner.
    pub owner_id: Option<String>,
    /// 0 to 4.
    pub verification_level: Option<u8>,
    /// 0 or 1.
    pub default_message_notifications: Option<u8>,
    /// 0 to 2.
    pub explicit_content_filter: Option<u8>,
    /// 60, 300, 900, 1800 or 3600 seconds.
    pub afk_timeout: Option<u32>,
    /// A voice channel; null clears.
    pub afk_channel_id: Option<String>,
    /// A text channel; null clears.
    pub system_channel_id: Option<String>,
}

/// A channel.
#[derive(Debug, ToSchema)]
pub struct Channel {
    /// Snowflake.
    pub id: String,
    /// 0 text, 2 voice, 4 category, 5 announcement, 13 stage.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Guild.
    pub guild_id: String,
    /// Name.
    pub name: String,
    /// Order.
    pub position: u32,
    /// Category.
    pub parent_id: Option<String>,
    /// Overwrites.
    pub permission_overwrites: Vec<Overwrite>,
    /// Topic.
    pub topic: Option<String>,
    /// For adults.
    pub nsfw: bool,
    /// Newest message.
    pub last_message_id: Option<String>,
    /// Always null.
    pub last_pin_timestamp: Option<String>,
    /// Seconds between messages of one member.
    pub rate_limit_per_user: u32,
    /// Always 0.
    pub flags: u32,
}

/// Settings of a channel; absent keys stay or have their defaults.
#[derive(Debug, ToSchema)]
pub struct ChannelSettings {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// Kind, as in a channel.
    #[schema(rename = "type")]
    pub kind: Option<u8>,
    /// At most 1024 characters; null clears.
    pub topic: Option<String>,
    /// Order.
    pub position: Option<u32>,
    /// Category; null clears.
    pub parent_id: Option<String>,
    /// For adults.
    pub nsfw: Option<bool>,
    /// 0 to 21,600 seconds.
    pub rate_limit_per_user: Option<u32>,
    /// 8,000 to 384,000 bits per second.
    pub bitrate: Option<u32>,
    /// 0 to 99 members.
    pub user_limit: Option<u32>,
    /// Replaces all overwrites.
    pub permission_overwrites: Option<Vec<Overwrite>>,
}

/// A change to what a role or a member may do in a channel.
#[derive(Debug, ToSchema)]
pub struct Overwrite {
    /// Role or member.
    pub id: String,
    /// 0 role, 1 member.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Added permissions, a decimal number.
    pub allow: String,
    /// Removed permissions, a decimal number.
    pub deny: String,
}

/// An overwrite whose id stands in the path.
#[derive(Debug, ToSchema)]
pub struct OverwriteSettings {
    /// 0 role, 1 member.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Added permissions; none when absent.
    pub allow: Option<String>,
    /// Removed permissions; none when absent.
    pub deny: Option<String>,
}

/// A role.
#[derive(Debug, ToSchema)]
pub struct Role {
    /// Snowflake; that of the guild for @everyone.
    pub id: String,
    /// Name.
    pub name: String,
    /// RGB.
    pub color: u32,
    /// RGB and gradients.
    pub colors: Colors,
    /// Shown apart.
    pub hoist: bool,
    /// Always null.
    pub icon: Option<String>,
    /// Always null.
    pub unicode_emoji: Option<String>,
    /// Rank.
    pub position: u32,
    /// Permissions, a decimal number.
    pub permissions: String,
    /// Always false.
    pub managed: bool,
    /// Everybody may mention it.
    pub mentionable: bool,
    /// Always 0.
    pub flags: u32,
}

/// Colours of a role.
#[derive(Debug, ToSchema)]
pub struct Colors {
    /// RGB.
    pub primary_color: u32,
    /// RGB at the other end of a gradient.
    pub secondary_color: Option<u32>,
    /// RGB of a third colour.
    pub tertiary_color: Option<u32>,
}

/// Settings of a role; absent keys stay or have their defaults.
#[derive(Debug, ToSchema)]
pub struct RoleSettings {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// Permissions, a decimal number.
    pub permissions: Option<String>,
    /// RGB; without `colors` it makes a role plain.
    pub color: Option<u32>,
    /// RGB and gradients.
    pub colors: Option<ColorSettings>,
    /// Shown apart.
    pub hoist: Option<bool>,
    /// Everybody may mention it.
    pub mentionable: Option<bool>,
    /// Rank.
    pub position: Option<u32>,
}

/// Colours of a role; absent keys stay.
#[derive(Debug, ToSchema)]
pub struct ColorSettings {
    /// RGB.
    pub primary_color: Option<u32>,
    /// RGB at the other end of a gradient; null for none.
    pub secondary_color: Option<u32>,
    /// RGB of a third colour; null for none.
    pub tertiary_color: Option<u32>,
}

/// A user in a guild.
#[derive(Debug, ToSchema)]
pub struct Member {
    /// Account.
    pub user: User,
    /// Name in this guild.
    pub nick: Option<String>,
    /// Always null.
    pub avatar: Option<String>,
    /// Always null.
    pub banner: Option<String>,
    /// Ids of roles, without @everyone.
    pub roles: Vec<String>,
    /// ISO 8601.
    pub joined_at: String,
    /// Always null.
    pub premium_since: Option<String>,
    /// Deafened in voice.
    pub deaf: bool,
    /// Muted in voice.
    pub mute: bool,
    /// Always 0.
    pub flags: u32,
    /// Always false.
    pub pending: bool,
    /// End of the time-out, ISO 8601.
    pub communication_disabled_until: Option<String>,
    /// Always null.
    pub avatar_decoration_data: Option<String>,
    /// Always null.
    pub collectibles: Option<String>,
}

/// Settings of a member; absent keys stay.
#[derive(Debug, ToSchema)]
pub struct MemberSettings {
    /// At most 32 characters; null or empty clears.
    pub nick: Option<String>,
    /// Replaces all roles.
    pub roles: Option<Vec<String>>,
    /// Mute in voice.
    pub mute: Option<bool>,
    /// Deafen in voice.
    pub deaf: Option<bool>,
    /// ISO 8601, at most 28 days ahead; null ends the time-out.
    pub communication_disabled_until: Option<String>,
}
