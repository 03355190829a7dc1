//! Members of a guild.

use http::StatusCode;
use throng_proto::command::{Command, MemberPatch};
use throng_proto::form::{self, FromForm};
use throng_proto::id::{GuildId, RoleId, UserId};
use throng_proto::refusal::Refusal;
use throng_proto::token::Token;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::request::{At, Form, Search};
use crate::schema;

/// Characters of a token: a JWT with many claims has a few thousand.
const TOKEN_MAX: usize = 16_384;

/// Members that one answer lists, as at Discord.
const MEMBERS_MAX: usize = 1000;

/// Lists members in order of their ids.
#[utoipa::path(get, path = "/guilds/{guild_id}/members", tag = "members",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 1000; 1 when absent."),
        ("after" = Option<String>, Query, description = "Only members with greater ids."),
    ),
    responses((status = 200, body = Vec<schema::Member>)))]
pub(super) async fn list_guild_members(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    search: Search,
) -> Answer {
    let limit = search.limit(1..=MEMBERS_MAX, 1)?;
    let after = search.id("after")?.unwrap_or_else(|| UserId::new(0));
    let reply = ask.guild(guild, Command::MemberList { after, limit }).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Finds members whose name or nickname starts with a text.
#[utoipa::path(get, path = "/guilds/{guild_id}/members/search", tag = "members",
    params(
        ("query" = String, Query, description = "Start of the name or nickname."),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 1 when absent."),
    ),
    responses((status = 200, body = Vec<schema::Member>)))]
pub(super) async fn search_guild_members(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    search: Search,
) -> Answer {
    let limit = search.limit(1..=MEMBERS_MAX, 1)?;
    let query = search.required("query")?.to_owned();
    let reply = ask.guild(guild, Command::MemberSearch { query, limit }).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Returns a member.
#[utoipa::path(get, path = "/guilds/{guild_id}/members/{user_id}", tag = "members",
    responses((status = 200, body = schema::Member)))]
pub(super) async fn get_guild_member(ask: Ask, At((guild, user)): At<(GuildId, UserId)>) -> Answer {
    let reply = ask.guild(guild, Command::MemberGet(user)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// A user to add, with its consent.
pub(super) struct Joining {
    /// A token of that very user.
    access_token: String,
    /// What the user is to have.
    patch: MemberPatch,
}

impl FromForm for Joining {
    fn from_form(form: &form::Form<'_>) -> Option<Self> {
        let access_token = form.field("access_token").required().text(0..=TOKEN_MAX);
        let patch = MemberPatch::from_form(form)?;
        Some(Self { access_token: access_token?, patch })
    }
}

/// Adds a user who has agreed: `access_token` is a token of that user. Needs CREATE_INSTANT_INVITE,
/// and more for what the user is to have.
#[utoipa::path(put, path = "/guilds/{guild_id}/members/{user_id}", tag = "members",
    request_body = schema::NewMember,
    responses(
        (status = 201, body = schema::Member),
        (status = 204, description = "Was a member already."),
    ))]
pub(super) async fn add_guild_member(
    ask: Ask,
    At((guild, user)): At<(GuildId, UserId)>,
    Form(joining): Form<Joining>,
) -> Answer {
    let Joining { access_token, patch } = joining;
    let hub = &ask.api.hub;
    // One that was deleted is still the author of messages, and nobody else.
    hub.account(user).await?.ok_or(Refusal::UnknownUser)?;
    let owner = hub.authenticate(Token::parse(&access_token)).await?;
    let user = owner.filter(|owner| owner.id == user).ok_or(Refusal::InvalidAccessToken)?;
    let MemberPatch { nick, roles, mute, deaf, .. } = patch;
    let nick = nick.filter(|nick| nick.as_deref().is_some_and(|nick| !nick.is_empty()));
    let patch = MemberPatch { nick, roles, mute, deaf, ..MemberPatch::default() };
    let reply = ask.guild(guild, Command::MemberPut(user, patch)).await?;
    Ok(answer::reply(StatusCode::CREATED, reply))
}

/// Changes a member.
#[utoipa::path(patch, path = "/guilds/{guild_id}/members/{user_id}", tag = "members",
    request_body = schema::MemberSettings, responses((status = 200, body = schema::Member)))]
pub(super) async fn update_guild_member(
    ask: Ask,
    At((guild, user)): At<(GuildId, UserId)>,
    Form(patch): Form<MemberPatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::MemberPatch(user, patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Changes oneself as a member.
#[utoipa::path(patch, path = "/guilds/{guild_id}/members/@me", tag = "members",
    request_body = schema::MemberSettings, responses((status = 200, body = schema::Member)))]
pub(super) async fn update_my_guild_member(
    ask: Ask,
    At((guild,)): At<(GuildId,)>,
    Form(patch): Form<MemberPatch>,
) -> Answer {
    let reply = ask.guild(guild, Command::MemberPatch(ask.user.id, patch)).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Removes a member. Needs KICK_MEMBERS.
#[utoipa::path(delete, path = "/guilds/{guild_id}/members/{user_id}", tag = "members",
    responses((status = 204)))]
pub(super) async fn delete_guild_member(
    ask: Ask,
    At((guild, user)): At<(GuildId, UserId)>,
) -> Answer {
    ask.guild(guild, Command::MemberDelete(user)).await?;
    Ok(answer::nothing())
}

/// Gives a member a role below one's own. Needs MANAGE_ROLES.
#[utoipa::path(put, path = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    tag = "members", responses((status = 204)))]
pub(super) async fn add_guild_member_role(
    ask: Ask,
    At((guild, user, role)): At<(GuildId, UserId, RoleId)>,
) -> Answer {
    ask.guild(guild, Command::MemberRoleAdd(user, role)).await?;
    Ok(answer::nothing())
}

/// Takes a role below one's own from a member. Needs MANAGE_ROLES.
#[utoipa::path(delete, path = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    tag = "members", responses((status = 204)))]
pub(super) async fn delete_guild_member_role(
    ask: Ask,
    At((guild, user, role)): At<(GuildId, UserId, RoleId)>,
) -> Answer {
    ask.guild(guild, Command::MemberRoleRemove(user, role)).await?;
    Ok(answer::nothing())
}
