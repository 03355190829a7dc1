//! Commands of an application in one guild.

use http::HeaderMap;
use throng_proto::catalog::CommandChange;
use throng_proto::id::{CommandId, GuildId, UserId};
use throng_proto::model::ApplicationCommand;
use throng_proto::model::application_command::{CommandEntry, CommandPatch};

use super::Shelf;
use crate::answer::Answer;
use crate::api::Ask;
use crate::request::{At, Form, List, Search};
use crate::schema;

/// Lists the commands of a guild, in order of their ids.
#[utoipa::path(get, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications",
    params(("with_localizations" = Option<bool>, Query,
        description = "Texts in all languages, not in that of `X-Discord-Locale` alone.")),
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(in crate::routes) async fn list_guild_commands(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
    search: Search,
    headers: HeaderMap,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?.list(&search, &headers).await
}

/// Adds a command of a guild, or puts it in the place of that with its type and name.
#[utoipa::path(post, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications",
    request_body = schema::ApplicationCommandDraft,
    responses((status = 201, body = schema::ApplicationCommand),
        (status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn create_guild_command(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
    Form(command): Form<ApplicationCommand>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild)
        .await?
        .change(CommandChange::Put(Box::new(command)))
        .await
}

/// Replaces all commands of a guild. Those with the type and name of one before keep its id.
#[utoipa::path(put, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications",
    request_body = Vec<schema::ApplicationCommandDraft>,
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(in crate::routes) async fn replace_guild_commands(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
    List(entries): List<CommandEntry>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?.replace(CommandChange::Replace(entries)).await
}

/// Returns a command of a guild.
#[utoipa::path(get, path = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    tag = "applications",
    responses((status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn get_guild_command(
    ask: Ask,
    At((application, guild, id)): At<(UserId, GuildId, CommandId)>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?.get(id).await
}

/// Changes a command of a guild. Keys that are absent leave what is there.
#[utoipa::path(patch,
    path = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    tag = "applications",
    request_body = schema::ApplicationCommandDraft,
    responses((status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn update_guild_command(
    ask: Ask,
    At((application, guild, id)): At<(UserId, GuildId, CommandId)>,
    Form(patch): Form<CommandPatch>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?.change(CommandChange::Edit(id, patch)).await
}

/// Deletes a command of a guild.
#[utoipa::path(delete,
    path = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
    tag = "applications",
    responses((status = 204)))]
pub(in crate::routes) async fn delete_guild_command(
    ask: Ask,
    At((application, guild, id)): At<(UserId, GuildId, CommandId)>,
) -> Answer {
    Shelf::of_guild(&ask, application, guild).await?.change(CommandChange::Delete(id)).await
}
