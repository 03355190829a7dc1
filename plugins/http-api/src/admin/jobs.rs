//! Walks over members: which run, and ending one.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use throng_proto::id::AnyId;

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::fault::Fault;
use crate::request::At;

/// Lists the jobs that run or wait, and the last ones that are over.
#[utoipa::path(get, path = "/admin/v1/jobs", tag = "node", responses((status = 200)))]
pub(super) async fn list(State(api): State<Arc<Api>>) -> Response {
    answer::ok(&json!({ "jobs": api.hub.jobs() }))
}

/// Cancels a job. What it has done stays done.
#[utoipa::path(delete, path = "/admin/v1/jobs/{job_id}", tag = "node", responses((status = 204)))]
pub(super) async fn cancel(State(api): State<Arc<Api>>, At((job,)): At<(AnyId,)>) -> Answer {
    if api.hub.cancel_job(job.value()) {
        return Ok(answer::nothing());
    }
    let message = format!("Job {job} is over, or never was.");
    Err(Fault::new(StatusCode::NOT_FOUND, 0, message))
}
