//! Who is connected, and ending that.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use throng_ports::registry::{SessionsEnded, SessionsWanted};
use throng_proto::id::UserId;
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::{At, Parameter, Search};
use crate::schema;

/// Sessions that one answer lists.
const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

/// First 16 digits of a session's id. A whole id names it too.
pub(super) struct SessionKey(u64);

impl SessionKey {
    fn read(name: &str, text: &str) -> Result<Self, Fault> {
        let digits = text.get(..16).filter(|_| matches!(text.len(), 16 | 32));
        let hex = digits.filter(|_| text.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let read = hex.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        read.map(Self).ok_or_else(|| {
            let message = format!("Value \"{text}\" is not 16 hexadecimal digits.");
            Fault::field(name, "BASE_TYPE_INVALID", message)
        })
    }
}

impl Parameter for SessionKey {
    fn parse(name: &str, text: &str) -> Result<Self, Fault> {
        Self::read(name, text)
    }
}

/// Lists sessions in order of their ids: whose, from where, by what client, since when, with how
/// many guilds; those that wait to be resumed, too.
#[utoipa::path(get, path = "/admin/v1/sessions", tag = "sessions",
    params(
        ("user_id" = Option<String>, Query, description = "Only those of a user."),
        ("after" = Option<String>, Query, description = "Only sessions with greater ids."),
        ("limit" = Option<u32>, Query, description = "1 to 1,000; 100 when absent."),
    ),
    responses((status = 200, body = schema::AdminSessions)))]
pub(super) async fn list(State(api): State<Arc<Api>>, search: Search) -> Answer {
    let limit = search.limit(1..=PAGE_MAX, PAGE)?;
    let user = search.id("user_id")?;
    let after = search.word("after").map(|text| SessionKey::read("after", text)).transpose()?;
    let after = after.map_or(0, |SessionKey(digits)| digits);
    let sessions = api.hub.sessions(SessionsWanted { user, after, limit }).await;
    Ok(answer::ok(&json!({ "sessions": sessions })))
}

/// Shows a session with its first 100 guilds: how much it gets of each, what the policy says to
/// that now, and which version was asked.
#[utoipa::path(get, path = "/admin/v1/sessions/{session_id}", tag = "sessions",
    responses((status = 200, body = schema::AdminSessionDetail)))]
pub(super) async fn read(State(api): State<Arc<Api>>, At((key,)): At<(SessionKey,)>) -> Answer {
    let SessionKey(digits) = key;
    let detail = api.hub.session(digits).await.ok_or_else(|| unknown(digits))?;
    Ok(answer::ok(&detail))
}

/// Ends one session with 4004. It cannot be resumed; its client may begin a new one.
#[utoipa::path(delete, path = "/admin/v1/sessions/{session_id}", tag = "sessions",
    responses((status = 204)))]
pub(super) async fn end(State(api): State<Arc<Api>>, At((key,)): At<(SessionKey,)>) -> Answer {
    let SessionKey(digits) = key;
    if api.hub.end_sessions(SessionsEnded::One(digits)).await > 0 {
        return Ok(answer::nothing());
    }
    Err(unknown(digits))
}

fn unknown(digits: u64) -> Fault {
    let message = format!("No session `{digits:016x}` is here.");
    Fault::new(StatusCode::NOT_FOUND, 0, message)
}

/// Ends all sessions of a user, as ending one does.
#[utoipa::path(delete, path = "/admin/v1/users/{user_id}/sessions", tag = "sessions",
    responses((status = 200, body = schema::AdminEnded)))]
pub(super) async fn end_all(
    State(api): State<Arc<Api>>,
    At((user,)): At<(UserId,)>,
) -> Result<Response, Fault> {
    api.hub.account(user).await?.ok_or(Refusal::UnknownUser)?;
    let ended = api.hub.end_sessions(SessionsEnded::Of(user)).await;
    Ok(answer::ok(&json!({ "ended": ended })))
}
