//! Lists guilds with what they cost, deletes them, and takes members out.

use std::sync::Arc;

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use throng_ports::registry::GuildLoad;
use throng_proto::command::Command;
use throng_proto::id::{GuildId, UserId};

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::{At, Search};
use crate::schema;

/// Guilds that one answer lists: each is asked.
const PAGE_MAX: usize = 200;
const PAGE: usize = 100;

/// Guilds that are asked at the same time.
const GUILDS_AT_ONCE: usize = 16;

/// Lists guilds in order of their ids, with their sessions, relays and what their messages take.
#[utoipa::path(get, path = "/admin/v1/guilds", tag = "guilds",
    params(
        ("after" = Option<String>, Query, description = "Only guilds with greater ids."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 100 when absent."),
    ),
    responses((status = 200, body = schema::AdminGuilds)))]
pub(super) async fn list(State(api): State<Arc<Api>>, search: Search) -> Answer {
    let limit = search.limit(1..=PAGE_MAX, PAGE)?;
    let after = search.id("after")?.unwrap_or(GuildId::new(0));
    let loads = api.hub.guild_loads(after, limit).await;
    let asked = stream::iter(loads).map(|load| line(&api, load)).buffered(GUILDS_AT_ONCE);
    let guilds: Vec<Option<Value>> = asked.try_collect().await?;
    Ok(answer::ok(&json!({ "guilds": guilds.into_iter().flatten().collect::<Vec<_>>() })))
}

/// Describes one guild; `None` when it has gone meanwhile.
async fn line(api: &Arc<Api>, load: GuildLoad) -> Result<Option<Value>, Fault> {
    let Some(view) = api.guild(load.guild, true).await? else { return Ok(None) };
    let (members, online) = view.counts.map_or((0, 0), |counts| (counts.members, counts.online));
    let mut told = json!({
        "id": load.guild,
        "name": view.guild.name,
        "owner_id": view.guild.owner_id,
        "members": members,
        "online": online,
        "attachments": load.attachments,
        "relays": load.relays,
    });
    if let Some(size) = load.size {
        told["messages"] = json!(size.messages);
        told["message_bytes"] = json!(size.message_bytes);
    }
    Ok(Some(told))
}

/// Deletes a guild with everything in it.
#[utoipa::path(delete, path = "/admin/v1/guilds/{guild_id}", tag = "guilds",
    responses((status = 204)))]
pub(super) async fn delete(State(api): State<Arc<Api>>, At((guild,)): At<(GuildId,)>) -> Answer {
    api.operate(guild, Command::GuildDelete).await?;
    Ok(answer::nothing())
}

/// Takes a member out of a guild; its owner cannot be taken out.
#[utoipa::path(delete, path = "/admin/v1/guilds/{guild_id}/members/{user_id}", tag = "guilds",
    responses((status = 204)))]
pub(super) async fn kick(
    State(api): State<Arc<Api>>,
    At((guild, user)): At<(GuildId, UserId)>,
) -> Answer {
    api.operate(guild, Command::MemberDelete(user)).await?;
    Ok(answer::nothing())
}
