//! Every route of the public API with its description.

mod applications;
mod channels;
mod commands;
pub(crate) mod gateway;
mod guilds;
mod invites;
mod members;
mod messages;
mod overwrites;
mod reactions;
mod roles;
mod soundboard;
mod users;

use std::sync::Arc;

use axum::routing::any;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Api;
use crate::fault::Fault;

/// Routes that need no token.
pub(crate) fn open() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(gateway::get_gateway))
}

/// Routes that need a token.
pub(crate) fn guarded() -> OpenApiRouter<Arc<Api>> {
    accounts().merge(catalogs()).merge(places()).merge(talk()).merge(absent())
}

/// Words of Discord's API that stand where routes of ours have ids: they are no bad ids, but
/// nothing that is served.
fn absent() -> OpenApiRouter<Arc<Api>> {
    [
        "/channels/{channel_id}/messages/pins",
        "/channels/{channel_id}/messages/search",
        "/guilds/{guild_id}/roles/member-counts",
        "/guilds/templates",
        "/guilds/templates/{code}",
    ]
    .into_iter()
    .fold(OpenApiRouter::new(), |router, path| router.route(path, any(async || Fault::not_found())))
}

fn accounts() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(gateway::get_bot_gateway))
        .routes(routes!(soundboard::list_default_sounds))
        .routes(routes!(users::get_my_user))
        .routes(routes!(users::get_user))
        .routes(routes!(users::list_my_guilds))
        .routes(routes!(users::leave_guild))
        .routes(routes!(applications::get_my_application))
        .routes(routes!(applications::get_my_oauth2_application))
}

fn catalogs() -> OpenApiRouter<Arc<Api>> {
    use commands::{everywhere, guild, permissions};
    OpenApiRouter::new()
        .routes(routes!(
            everywhere::list_commands,
            everywhere::create_command,
            everywhere::replace_commands
        ))
        .routes(routes!(
            everywhere::get_command,
            everywhere::update_command,
            everywhere::delete_command
        ))
        .routes(routes!(
            guild::list_guild_commands,
            guild::create_guild_command,
            guild::replace_guild_commands
        ))
        .routes(routes!(
            guild::get_guild_command,
            guild::update_guild_command,
            guild::delete_guild_command
        ))
        .routes(routes!(permissions::list_command_permissions))
        .routes(routes!(
            permissions::get_command_permissions,
            permissions::update_command_permissions
        ))
}

fn places() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(guilds::create_guild))
        .routes(routes!(guilds::get_guild, guilds::update_guild, guilds::delete_guild))
        .routes(routes!(channels::list_guild_channels, channels::create_guild_channel))
        .routes(routes!(channels::get_channel, channels::update_channel, channels::delete_channel))
        .routes(routes!(overwrites::put_overwrite, overwrites::delete_overwrite))
        .routes(routes!(roles::list_guild_roles, roles::create_guild_role))
        .routes(routes!(roles::update_guild_role, roles::delete_guild_role))
        .routes(routes!(invites::list_channel_invites, invites::create_channel_invite))
        .routes(routes!(invites::list_guild_invites))
        .routes(routes!(invites::get_invite, invites::accept_invite, invites::delete_invite))
        .routes(routes!(members::list_guild_members))
        .routes(routes!(members::search_guild_members))
        .routes(routes!(members::update_my_guild_member))
        .routes(routes!(
            members::get_guild_member,
            members::add_guild_member,
            members::update_guild_member,
            members::delete_guild_member
        ))
        .routes(routes!(members::add_guild_member_role, members::delete_guild_member_role))
}

fn talk() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(messages::list_messages, messages::create_message))
        .routes(routes!(messages::bulk_delete_messages))
        .routes(routes!(messages::get_message, messages::update_message, messages::delete_message))
        .routes(routes!(messages::trigger_typing))
        .routes(routes!(reactions::delete_all_reactions))
        .routes(routes!(reactions::list_reactors, reactions::delete_emoji_reactions))
        .routes(routes!(reactions::add_my_reaction, reactions::delete_my_reaction))
        .routes(routes!(reactions::delete_user_reaction))
}
