//! Roles.

use http::StatusCode;
use throng_proto::command::{Command, RolePatch};
use throng_proto::id::{GuildId, RoleId};

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::request::{At, Form};
use crate::schema;

/// Lists the roles of a guild.
#[utoipa::path(get, path = "/guilds/{guild_id}/roles", tag = "roles",
    responses((status = 200, body = Vec<schema::Role>)))]
pub(super) async fn list_guild_roles(ask: Ask, At((guild,)): At<(GuildId,)>) -> Answer {
    let reply = ask.guild(guild, Command::RoleList).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Makes a role. Needs MANAGE_ROLES.
#[utoipa::path(post, path = "/guilds/{guild_id}/roles", tag = "roles",
    request_body = schema::RoleSettings, responses((status = 200, body = schema::Role)))]
pub(super) async fn create_guild_role(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    Form(patch): Form<RolePatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::RoleCreate(patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Changes a role below one's own. Needs MANAGE_ROLES.
#[utoipa::path(patch, path = "/guilds/{guild_id}/roles/{role_id}", tag = "roles",
    request_body = schema::RoleSettings, responses((status = 200, body = schema::Role)))]
pub(super) async fn update_guild_role(
    ask: Ask,
    At((guild, role)): At<(GuildId, RoleId)>,
    Form(patch): Form<RolePatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::RolePatch(role, patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Deletes a role below one's own. Needs MANAGE_ROLES.
#[utoipa::path(delete, path = "/guilds/{guild_id}/roles/{role_id}", tag = "roles",
    responses((status = 204)))]
pub(super) async fn delete_guild_role(
    ask: Ask,
    At((guild, role)): At<(GuildId, RoleId)>,
) -> Answer {
    ask.guild(guild, Command::RoleDelete(role)).await?;
    Ok(answer::nothing())
}
