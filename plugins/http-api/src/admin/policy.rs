//! The policy: which one runs, and loading it again.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use throng_ports::policy::{PolicyStatus, ReviewStatus};

use crate::answer;
use crate::api::Api;

/// What both calls answer.
#[derive(Serialize)]
struct Body {
    #[serde(flatten)]
    policy: PolicyStatus,
    /// How far asking every attachment about it has come.
    review: ReviewStatus,
}

/// Says which policy runs, since when, and why the last load failed.
#[utoipa::path(get, path = "/admin/v1/policy", tag = "node", responses((status = 200)))]
pub(super) async fn read(State(api): State<Arc<Api>>) -> Response {
    state(&api, StatusCode::OK)
}

/// Loads the policy again: 422 with the fault when it is broken, and the one before goes on.
#[utoipa::path(post, path = "/admin/v1/policy/reload", tag = "node",
    responses((status = 200), (status = 422)))]
pub(super) async fn reload(State(api): State<Arc<Api>>) -> Response {
    let loaded = api.hub.reload_policy().await;
    let broken = StatusCode::UNPROCESSABLE_ENTITY;
    state(&api, if loaded.is_ok() { StatusCode::OK } else { broken })
}

fn state(api: &Api, status: StatusCode) -> Response {
    let (policy, review) = api.hub.policy();
    answer::json(status, &Body { policy, review })
}
