//! Events of invites.

use serde::Serialize;

use crate::id::{ChannelId, GuildId};
use crate::model::constant::{False, Number};
use crate::model::{Invite, InviteCode, User};
use crate::time::Timestamp;

/// INVITE_CREATE. See [Discord Docs/Invite Create].
///
/// [Discord Docs/Invite Create]: https://discord.com/developers/docs/events/gateway-events#invite-create
#[derive(Clone, Copy, Debug, Serialize)]
pub struct InviteCreated<'a> {
    channel_id: ChannelId,
    code: &'a InviteCode,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    guild_id: GuildId,
    inviter: Option<&'a User>,
    max_age: u32,
    max_uses: u32,
    temporary: False,
    #[serde(rename = "type")]
    kind: Number<0>,
    uses: u32,
}

/// INVITE_DELETE. See [Discord Docs/Invite Delete].
///
/// [Discord Docs/Invite Delete]: https://discord.com/developers/docs/events/gateway-events#invite-delete
#[derive(Clone, Copy, Debug, Serialize)]
pub struct InviteDeleted<'a> {
    channel_id: ChannelId,
    code: &'a InviteCode,
    guild_id: GuildId,
}

impl<'a> From<&'a Invite> for InviteCreated<'a> {
    fn from(invite: &'a Invite) -> Self {
        Self {
            channel_id: invite.channel_id,
            code: &invite.code,
            created_at: invite.created_at,
            expires_at: invite.expires_at(),
            guild_id: invite.guild_id,
            inviter: invite.inviter.as_ref(),
            max_age: invite.max_age,
            max_uses: invite.max_uses,
            temporary: False,
            kind: Number,
            uses: invite.uses,
        }
    }
}

impl<'a> From<&'a Invite> for InviteDeleted<'a> {
    fn from(invite: &'a Invite) -> Self {
        let Invite { channel_id, guild_id, ref code, .. } = *invite;
        Self { channel_id, code, guild_id }
    }
}
