//! The tokens of an account: listed by names that are no secrets, made, and taken away.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use throng_proto::id::UserId;
use throng_proto::record::TokenRecord;
use throng_proto::token::TokenId;

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::{At, Parameter};
use crate::schema;

impl Parameter for TokenId {
    fn parse(name: &str, text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let message = format!("Value \"{text}\" is not 16 hexadecimal digits.");
            Fault::field(name, "BASE_TYPE_INVALID", message)
        })
    }
}

/// Lists the tokens of an account, the newest last; never their secrets.
#[utoipa::path(get, path = "/admin/v1/users/{user_id}/tokens", tag = "tokens",
    responses((status = 200, body = schema::AdminTokens)))]
pub(super) async fn list(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    let tokens = api.hub.tokens_of(user).await?;
    let tokens: Vec<Value> = tokens.iter().map(shown).collect();
    Ok(answer::ok(&json!({ "tokens": tokens })))
}

/// Makes one more token, and shows its secret, once.
#[utoipa::path(post, path = "/admin/v1/users/{user_id}/tokens", tag = "tokens",
    responses((status = 201, body = schema::AdminToken)))]
pub(super) async fn create(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    let (record, secret) = api.hub.add_token(user).await?;
    Ok(made(&record, &secret))
}

/// Takes all tokens away and makes a new one, which is shown once. All sessions of the account end
/// with 4004, and signed tokens (JWT) that were issued until now are void.
#[utoipa::path(post, path = "/admin/v1/users/{user_id}/tokens/rotate", tag = "tokens",
    responses((status = 201, body = schema::AdminToken)))]
pub(super) async fn rotate(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    let (record, secret) = api.hub.rotate_tokens(user).await?;
    Ok(made(&record, &secret))
}

/// Takes one token away; the sessions that it let in end with 4004.
#[utoipa::path(delete, path = "/admin/v1/users/{user_id}/tokens/{token_id}", tag = "tokens",
    responses((status = 204)))]
pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    At((user, token)): At<(UserId, TokenId)>,
) -> Answer {
    api.hub.revoke_token(user, token).await?;
    Ok(answer::nothing())
}

/// Takes all tokens away, as rotating does, without a new one.
#[utoipa::path(delete, path = "/admin/v1/users/{user_id}/tokens", tag = "tokens",
    responses((status = 200, body = schema::AdminRevoked)))]
pub(super) async fn revoke_all(State(api): State<Arc<Api>>, At((user,)): At<(UserId,)>) -> Answer {
    let revoked = api.hub.revoke_tokens(user).await?;
    Ok(answer::ok(&json!({ "revoked": revoked })))
}

fn made(record: &TokenRecord, secret: &str) -> axum::response::Response {
    let mut body = shown(record);
    body["token"] = json!(secret);
    answer::json(StatusCode::CREATED, &body)
}

fn shown(record: &TokenRecord) -> Value {
    json!({ "id": TokenId::of(&record.digest), "made_at": record.made_at })
}
