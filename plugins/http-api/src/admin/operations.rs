//! How the node is, and how it ends.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;
use throng_ports::hub::Health;
use throng_ports::metrics::{Page, Source as _};

use super::doors::Doors;
use crate::answer;
use crate::api::Api;

/// Says that the process answers.
pub(super) async fn healthz() -> Response {
    answer::ok(&json!({ "status": "ok" }))
}

/// Says whether to send clients here.
///
/// A degraded node still serves, so it is ready; the reason is told.
pub(super) async fn readyz(State(api): State<Arc<Api>>) -> Response {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    let (status, word, reason) = match api.hub.health() {
        Health::Ready => return answer::ok(&json!({ "status": "ready" })),
        Health::Degraded(reason) => (StatusCode::OK, "degraded", reason),
        Health::Failing(reason) => (unavailable, "failing", reason),
        Health::Starting => (unavailable, "starting", "guilds are being loaded".to_owned()),
        Health::Draining => (unavailable, "draining", "sessions are moving away".to_owned()),
    };
    answer::json(status, &json!({ "status": word, "reason": reason }))
}

/// Writes all metrics.
pub(super) async fn metrics(
    State(api): State<Arc<Api>>,
    Extension(doors): Extension<Arc<Doors>>,
) -> Response {
    let mut page = Page::default();
    doors.measure(&mut page);
    let text = api.hub.metrics() + &page.into_text();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// Begins to drain: links are asked to go elsewhere, then the process ends.
#[utoipa::path(post, path = "/admin/v1/drain", tag = "node", responses((status = 202)))]
pub(super) async fn drain(State(api): State<Arc<Api>>) -> Response {
    api.hub.drain();
    answer::json(StatusCode::ACCEPTED, &json!({ "status": "draining" }))
}
