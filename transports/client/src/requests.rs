//! Requests under way: what was asked, until it is answered or too late.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;
use throng_proto::gateway::{ApiRequest, ApiResponse};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::backoff::ASKED_MAX;

/// Wait after a refusal that names none.
const WAIT_DEFAULT: Duration = Duration::from_secs(1);

/// The gateway's answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// JSON body.
    pub body: Option<Box<RawValue>>,
}

impl Answer {
    /// Reads the body; an absent one reads as null.
    ///
    /// # Errors
    ///
    /// The body is something else.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.body.as_deref().map_or("null", RawValue::get))
    }
}

/// Why a request has no answer, or not the one that was hoped for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The client has ended.
    #[error("the client has ended")]
    Closed,
    /// The link was lost after the request was sent, and it is not one that may be sent twice:
    /// whether it was carried out is unknown.
    #[error("the link was lost before the answer came")]
    Interrupted,
    /// The gateway refused.
    #[error("refused with {status}: {message} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Discord's code, 0 where there is none.
        code: u64,
        /// Discord's words.
        message: String,
    },
    /// The request is longer than a payload may be.
    #[error("the request is longer than a payload may be")]
    TooLong,
    /// No answer came in time.
    #[error("no answer came in time")]
    Unanswered,
}

/// A request and whom to answer.
#[derive(Debug)]
pub(crate) struct Request {
    /// Its id is given when it is taken.
    pub(crate) call: ApiRequest,
    /// Whether sending it twice does no harm.
    pub(crate) repeatable: bool,
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Result<Answer, RequestError>>,
    /// Its place among those that may be under way.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Every request that has no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    count: u64,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    request: Request,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// To be sent, but not before.
    Due(Instant),
    /// Sent on this link.
    Sent,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: u64,
    #[serde(default)]
    message: String,
}

impl Requests {
    /// Takes a request.
    pub(crate) fn add(&mut self, now: Instant, mut request: Request) {
        self.count += 1;
        request.call.id = self.count;
        self.pending.insert(self.count, Pending { request, stage: Stage::Due(now) });
    }

    /// Returns the next payload that is due, and counts it as sent; what nobody waits for any more
    /// is not sent.
    pub(crate) fn next(&mut self, now: Instant) -> Option<String> {
        self.pending.retain(|_, pending| {
            pending.stage == Stage::Sent || !pending.request.reply.is_closed()
        });
        let due = |pending: &&mut Pending| matches!(pending.stage, Stage::Due(at) if at <= now);
        let pending = self.pending.values_mut().find(due)?;
        pending.stage = Stage::Sent;
        Some(pending.request.call.payload())
    }

    /// Takes an answer. One that says to come back leads to another attempt, if there is time.
    pub(crate) fn answer(&mut self, now: Instant, response: ApiResponse) {
        // What nobody waits for any more may still be answered.
        let Some(mut pending) = self.pending.remove(&response.id) else { return };
        if let Some(at) = again(now, &response).filter(|at| *at < pending.request.deadline) {
            pending.stage = Stage::Due(at);
            self.pending.insert(response.id, pending);
        } else {
            finish(pending, outcome(response));
        }
    }

    /// Sends again what may be, and gives up the rest of what the lost link has taken along.
    pub(crate) fn unlink(&mut self, now: Instant) {
        let sent = |pending: &Pending| pending.stage == Stage::Sent;
        for (_, pending) in self.pending.extract_if(.., |_, p| sent(p) && !p.request.repeatable) {
            finish(pending, Err(RequestError::Interrupted));
        }
        for pending in self.pending.values_mut().filter(|pending| sent(pending)) {
            pending.stage = Stage::Due(now);
        }
    }

    /// Gives up what is too late.
    pub(crate) fn expire(&mut self, now: Instant) {
        let over = |pending: &Pending| pending.request.deadline <= now;
        for (_, pending) in self.pending.extract_if(.., |_, pending| over(pending)) {
            finish(pending, Err(RequestError::Unanswered));
        }
    }

    /// Gives up everything.
    pub(crate) fn close(&mut self) {
        for (_, pending) in std::mem::take(&mut self.pending) {
            finish(pending, Err(RequestError::Closed));
        }
    }

    /// Returns when the next request is too late.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.request.deadline).min()
    }

    /// Returns when the next request is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        let due = |pending: &Pending| match pending.stage {
            Stage::Due(at) => Some(at),
            Stage::Sent => None,
        };
        self.pending.values().filter_map(due).min()
    }
}

/// Says when to try again: 429 and 503 mean that nothing was done.
fn again(now: Instant, response: &ApiResponse) -> Option<Instant> {
    let asked = response.retry_after.and_then(|secs| Duration::try_from_secs_f64(secs).ok());
    let wait = asked.unwrap_or(WAIT_DEFAULT).min(ASKED_MAX);
    matches!(response.status, 429 | 503).then(|| now + wait)
}

fn outcome(response: ApiResponse) -> Result<Answer, RequestError> {
    let ApiResponse { status, body, .. } = response;
    if (200..300).contains(&status) {
        return Ok(Answer { status, body });
    }
    let fault: Option<Fault> = body.and_then(|body| serde_json::from_str(body.get()).ok());
    let Fault { code, message } = fault.unwrap_or(Fault { code: 0, message: String::new() });
    Err(RequestError::Refused { status, code, message })
}

fn finish(pending: Pending, outcome: Result<Answer, RequestError>) {
    // The caller may have given up.
    let _gone = pending.request.reply.send(outcome);
    drop(pending.request.permit);
}

#[cfg(test)]
mod tests;
