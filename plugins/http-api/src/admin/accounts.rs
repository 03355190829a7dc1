//! Lists, shows, changes and deletes accounts.

use std::sync::Arc;

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde_json::{Value, json};
use throng_ports::hub::Hub;
use throng_ports::registry::AccountChange;
use throng_proto::command::Command;
use throng_proto::form::{self, FromForm};
use throng_proto::id::{GuildId, UserId};
use throng_proto::record::{Account, Standing};
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::{At, Form, Search};
use crate::schema;

/// Accounts that one answer lists.
const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

/// Guilds that are asked at the same time.
const GUILDS_AT_ONCE: usize = 16;

/// What of an account to change.
#[derive(Debug)]
pub(super) struct Patch {
    disabled: Option<bool>,
    owner_id: Option<Option<UserId>>,
}

impl FromForm for Patch {
    fn from_form(form: &form::Form<'_>) -> Option<Self> {
        form.only(&["disabled", "owner_id"]);
        let owner_id = form.field("owner_id").or_clear(|owner| owner.id());
        Some(Self { disabled: form.field("disabled").flag(), owner_id })
    }
}

/// Lists accounts in order of their ids.
#[utoipa::path(get, path = "/admin/v1/users", tag = "users",
    params(
        ("after" = Option<String>, Query, description = "Only users with greater ids."),
        ("limit" = Option<u32>, Query, description = "1 to 1,000; 100 when absent."),
        ("username" = Option<String>, Query, description = "Only the user with exactly this name."),
    ),
    responses((status = 200, body = schema::AdminUsers)))]
pub(super) async fn list(State(api): State<Arc<Api>>, search: Search) -> Answer {
    let limit = search.limit(1..=PAGE_MAX, PAGE)?;
    let after = search.id("after")?.unwrap_or(UserId::new(0));
    let users = match search.word("username") {
        Some(name) => {
            let named = api.hub.user_named(name.to_owned()).await?;
            match named {
                Some(user) => api.hub.account(user.id).await?.into_iter().collect(),
                None => Vec::new(),
            }
        }
        None => api.hub.accounts(after, limit).await?,
    };
    let users: Vec<Value> = users.iter().map(shown).collect();
    Ok(answer::ok(&json!({ "users": users })))
}

/// Shows an account, and its guilds.
#[utoipa::path(get, path = "/admin/v1/users/{user_id}", tag = "users",
    responses((status = 200, body = schema::AdminUser)))]
pub(super) async fn read(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    let account = api.hub.account(user).await?.ok_or(Refusal::UnknownUser)?;
    let mut body = shown(&account);
    body["guilds"] = json!(api.hub.guilds_of(user).await?);
    Ok(answer::ok(&body))
}

/// Disables an account, enables it again, or gives a bot another owner.
///
/// Who is disabled is turned out at once: its links are closed with 4004, and none of its sessions
/// can be resumed.
#[utoipa::path(patch, path = "/admin/v1/users/{user_id}", tag = "users",
    request_body = schema::AdminUserPatch,
    responses((status = 200, body = schema::AdminUser)))]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    At((user,)): At<(UserId,)>,
    Form(patch): Form<Patch>,
) -> Answer {
    let account = api.hub.account(user).await?.ok_or(Refusal::UnknownUser)?;
    if let Some(Some(owner)) = patch.owner_id {
        owned(api.hub.as_ref(), account.user.bot, Some(user), owner).await?;
    }
    let change = AccountChange { disabled: patch.disabled, owner: patch.owner_id };
    let account = api.hub.change_account(user, change).await?;
    Ok(answer::ok(&shown(&account)))
}

/// Deletes an account for good: it leaves its guilds, and its tokens and its name are free. Its
/// messages stay. 409 while it owns a guild.
#[utoipa::path(delete, path = "/admin/v1/users/{user_id}", tag = "users",
    responses((status = 204), (status = 409, body = schema::Error)))]
pub(super) async fn delete(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    api.hub.account(user).await?.ok_or(Refusal::UnknownUser)?;
    let guilds = api.hub.guilds_of(user).await?;
    let owned = owned_guilds(&api, user, &guilds).await?;
    if !owned.is_empty() {
        let list: Vec<String> = owned.iter().map(ToString::to_string).collect();
        let message = format!(
            "User `{user}` owns guilds: {}; delete them or give them to somebody else.",
            list.join(", ")
        );
        return Err(Fault::new(StatusCode::CONFLICT, 0, message));
    }
    // From here on it can join nothing.
    let disabled = AccountChange { disabled: Some(true), owner: None };
    api.hub.change_account(user, disabled).await?;
    for guild in guilds {
        match api.operate(guild, Command::MemberDelete(user)).await {
            Err(fault) if fault.status() != StatusCode::NOT_FOUND => return Err(fault),
            _ => {}
        }
    }
    api.hub.delete_account(user).await?;
    Ok(answer::nothing())
}

async fn owned_guilds(
    api: &Arc<Api>,
    user: UserId,
    guilds: &[GuildId],
) -> Result<Vec<GuildId>, Fault> {
    let asked = stream::iter(guilds.iter().copied()).map(|guild| async move {
        let view = api.guild(guild, false).await?;
        Ok::<_, Fault>(view.filter(|view| view.guild.owner_id == user).map(|_| guild))
    });
    let owned: Vec<Option<GuildId>> = asked.buffered(GUILDS_AT_ONCE).try_collect().await?;
    Ok(owned.into_iter().flatten().collect())
}

/// Makes sure that somebody may own an account.
pub(super) async fn owned(
    hub: &dyn Hub,
    bot: bool,
    user: Option<UserId>,
    owner: UserId,
) -> Result<(), Fault> {
    let wrong = |message: String| Err(Fault::field("owner_id", "BASE_TYPE_INVALID", message));
    if !bot {
        return wrong("Only a bot has an owner.".to_owned());
    }
    if user == Some(owner) {
        return wrong("A bot without an owner owns itself; leave it out.".to_owned());
    }
    if hub.account(owner).await?.is_none() {
        return wrong(format!("Unknown user `{owner}`."));
    }
    Ok(())
}

/// Shows an account as operators see it.
pub(super) fn shown(account: &Account) -> Value {
    let Account { user, standing, owner, tokens_since } = account;
    json!({
        "id": user.id,
        "username": user.username,
        "global_name": user.global_name,
        "bot": user.bot,
        "disabled": *standing != Standing::Active,
        "owner_id": owner,
        "created_at": user.id.created_at(),
        "tokens_since": tokens_since,
    })
}
