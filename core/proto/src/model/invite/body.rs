//! Invites as the HTTP API shows them.

use serde::Serialize;

use super::{Invite, InviteCode};
use crate::id::{ChannelId, GuildId};
use crate::model::constant::{Empty, False, Null, Number};
use crate::model::{Channel, ChannelKind, Guild, User};
use crate::time::Timestamp;

/// The invite object, with what was asked for beside it. See [Discord Docs/Invite Object].
///
/// [Discord Docs/Invite Object]: https://discord.com/developers/docs/resources/invite#invite-object
#[derive(Clone, Copy, Debug, Serialize)]
pub struct InviteBody<'a> {
    #[serde(flatten)]
    counts: Option<Counts>,
    channel: Option<InviteChannel<'a>>,
    code: &'a InviteCode,
    expires_at: Option<Timestamp>,
    guild: InviteGuild<'a>,
    guild_id: GuildId,
    inviter: Option<&'a User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_member: Option<bool>,
    #[serde(rename = "type")]
    kind: Number<0>,
    #[serde(flatten)]
    metadata: Option<Metadata>,
}

/// How many are in the guild of an invite.
#[derive(Clone, Copy, Debug, Serialize)]
struct Counts {
    approximate_member_count: usize,
    approximate_presence_count: usize,
}

/// How an invite may be used, for those who manage it. See [Discord Docs/Invite Metadata Object].
///
/// [Discord Docs/Invite Metadata Object]: https://discord.com/developers/docs/resources/invite#invite-metadata-object
#[derive(Clone, Copy, Debug, Serialize)]
struct Metadata {
    created_at: Timestamp,
    max_age: u32,
    max_uses: u32,
    temporary: False,
    uses: u32,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct InviteChannel<'a> {
    id: ChannelId,
    name: &'a str,
    #[serde(rename = "type")]
    kind: ChannelKind,
}

/// As much of a guild as strangers see.
#[derive(Clone, Copy, Debug, Serialize)]
struct InviteGuild<'a> {
    banner: Null,
    description: Option<&'a str>,
    features: Empty,
    icon: Null,
    id: GuildId,
    name: &'a str,
    nsfw: False,
    nsfw_level: Number<0>,
    premium_subscription_count: Number<0>,
    premium_tier: Number<0>,
    splash: Null,
    vanity_url_code: Null,
    verification_level: u8,
}

impl<'a> InviteBody<'a> {
    /// Shows an invite into a guild, and the channel that its users see first, while it exists.
    #[must_use]
    pub fn new(invite: &'a Invite, guild: &'a Guild, channel: Option<&'a Channel>) -> Self {
        Self {
            counts: None,
            channel: channel.map(|channel| InviteChannel {
                id: channel.id,
                name: &channel.name,
                kind: channel.kind,
            }),
            code: &invite.code,
            expires_at: invite.expires_at(),
            guild: InviteGuild {
                banner: Null,
                description: guild.description.as_deref(),
                features: Empty,
                icon: Null,
                id: guild.id,
                name: &guild.name,
                nsfw: False,
                nsfw_level: Number,
                premium_subscription_count: Number,
                premium_tier: Number,
                splash: Null,
                vanity_url_code: Null,
                verification_level: guild.verification_level,
            },
            guild_id: guild.id,
            inviter: invite.inviter.as_ref(),
            new_member: None,
            kind: Number,
            metadata: None,
        }
    }

    /// Adds how many members there are, and how many are online.
    #[must_use]
    pub const fn counting(self, members: usize, online: usize) -> Self {
        let counts =
            Counts { approximate_member_count: members, approximate_presence_count: online };
        Self { counts: Some(counts), ..self }
    }

    /// Adds whether who used it was no member before.
    #[must_use]
    pub const fn used_by(self, new_member: bool) -> Self {
        Self { new_member: Some(new_member), ..self }
    }

    /// Adds how it may be used.
    #[must_use]
    pub const fn with_metadata(self, invite: &Invite) -> Self {
        let metadata = Metadata {
            created_at: invite.created_at,
            max_age: invite.max_age,
            max_uses: invite.max_uses,
            temporary: False,
            uses: invite.uses,
        };
        Self { metadata: Some(metadata), ..self }
    }
}
