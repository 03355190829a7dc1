//! Where clients connect to.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};

use crate::api::{Api, Ask};
use crate::{answer, schema};

/// The address of ours that whoever asks is told, where it came by another one than the settings
/// know; only the server adds it to a request.
#[derive(Clone, Debug, Default)]
pub struct Told(pub Option<String>);

/// Returns the address that whoever asks is told.
fn url(api: &Api, told: Option<Extension<Told>>) -> String {
    let told = told.and_then(|Extension(Told(url))| url);
    told.unwrap_or_else(|| api.hub.facts().gateway_url.clone())
}

/// Answers with what nobody between here and the client may keep: the address that is told depends
/// on how whoever asks came here.
fn fresh(value: &Value) -> Response {
    let mut response = answer::ok(value);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Milliseconds until a day's identifies are counted anew.
const RESET_AFTER_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Tells the address of the gateway.
#[utoipa::path(get, path = "/gateway", tag = "gateway", security(()),
    responses((status = 200, body = schema::Gateway)))]
pub(super) async fn get_gateway(
    State(api): State<Arc<Api>>,
    told: Option<Extension<Told>>,
) -> Response {
    fresh(&json!({ "url": url(&api, told) }))
}

/// Tells the address of the gateway and how many shards to start.
#[utoipa::path(get, path = "/gateway/bot", tag = "gateway",
    responses((status = 200, body = schema::GatewayBot)))]
pub(super) async fn get_bot_gateway(ask: Ask, told: Option<Extension<Told>>) -> Response {
    let facts = ask.api.hub.facts();
    fresh(&json!({
        "url": url(&ask.api, told),
        "shards": facts.shards,
        "session_start_limit": {
            "total": facts.identifies_total,
            // Identifies are limited where they happen; this number would be stale before it
            // arrived.
            "remaining": facts.identifies_total,
            "reset_after": RESET_AFTER_MILLIS,
            "max_concurrency": facts.max_concurrency,
        },
    }))
}
