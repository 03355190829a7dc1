//! Sounds, of which there are none.

use axum::response::Response;
use serde_json::json;

use crate::answer;
use crate::api::Ask;

/// Lists the sounds that every guild has: none. Some libraries wait for it before they are ready.
#[utoipa::path(get, path = "/soundboard-default-sounds", tag = "applications",
    responses((status = 200, body = Vec<String>)))]
pub(super) async fn list_default_sounds(_: Ask) -> Response {
    answer::ok(&json!([]))
}
