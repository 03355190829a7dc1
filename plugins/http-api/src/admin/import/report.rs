//! What an import did.

use axum::response::Response;
use serde_json::{Value, json};
use throng_proto::json;

use super::Stop;
use crate::answer;
use crate::fault::Fault;

/// What an import did so far.
#[derive(Default)]
pub(super) struct Report {
    pub(super) imported: usize,
    pub(super) existing: usize,
    pub(super) lines: usize,
    pub(super) failed: usize,
    /// Number of the last line up to which every one took effect or was skipped.
    pub(super) through: usize,
    errors: Vec<Value>,
}

impl Report {
    /// Notes a broken line; only the first few are described.
    pub(super) fn note(&mut self, line: usize, problem: &str, described_max: usize) {
        self.failed += 1;
        if self.errors.len() < described_max {
            self.errors.push(json!({ "line": line, "message": problem }));
        }
    }

    /// Returns the counts.
    pub(super) fn counts(&self) -> Value {
        json!({
            "imported": self.imported,
            "existing": self.existing,
            "lines": self.lines,
            "failed": self.failed,
            "through": self.through,
        })
    }

    /// Returns everything, with what ended the import if it ended early.
    pub(super) fn body(&self, fault: Option<&Fault>) -> Value {
        let mut body = self.counts();
        body["errors"] = json!(self.errors);
        if let (Value::Object(body), Some(Value::Object(fault))) =
            (&mut body, fault.map(|fault| json::tree(&fault.body())))
        {
            // `errors` of the report are lines; a fault's own would be fields of a body.
            body.extend(fault.into_iter().filter(|(key, _)| key != "errors"));
        }
        body
    }

    /// Answers once the import is over.
    pub(super) fn answer(&self, end: Result<(), Stop>) -> Response {
        match end {
            Ok(()) => answer::ok(&self.body(None)),
            Err(stop) => {
                let fault = self.fault(stop);
                answer::json(fault.status(), &self.body(Some(&fault)))
            }
        }
    }

    /// Says what ended an import.
    pub(super) fn fault(&self, stop: Stop) -> Fault {
        match stop {
            Stop::Line if self.through == 0 => {
                Fault::bad_request("A line is broken; nobody was imported.")
            }
            Stop::Line => Fault::bad_request(
                "A line is broken; its batch and everything after it was not imported.",
            ),
            Stop::Fault(fault) => fault,
        }
    }
}
