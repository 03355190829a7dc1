//! Who may use a command in a guild: nobody is given or denied any here, so everybody whom
//! `default_member_permissions` names.

use throng_proto::id::{CommandId, GuildId, UserId};
use throng_proto::refusal::Refusal;

use super::Shelf;
use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::At;
use crate::schema;

/// Lists to whom commands were given or denied: there is nobody.
#[utoipa::path(get, path = "/applications/{application_id}/guilds/{guild_id}/commands/permissions",
    tag = "applications", responses((status = 200, body = Vec<schema::CommandPermissions>)))]
pub(in crate::routes) async fn list_command_permissions(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?;
    Ok(answer::ok(&[(); 0]))
}

/// Tells to whom a command was given or denied: code 10066, which says that there is nobody.
#[utoipa::path(get,
    path = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions",
    tag = "applications", responses((status = 404)))]
pub(in crate::routes) async fn get_command_permissions(
    ask: Ask,
    At((application, guild, id)): At<(UserId, GuildId, CommandId)>,
) -> Answer {
    known(&ask, application, guild, id).await?;
    Err(Refusal::UnknownCommandPermissions.into())
}

/// Refuses to give or deny a command, with code 20001: a user's own token for that would be
/// needed, which does not exist here.
#[utoipa::path(put,
    path = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions",
    tag = "applications", responses((status = 403)))]
pub(in crate::routes) async fn update_command_permissions(
    ask: Ask,
    At((application, guild, id)): At<(UserId, GuildId, CommandId)>,
) -> Answer {
    known(&ask, application, guild, id).await?;
    Err(Refusal::NotForBots.into())
}

/// Makes sure that there is the command, in the guild or everywhere.
async fn known(ask: &Ask, application: UserId, guild: GuildId, id: CommandId) -> Result<(), Fault> {
    let local = Shelf::of_guild(ask, application, guild).await?;
    if local.find(id).await.is_err() {
        Shelf::everywhere(ask, application)?.find(id).await?;
    }
    Ok(())
}
