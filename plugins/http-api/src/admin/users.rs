//! Makes accounts.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use throng_ports::registry::AccountDraft;
use throng_proto::id::UserId;
use throng_proto::refusal::Refusal;

use super::accounts;
use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::Exact;
use crate::schema;

/// An account to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    username: String,
    #[serde(default)]
    bot: bool,
    #[serde(default)]
    owner_id: Option<UserId>,
}

/// Makes an account and shows its token, once.
#[utoipa::path(post, path = "/admin/v1/users", tag = "users",
    request_body = schema::AdminUserDraft,
    responses(
        (status = 201, body = schema::AdminUserMade),
        (status = 409, body = schema::Error, description = "The name is taken."),
    ))]
pub(super) async fn create(State(api): State<Arc<Api>>, Exact(body): Exact<Body>) -> Answer {
    let name = username(&body.username)?;
    if api.hub.user_named(name.to_owned()).await?.is_some() {
        return Err(taken(name));
    }
    if let Some(owner) = body.owner_id {
        accounts::owned(api.hub.as_ref(), body.bot, None, owner).await?;
    }
    let draft = AccountDraft { username: name.to_owned(), bot: body.bot, owner: body.owner_id };
    let (account, token) = match api.hub.open_account(draft).await {
        Ok(made) => made,
        Err(refusal) => return Err(raced(&api, refusal, name).await),
    };
    let answer = json!({
        "id": account.user.id,
        "username": account.user.username,
        "bot": account.user.bot,
        "owner_id": account.owner,
        "token": token,
    });
    Ok(answer::json(StatusCode::CREATED, &answer))
}

/// Reads a name of 1 to 32 characters, without space around it.
pub(super) fn username(text: &str) -> Result<&str, Fault> {
    let name = text.trim();
    if (1..=32).contains(&name.chars().count()) {
        return Ok(name);
    }
    let message = "Must be between 1 and 32 in length.";
    Err(Fault::field("username", "BASE_TYPE_BAD_LENGTH", message))
}

fn taken(name: &str) -> Fault {
    Fault::new(StatusCode::CONFLICT, 0, format!("Username `{name}` is taken; choose another one."))
}

/// Tells whether somebody else took the name since it was looked up, or else the refusal.
async fn raced(api: &Api, refusal: Refusal, name: &str) -> Fault {
    match api.hub.user_named(name.to_owned()).await {
        Ok(Some(_)) => taken(name),
        _ => refusal.into(),
    }
}
