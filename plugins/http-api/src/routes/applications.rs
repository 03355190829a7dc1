//! What libraries ask of their application, and the commands that they register.
//!
//! Nothing runs commands here; registering succeeds so that bots which register at start can start.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use throng_proto::id::{AnyId, GuildId, UserId};
use throng_proto::model::ApplicationCommand;
use throng_proto::model::User;
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::{At, Form, List};
use crate::schema;

/// Returns the application of the account that asks.
#[utoipa::path(get, path = "/applications/@me", tag = "applications",
    responses((status = 200, body = schema::Application)))]
pub(super) async fn get_my_application(ask: Ask) -> Answer {
    let owner = owner(&ask).await?;
    Ok(answer::ok(&application(&ask, &owner)))
}

/// Returns the application of the account that asks.
#[utoipa::path(get, path = "/oauth2/applications/@me", tag = "applications",
    responses((status = 200, body = schema::Application)))]
pub(super) async fn get_my_oauth2_application(ask: Ask) -> Answer {
    let owner = owner(&ask).await?;
    Ok(answer::ok(&application(&ask, &owner)))
}

/// Finds who owns the account that asks: whom an operator named, or itself.
async fn owner(ask: &Ask) -> Result<User, Fault> {
    let account = ask.api.hub.account(ask.user.id).await?;
    let Some(owner) = account.and_then(|account| account.owner) else {
        return Ok(ask.user.clone());
    };
    let owner = ask.api.hub.account(owner).await?;
    Ok(owner.map_or_else(|| ask.user.clone(), |owner| owner.user))
}

/// Every account is its own application.
///
/// What it does not have is absent rather than null where Discord's description says so: libraries
/// take whatever is there for an object or an id.
fn application(ask: &Ask, owner: &User) -> Value {
    json!({
        "id": ask.user.id,
        "name": ask.user.username,
        "icon": null,
        "description": "",
        "summary": "",
        "type": null,
        "bot_public": true,
        "bot_require_code_grant": false,
        // Signs interactions, which do not exist here; 32 bytes in hex, as clients expect.
        "verify_key": "0".repeat(64),
        "owner": owner,
        "team": null,
        "bot": ask.user,
        // Intents MESSAGE_CONTENT, GUILD_MEMBERS and GUILD_PRESENCES are granted to everybody.
        "flags": APPLICATION_FLAGS,
        "flags_new": APPLICATION_FLAGS.to_string(),
        "tags": [],
        "integration_types_config": {},
        "redirect_uris": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "rpc_origins": [],
        "hook": true,
        "approximate_guild_count": 0,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    })
}

/// GATEWAY_PRESENCE (12), GATEWAY_GUILD_MEMBERS (14), GATEWAY_MESSAGE_CONTENT (18).
const APPLICATION_FLAGS: u32 = 1 << 12 | 1 << 14 | 1 << 18;

/// Lists global commands: none are kept.
#[utoipa::path(get, path = "/applications/{application_id}/commands", tag = "applications",
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(super) async fn list_commands(ask: Ask, At((application,)): At<(UserId,)>) -> Answer {
    own(&ask, application)?;
    Ok(answer::ok(&json!([])))
}

/// Accepts a global command.
#[utoipa::path(post, path = "/applications/{application_id}/commands", tag = "applications",
    request_body = schema::ApplicationCommand,
    responses((status = 201, body = schema::ApplicationCommand)))]
pub(super) async fn create_command(
    ask: Ask,
    At((application,)): At<(UserId,)>,
    Form(command): Form<ApplicationCommand>,
) -> Answer {
    own(&ask, application)?;
    Ok(answer::json(StatusCode::CREATED, &registered(&ask, None, command)))
}

/// Accepts all global commands.
#[utoipa::path(put, path = "/applications/{application_id}/commands", tag = "applications",
    request_body = Vec<schema::ApplicationCommand>,
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(super) async fn replace_commands(
    ask: Ask,
    At((application,)): At<(UserId,)>,
    List(commands): List<ApplicationCommand>,
) -> Answer {
    own(&ask, application)?;
    replace(&ask, None, commands)
}

/// Lists commands of a guild: none are kept.
#[utoipa::path(get, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications", responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(super) async fn list_guild_commands(
    ask: Ask,
    At((application, _guild)): At<(UserId, GuildId)>,
) -> Answer {
    own(&ask, application)?;
    Ok(answer::ok(&json!([])))
}

/// Accepts a command of a guild.
#[utoipa::path(post, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications", request_body = schema::ApplicationCommand,
    responses((status = 201, body = schema::ApplicationCommand)))]
pub(super) async fn create_guild_command(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
    Form(command): Form<ApplicationCommand>,
) -> Answer {
    own(&ask, application)?;
    Ok(answer::json(StatusCode::CREATED, &registered(&ask, Some(guild), command)))
}

/// Accepts all commands of a guild.
#[utoipa::path(put, path = "/applications/{application_id}/guilds/{guild_id}/commands",
    tag = "applications", request_body = Vec<schema::ApplicationCommand>,
    responses((status = 200, body = Vec<schema::ApplicationCommand>)))]
pub(super) async fn replace_guild_commands(
    ask: Ask,
    At((application, guild)): At<(UserId, GuildId)>,
    List(commands): List<ApplicationCommand>,
) -> Answer {
    own(&ask, application)?;
    replace(&ask, Some(guild), commands)
}

fn own(ask: &Ask, application: UserId) -> Result<(), Fault> {
    if application == ask.user.id { Ok(()) } else { Err(Refusal::MissingAccess.into()) }
}

fn replace(ask: &Ask, guild: Option<GuildId>, commands: Vec<ApplicationCommand>) -> Answer {
    let commands: Vec<_> =
        commands.into_iter().map(|command| registered(ask, guild, command)).collect();
    Ok(answer::ok(&commands))
}

/// A command with what the server adds to it.
#[derive(Serialize)]
struct Registered {
    id: AnyId,
    application_id: UserId,
    version: AnyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    guild_id: Option<GuildId>,
    #[serde(flatten)]
    command: ApplicationCommand,
}

fn registered(ask: &Ask, guild_id: Option<GuildId>, command: ApplicationCommand) -> Registered {
    let id = AnyId::new(ask.api.hub.next_id());
    Registered { id, application_id: ask.user.id, version: id, guild_id, command }
}
