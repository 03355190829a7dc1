//! Writes all members of a guild as NDJSON.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::header::CONTENT_TYPE;
use throng_proto::id::GuildId;

use super::import::NDJSON;
use crate::api::Api;
use crate::fault::Fault;
use crate::request::At;

/// Number of the job that writes an answer.
const JOB: HeaderName = HeaderName::from_static("x-throng-job");

/// Streams the members as they are now, a line each. The body breaks off when the job is cancelled.
#[utoipa::path(get, path = "/admin/v1/guilds/{guild_id}/members/export", tag = "guilds",
    responses((status = 200, content_type = "application/x-ndjson", body = String)))]
pub(super) async fn export(
    State(api): State<Arc<Api>>,
    At((guild,)): At<(GuildId,)>,
) -> Result<Response, Fault> {
    let export = api.hub.export_members(guild).await?;
    let head = [(CONTENT_TYPE, NDJSON.to_owned()), (JOB, export.job.to_string())];
    Ok((head, Body::from_stream(export.lines)).into_response())
}
