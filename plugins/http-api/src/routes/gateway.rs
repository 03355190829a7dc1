//! Where clients connect to.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::api::{Api, Ask};
use crate::{answer, schema};

/// Milliseconds until a day's identifies are counted anew.
const RESET_AFTER_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Tells the address of the gateway.
#[utoipa::path(get, path = "/gateway", tag = "gateway", security(()),
    responses((status = 200, body = schema::Gateway)))]
pub(super) async fn get_gateway(State(api): State<Arc<Api>>) -> Response {
    answer::ok(&json!({ "url": api.hub.facts().gateway_url }))
}

/// Tells the address of the gateway and how many shards to start.
#[utoipa::path(get, path = "/gateway/bot", tag = "gateway",
    responses((status = 200, body = schema::GatewayBot)))]
pub(super) async fn get_bot_gateway(ask: Ask) -> Response {
    let facts = ask.api.hub.facts();
    answer::ok(&json!({
        "url": facts.gateway_url,
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
