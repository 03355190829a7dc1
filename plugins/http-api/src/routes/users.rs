//! Accounts, and the guilds of the one that asks.

use std::sync::Arc;

use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use throng_proto::command::{self, Command, Counts};
use throng_proto::id::{GuildId, RoleId, UserId};
use throng_proto::model::{CurrentUser, Role};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::{At, Search};
use crate::schema;
use crate::view;

/// Guilds that one answer lists, as at Discord.
const GUILDS_MAX: usize = 200;

/// Guilds that are asked at the same time for one list.
const GUILDS_AT_ONCE: usize = 16;

/// Returns the account that asks.
#[utoipa::path(get, path = "/users/@me", tag = "users",
    responses((status = 200, body = schema::CurrentUser)))]
pub(super) async fn get_my_user(ask: Ask) -> Response {
    answer::ok(&CurrentUser::new(&ask.user))
}

/// Returns an account.
#[utoipa::path(get, path = "/users/{user_id}", tag = "users",
    responses((status = 200, body = schema::User)))]
pub(super) async fn get_user(ask: Ask, At((user,)): At<(UserId,)>) -> Answer {
    let user = ask.api.hub.user(user).await?.ok_or(Refusal::UnknownUser)?;
    Ok(answer::ok(&user))
}

/// Lists guilds of the account that asks, in order of their ids.
#[utoipa::path(get, path = "/users/@me/guilds", tag = "users",
    params(
        ("before" = Option<String>, Query, description = "Only guilds with smaller ids."),
        ("after" = Option<String>, Query, description = "Only guilds with greater ids."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 200 when absent."),
        ("with_counts" = Option<bool>, Query, description = "Adds approximate counts."),
    ),
    responses((status = 200, body = Vec<schema::PartialGuild>)))]
pub(super) async fn list_my_guilds(ask: Ask, search: Search) -> Answer {
    let limit = search.limit(1..=GUILDS_MAX, GUILDS_MAX)?;
    let (before, after) = (search.id("before")?, search.id("after")?);
    let counts = search.flag("with_counts");
    let mut guilds = ask.api.hub.guilds_of(ask.user.id).await?;
    guilds.retain(|id| before.is_none_or(|before| *id < before));
    guilds.retain(|id| after.is_none_or(|after| *id > after));
    if before.is_some() && after.is_none() {
        // Going backwards, a page ends right before the given id.
        guilds.drain(..guilds.len().saturating_sub(limit));
    }
    guilds.truncate(limit);
    let partials: Vec<Option<Value>> = stream::iter(guilds)
        .map(|guild| partial(&ask, guild, counts))
        .buffered(GUILDS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(answer::ok(&partials.into_iter().flatten().collect::<Vec<_>>()))
}

/// Describes one guild; `None` when the user or the guild has gone meanwhile.
async fn partial(ask: &Ask, guild: GuildId, counts: bool) -> Result<Option<Value>, Fault> {
    let view = read(ask, guild, Command::GuildGet { counts }, view::guild).await?;
    let held = read(ask, guild, Command::MemberGet(ask.user.id), view::member).await?;
    let (Some(view), Some(held)) = (view, held) else { return Ok(None) };
    let owner = view.guild.owner_id == ask.user.id;
    let permissions = permissions(guild, &view.roles, &held.profile.roles, owner);
    let mut partial = json!({
        "id": guild,
        "name": view.guild.name,
        "icon": null,
        "banner": null,
        "owner": owner,
        "permissions": permissions,
        "features": [],
    });
    if let Some(Counts { members, online }) = view.counts {
        partial["approximate_member_count"] = json!(members);
        partial["approximate_presence_count"] = json!(online);
    }
    Ok(Some(partial))
}

/// Reads something of a guild as the user; `None` when that is not there, or no more.
async fn read<T>(
    ask: &Ask,
    guild: GuildId,
    command: Command,
    of: fn(command::Answer) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match ask.guild(guild, command).await {
        Ok(reply) => of(reply.answer).map(Some),
        Err(fault) if fault.status().is_client_error() => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Combines what @everyone and the held roles grant in the whole guild.
fn permissions(guild: GuildId, roles: &[Arc<Role>], held: &[RoleId], owner: bool) -> Permissions {
    let granted = roles
        .iter()
        .filter(|role| role.id == guild.cast() || held.contains(&role.id))
        .fold(Permissions::NONE, |sum, role| sum | role.permissions);
    let all = owner || granted.contains(Permissions::ADMINISTRATOR);
    if all { Permissions::ALL } else { granted }
}

/// Leaves a guild.
#[utoipa::path(delete, path = "/users/@me/guilds/{guild_id}", tag = "users",
    responses((status = 204)))]
pub(super) async fn leave_guild(ask: Ask, At((guild,)): At<(GuildId,)>) -> Answer {
    ask.guild(guild, Command::MemberDelete(ask.user.id)).await?;
    Ok(answer::nothing())
}
