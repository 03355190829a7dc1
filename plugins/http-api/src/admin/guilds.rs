//! Makes guilds from one body, and shows them whole.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde_json::{Value, json};
use throng_ports::hub::GuildDraft;
use throng_proto::command::Command;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::User;

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
    let mut whole = part(&api, guild, Command::GuildGet { counts: true }).await?;
    whole["channels"] = part(&api, guild, Command::ChannelList).await?;
    let list = Command::MemberList { after: UserId::new(0), limit: MEMBERS_MAX };
    let members = part(&api, guild, list).await?;
    let shown = members.as_array().map_or(0, Vec::len);
    let count = whole["approximate_member_count"].as_u64();
    whole["member_count"] = json!(count.map_or(shown as u64, |count| count.max(shown as u64)));
    whole["members"] = members;
    Ok(answer::ok(&whole))
}

async fn part(api: &Api, guild: GuildId, command: Command) -> Result<Value, Fault> {
    let json = api.operate(guild, command).await?.json.unwrap_or_default();
    serde_json::from_str(&json).map_err(|_| Fault::internal())
}
