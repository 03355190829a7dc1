//! Invites: how users come into guilds by their own wish.

use http::StatusCode;
use throng_proto::command::Command;
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::{InviteCode, InviteDraft};
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::{At, Form, Search};
use crate::schema;

/// Makes an invite to a channel. Needs CREATE_INSTANT_INVITE.
#[utoipa::path(post, path = "/channels/{channel_id}/invites", tag = "invites",
    request_body = schema::InviteSettings, responses((status = 200, body = schema::Invite)))]
pub(super) async fn create_channel_invite(
    ask: Ask,
    At((channel,)): At<(ChannelId,)>,
    Form(draft): Form<InviteDraft>,
) -> Answer {
    let draft = InviteDraft { code: Some(ask.api.hub.invite_code()), ..draft };
    let reply = ask.channel(channel, Command::InviteCreate(channel, draft)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Lists the invites to a channel. Needs MANAGE_CHANNELS there.
#[utoipa::path(get, path = "/channels/{channel_id}/invites", tag = "invites",
    responses((status = 200, body = Vec<schema::Invite>)))]
pub(super) async fn list_channel_invites(ask: Ask, At((channel,)): At<(ChannelId,)>) -> Answer {
    let reply = ask.channel(channel, Command::InviteList(Some(channel))).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Lists all invites of a guild. Needs MANAGE_GUILD.
#[utoipa::path(get, path = "/guilds/{guild_id}/invites", tag = "invites",
    responses((status = 200, body = Vec<schema::Invite>)))]
pub(super) async fn list_guild_invites(ask: Ask, At((guild,)): At<(GuildId,)>) -> Answer {
    let reply = ask.guild(guild, Command::InviteList(None)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Returns an invite, also to who is not in the guild.
#[utoipa::path(get, path = "/invites/{invite_code}", tag = "invites",
    params(
        ("with_counts" = Option<bool>, Query, description = "Adds approximate counts."),
        ("with_expiration" = Option<bool>, Query, description = "`expires_at` is always there."),
    ),
    responses((status = 200, body = schema::PartialInvite)))]
pub(super) async fn get_invite(ask: Ask, At((code,)): At<(InviteCode,)>, search: Search) -> Answer {
    let guild = guild(&ask, &code)?;
    let counts = search.flag("with_counts");
    let reply = ask.guild(guild, Command::InviteGet { code, counts }).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Makes the account that asks a member of the invite's guild; bots may, too.
#[utoipa::path(post, path = "/invites/{invite_code}", tag = "invites",
    responses((status = 200, body = schema::PartialInvite)))]
pub(super) async fn accept_invite(ask: Ask, At((code,)): At<(InviteCode,)>) -> Answer {
    let guild = guild(&ask, &code)?;
    let reply = ask.guild(guild, Command::InviteAccept(code)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Deletes an invite. Needs MANAGE_CHANNELS in its channel, or MANAGE_GUILD.
#[utoipa::path(delete, path = "/invites/{invite_code}", tag = "invites",
    responses((status = 200, body = schema::PartialInvite)))]
pub(super) async fn delete_invite(ask: Ask, At((code,)): At<(InviteCode,)>) -> Answer {
    let guild = guild(&ask, &code)?;
    let reply = ask.guild(guild, Command::InviteDelete(code)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

fn guild(ask: &Ask, code: &InviteCode) -> Result<GuildId, Fault> {
    Ok(ask.api.hub.guild_of_invite(code).ok_or(Refusal::UnknownInvite)?)
}
