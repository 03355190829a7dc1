//! Commands of an application that are everywhere.

use http::HeaderMap;
use throng_proto::catalog::CommandChange;
use throng_proto::id::{CommandId, UserId};
use throng_proto::model::ApplicationCommand;
use throng_proto::model::application_command::{CommandEntry, CommandPatch};

use super::Shelf;
use crate::answer::Answer;
use crate::api::Ask;
use crate::request::{At, Form, List, Search};
use crate::schema;

/// Lists the commands that are everywhere, in order of their ids.
#[utoipa::path(get, path = "/applications/{application_id}/commands",
    tag = "applications",
    params(("with_localizations" = Option<bool>, Query,
        description = "Texts in all languages, not in that of `X-Discord-Locale` alone.")),
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(in crate::routes) async fn list_commands(
    ask: Ask,
    At((application,)): At<(UserId,)>,
    search: Search,
    headers: HeaderMap,
) -> Answer {
    Shelf::everywhere(&ask, application)?.list(&search, &headers).await
}

/// Adds a command that is everywhere, or puts it in the place of that with its type and name.
#[utoipa::path(post, path = "/applications/{application_id}/commands",
    tag = "applications",
    request_body = schema::ApplicationCommandDraft,
    responses((status = 201, body = schema::ApplicationCommand),
        (status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn create_command(
    ask: Ask,
    At((application,)): At<(UserId,)>,
    Form(command): Form<ApplicationCommand>,
) -> Answer {
    Shelf::everywhere(&ask, application)?.change(CommandChange::Put(Box::new(command))).await
}

/// Replaces all commands that are everywhere. Those with the type and name of one before keep its
/// id.
#[utoipa::path(put, path = "/applications/{application_id}/commands",
    tag = "applications",
    request_body = Vec<schema::ApplicationCommandDraft>,
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(in crate::routes) async fn replace_commands(
    ask: Ask,
    At((application,)): At<(UserId,)>,
    List(entries): List<CommandEntry>,
) -> Answer {
    Shelf::everywhere(&ask, application)?.replace(CommandChange::Replace(entries)).await
}

/// Returns a command that is everywhere.
#[utoipa::path(get, path = "/applications/{application_id}/commands/{command_id}",
    tag = "applications",
    responses((status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn get_command(
    ask: Ask,
    At((application, id)): At<(UserId, CommandId)>,
) -> Answer {
    Shelf::everywhere(&ask, application)?.get(id).await
}

/// Changes a command that is everywhere. Keys that are absent leave what is there.
#[utoipa::path(patch, path = "/applications/{application_id}/commands/{command_id}",
    tag = "applications",
    request_body = schema::ApplicationCommandDraft,
    responses((status = 200, body = schema::ApplicationCommand)))]
pub(in crate::routes) async fn update_command(
    ask: Ask,
    At((application, id)): At<(UserId, CommandId)>,
    Form(patch): Form<CommandPatch>,
) -> Answer {
    Shelf::everywhere(&ask, application)?.change(CommandChange::Edit(id, patch)).await
}

/// Deletes a command that is everywhere.
#[utoipa::path(delete, path = "/applications/{application_id}/commands/{command_id}",
    tag = "applications",
    responses((status = 204)))]
pub(in crate::routes) async fn delete_command(
    ask: Ask,
    At((application, id)): At<(UserId, CommandId)>,
) -> Answer {
    Shelf::everywhere(&ask, application)?.change(CommandChange::Delete(id)).await
}
