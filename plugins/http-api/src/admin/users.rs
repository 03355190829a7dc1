//! Makes accounts.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::json;
use throng_ports::registry::AccountDraft;
use throng_proto::form::{self, FromForm};
use throng_proto::id::UserId;
use throng_proto::refusal::Refusal;

use super::accounts;
use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::Form;
use crate::schema;

/// Characters of a username.
const NAME_CHARS: usize = 32;

/// An account to make.
#[derive(Debug)]
pub(super) struct Body {
    username: String,
    bot: bool,
    owner_id: Option<UserId>,
}

impl FromForm for Body {
    fn from_form(form: &form::Form<'_>) -> Option<Self> {
        form.only(&["username", "bot", "owner_id"]);
        let username = form.field("username").required().name(1..=NAME_CHARS);
        let bot = form.field("bot").flag().unwrap_or_default();
        let owner_id = form.field("owner_id").id();
        Some(Self { username: username?, bot, owner_id })
    }
}

/// Makes an account and shows its token, once.
#[utoipa::path(post, path = "/admin/v1/users", tag = "users",
    request_body = schema::AdminUserDraft,
    responses(
        (status = 201, body = schema::AdminUserMade),
        (status = 409, body = schema::Error, description = "The name is taken."),
    ))]
pub(super) async fn create(State(api): State<Arc<Api>>, Form(body): Form<Body>) -> Answer {
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
    tracing::info!(
        target: "throng::audit",
        user = %account.user.id,
        username = account.user.username,
        bot = account.user.bot,
        "an account is made"
    );
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
    if (1..=NAME_CHARS).contains(&name.chars().count()) {
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
