//! Answers with how far an import is, while it runs.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Broken, Import, NDJSON, Stop};

/// How often it is told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Runs an import as its answer is read: lines with counts, and at last the report, which alone has
/// `"over": true`. The status is 200 whatever comes; a fault is in the report.
pub(super) fn stream(import: Import) -> Response {
    let lines = stream::unfold(Some(import), |import| async move {
        let mut import = import?;
        let line = match until_told(&mut import).await {
            Ok(true) => return Some((line(&import.report.counts()), Some(import))),
            Ok(false) => over(import.report.body(None)),
            Err(stop) => {
                let fault = import.report.fault(stop);
                over(import.report.body(Some(&fault)))
            }
        };
        Some((line, None))
    });
    ([(CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response()
}

/// Imports until it is time to tell. `false` when everything is imported.
async fn until_told(import: &mut Import) -> Result<bool, Stop> {
    if import.broken == Broken::Refuse {
        return import.run().await.map(|()| false);
    }
    let until = Instant::now() + TOLD_EVERY;
    while import.step().await? {
        if Instant::now() >= until {
            return Ok(true);
        }
    }
    Ok(false)
}

fn over(mut report: Value) -> Result<String, Infallible> {
    report["over"] = json!(true);
    line(&report)
}

fn line(value: &Value) -> Result<String, Infallible> {
    Ok(format!("{value}\n"))
}
