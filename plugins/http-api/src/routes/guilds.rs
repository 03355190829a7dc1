//! Guilds as a whole.

use http::StatusCode;
use throng_ports::hub::GuildDraft;
use throng_proto::command::{Command, GuildPatch};
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::{Channel, ChannelKind, Guild, Member, Profile, Role};
use throng_proto::permissions::Permissions;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::clock;
use crate::fault::Fault;
use crate::request::{At, Form, Search};
use crate::schema;

/// Makes a guild with a channel `general`, owned by the account that asks, which may not be in too
/// many or have made too many lately.
#[utoipa::path(post, path = "/guilds", tag = "guilds", request_body = schema::GuildSettings,
    responses((status = 201, body = schema::Guild)))]
pub(super) async fn create_guild(ask: Ask, Form(patch): Form<GuildPatch>) -> Answer {
    let name = patch
        .name
        .ok_or_else(|| Fault::field("name", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let name = name.trim();
    if !(2..=100).contains(&name.chars().count()) {
        let message = "Must be between 2 and 100 in length.";
        return Err(Fault::field("name", "BASE_TYPE_BAD_LENGTH", message));
    }
    let hub = &ask.api.hub;
    let id = GuildId::new(hub.next_id());
    let general = ChannelId::new(hub.next_id());
    let draft = GuildDraft {
        guild: Guild::new(id, name, ask.user.id),
        roles: vec![Role::new(id.cast(), "@everyone", Permissions::DEFAULT)],
        channels: vec![Channel::new(general, id, "general", ChannelKind::TEXT)],
        members: vec![Member {
            user: ask.user.clone(),
            profile: Profile::new(clock::now(), Vec::new()),
        }],
    };
    hub.found_guild(ask.user.clone(), draft).await?;
    let reply = ask.guild(id, Command::GuildGet { counts: false }).await?;
    Ok(answer::reply(StatusCode::CREATED, reply))
}

/// Returns a guild.
#[utoipa::path(get, path = "/guilds/{guild_id}", tag = "guilds",
    params(("with_counts" = Option<bool>, Query, description = "Adds approximate counts.")),
    responses((status = 200, body = schema::Guild)))]
pub(super) async fn get_guild(ask: Ask, At((guild,)): At<(GuildId,)>, search: Search) -> Answer {
    let counts = search.flag("with_counts");
    let reply = ask.guild(guild, Command::GuildGet { counts }).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Changes a guild. Needs MANAGE_GUILD.
#[utoipa::path(patch, path = "/guilds/{guild_id}", tag = "guilds",
    request_body = schema::GuildSettings, responses((status = 200, body = schema::Guild)))]
pub(super) async fn update_guild(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    Form(patch): Form<GuildPatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::GuildPatch(patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Deletes a guild. Only its owner may.
#[utoipa::path(delete, path = "/guilds/{guild_id}", tag = "guilds", responses((status = 204)))]
pub(super) async fn delete_guild(ask: Ask, At((guild,)): At<(GuildId,)>) -> Answer {
    ask.guild(guild, Command::GuildDelete).await?;
    Ok(answer::nothing())
}
