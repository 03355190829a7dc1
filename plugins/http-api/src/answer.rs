//! Answers that a request was done.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use throng_proto::command::Reply;
use throng_proto::json;

use crate::fault::Fault;

/// What every handler ends in.
pub(crate) type Answer = Result<Response, Fault>;

/// Content type of every JSON answer.
///
/// Exactly this: with a charset discord.py, disnake, eris and oceanic.js do not recognise JSON.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers with an object.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    text(status, json::text(value))
}

/// Answers 200 with an object.
pub(crate) fn ok(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// Answers 204.
pub(crate) fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Answers with what a guild replied, or 204 when it replied nothing.
pub(crate) fn reply(status: StatusCode, reply: Reply) -> Response {
    reply.into_text().map_or_else(nothing, |body| text(status, body))
}

/// Answers with JSON that is text already.
pub(crate) fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
