//! Invites.

use utoipa::ToSchema;

use super::User;

/// What an invite should be; absent keys have their defaults.
#[derive(Debug, ToSchema)]
pub struct InviteSettings {
    /// 0 to 604,800 seconds; 0 is for ever, and absent is a day.
    pub max_age: Option<u32>,
    /// 0 to 100; 0 is any number.
    pub max_uses: Option<u32>,
    /// Must not be true.
    pub temporary: Option<bool>,
    /// Makes another one even if there is one like it.
    pub unique: Option<bool>,
}

/// An invite as whoever knows its code sees it.
#[derive(Debug, ToSchema)]
pub struct PartialInvite {
    /// Always 0.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Name.
    pub code: String,
    /// Guild.
    pub guild_id: String,
    /// Guild.
    pub guild: InvitedGuild,
    /// Channel.
    pub channel: InvitedChannel,
    /// Who made it.
    pub inviter: Option<User>,
    /// End, ISO 8601; null when there is none.
    pub expires_at: Option<String>,
    /// Members, with `with_counts`.
    pub approximate_member_count: Option<u64>,
    /// Members who are online, with `with_counts`.
    pub approximate_presence_count: Option<u64>,
    /// Tells whether the account was no member before, when it accepted.
    pub new_member: Option<bool>,
}

/// An invite as those see it who manage it.
#[derive(Debug, ToSchema)]
pub struct Invite {
    /// Always 0.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Name.
    pub code: String,
    /// Guild.
    pub guild_id: String,
    /// Guild.
    pub guild: InvitedGuild,
    /// Channel.
    pub channel: InvitedChannel,
    /// Who made it.
    pub inviter: Option<User>,
    /// End, ISO 8601; null when there is none.
    pub expires_at: Option<String>,
    /// How often it was used.
    pub uses: u32,
    /// How often it can be used; 0 is any number.
    pub max_uses: u32,
    /// Seconds that it lasts; 0 is for ever.
    pub max_age: u32,
    /// Always false.
    pub temporary: bool,
    /// ISO 8601.
    pub created_at: String,
}

/// A guild as an invite shows it.
#[derive(Debug, ToSchema)]
pub struct InvitedGuild {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// 0 to 4.
    pub verification_level: u8,
    /// Always null.
    pub icon: Option<String>,
    /// Always null.
    pub splash: Option<String>,
    /// Always null.
    pub banner: Option<String>,
    /// Always empty.
    pub features: Vec<String>,
    /// Always null.
    pub vanity_url_code: Option<String>,
    /// Always 0.
    pub premium_subscription_count: u32,
    /// Always 0.
    pub premium_tier: u32,
    /// Always false.
    pub nsfw: bool,
    /// Always 0.
    pub nsfw_level: u8,
}

/// A channel as an invite shows it.
#[derive(Debug, ToSchema)]
pub struct InvitedChannel {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind, as in a channel.
    #[schema(rename = "type")]
    pub kind: u8,
}

/// A user to add to a guild, with its consent.
#[derive(Debug, ToSchema)]
pub struct NewMember {
    /// A token of that user.
    pub access_token: String,
    /// At most 32 characters. Needs MANAGE_NICKNAMES.
    pub nick: Option<String>,
    /// Ids of roles. Needs MANAGE_ROLES.
    pub roles: Option<Vec<String>>,
    /// Mute in voice. Needs MUTE_MEMBERS.
    pub mute: Option<bool>,
    /// Deafen in voice. Needs DEAFEN_MEMBERS.
    pub deaf: Option<bool>,
}
