//! What libraries ask of their application.

use serde_json::{Value, json};
use throng_proto::model::User;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
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
