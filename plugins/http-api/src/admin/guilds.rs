//! Makes guilds from one body, and shows them whole.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde_json::{Value, json};
use throng_ports::hub::GuildDraft;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;
use throng_proto::refusal::Refusal;

use super::blueprint::{Blueprint, unknown_user};
use super::people::known;
use crate::answer::{self, Answer};
use crate::api::Api;
use crate::clock;
use crate::fault::Fault;
use crate::request::{At, Form};
use crate::schema;

/// Users that are looked up at the same time.
pub(super) const USERS_AT_ONCE: usize = 64;

/// Members that a whole guild shows; a list of a million would help nobody.
const MEMBERS_MAX: usize = 1000;

/// Makes a guild and answers with all of it.
///
/// `roles` (250), `channels` (500) and texts have the limits of the public API; roles are named by
/// their names. `members` may be as many as the body holds.
#[utoipa::path(post, path = "/admin/v1/guilds", tag = "guilds",
    request_body = schema::AdminGuildDraft,
    responses((status = 201, body = schema::Guild)))]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Form(blueprint): Form<Blueprint>,
) -> Answer {
    let users = users(&api, &blueprint).await?;
    let draft = blueprint.draft(api.hub.as_ref(), &users, clock::now())?;
    let answer = whole(&draft);
    api.hub.create_guild(draft).await?;
    Ok(answer::json(StatusCode::CREATED, &answer))
}

/// Reads everybody whom a blueprint names.
async fn users(api: &Api, blueprint: &Blueprint) -> Result<HashMap<UserId, User>, Fault> {
    let owner = blueprint.owner_id;
    stream::iter(blueprint.users())
        .map(|id| async move {
            let key = if id == owner { "owner_id" } else { "user_id" };
            let user = known(api.hub.as_ref(), id).await?.ok_or_else(|| unknown_user(key, id))?;
            Ok::<_, Fault>((id, user))
        })
        .buffered(USERS_AT_ONCE)
        .try_collect()
        .await
}

fn whole(draft: &GuildDraft) -> Value {
    let roles: Vec<_> = draft.roles.iter().cloned().map(Arc::new).collect();
    let mut whole = json!(draft.guild.body(roles.iter().collect()));
    whole["channels"] = json!(draft.channels);
    whole["members"] = json!(draft.members);
    whole["member_count"] = json!(draft.members.len());
    whole
}

/// Shows a guild with its channels and its first 1,000 members.
#[utoipa::path(get, path = "/admin/v1/guilds/{guild_id}", tag = "guilds",
    responses((status = 200, body = schema::Guild)))]
pub(super) async fn read(State(api): State<Arc<Api>>, At((guild,)): At<(GuildId,)>) -> Answer {
    let view = api.guild(guild, true).await?.ok_or(Refusal::UnknownGuild)?;
    let members = api.members(guild, UserId::new(0), MEMBERS_MAX).await?;
    let count = view.counts.map_or(0, |counts| counts.members).max(members.len());
    let mut whole = json!(view);
    whole["channels"] = json!(api.channels(guild).await?);
    whole["member_count"] = json!(count);
    whole["members"] = json!(members);
    Ok(answer::ok(&whole))
}
