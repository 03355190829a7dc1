//! Channels.

use http::StatusCode;
use throng_proto::command::{ChannelPatch, Command};
use throng_proto::id::{ChannelId, GuildId};

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::request::{At, Form};
use crate::schema;

/// Lists the channels of a guild.
#[utoipa::path(get, path = "/guilds/{guild_id}/channels", tag = "channels",
    responses((status = 200, body = Vec<schema::Channel>)))]
pub(super) async fn list_guild_channels(ask: Ask, At((guild,)): At<(GuildId,)>) -> Answer {
    let reply = ask.guild(guild, Command::ChannelList).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Makes a channel. Needs MANAGE_CHANNELS.
#[utoipa::path(post, path = "/guilds/{guild_id}/channels", tag = "channels",
    request_body = schema::ChannelSettings, responses((status = 201, body = schema::Channel)))]
pub(super) async fn create_guild_channel(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    Form(patch): Form<ChannelPatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::ChannelCreate(patch)).await?;
    Ok(answer::reply(StatusCode::CREATED, reply))
}

/// Returns a channel.
#[utoipa::path(get, path = "/channels/{channel_id}", tag = "channels",
    responses((status = 200, body = schema::Channel)))]
pub(super) async fn get_channel(ask: Ask, At((channel,)): At<(ChannelId,)>) -> Answer {
    let reply = ask.channel(channel, Command::ChannelGet(channel)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Changes a channel. Needs MANAGE_CHANNELS there.
#[utoipa::path(patch, path = "/channels/{channel_id}", tag = "channels",
    request_body = schema::ChannelSettings, responses((status = 200, body = schema::Channel)))]
pub(super) async fn update_channel(
    ask: Ask,
    At((channel,)): At<(ChannelId,)>,
    Form(patch): Form<ChannelPatch>,
) -> Answer {
    let reply = ask.channel(channel, Command::ChannelPatch(channel, patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Deletes a channel and returns it. Needs MANAGE_CHANNELS there.
#[utoipa::path(delete, path = "/channels/{channel_id}", tag = "channels",
    responses((status = 200, body = schema::Channel)))]
pub(super) async fn delete_channel(ask: Ask, At((channel,)): At<(ChannelId,)>) -> Answer {
    let reply = ask.channel(channel, Command::ChannelDelete(channel)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}
