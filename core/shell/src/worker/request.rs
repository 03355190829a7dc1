//! Requests of the HTTP API that come over a link, and their answers.

use std::rc::Rc;
use std::sync::Arc;

use throng_ports::api::Api;
use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::id::UserId;
use throng_proto::json;
use throng_proto::model::User;
use throng_proto::refusal::{CROWDED_WAIT, ErrorBody, Refusal};

use super::link::LinkCell;
use super::local::Worker;
use super::outbox::Answer;
use super::turnstile::Queued;
use crate::metrics::Refused;

/// Why an answer cannot wait.
const UNREAD: &str = "Too many bytes of answers wait to be read (limits.answer_bytes_per_link).";

impl Worker {
    /// Answers a request, unless the link has too many under way or does not read the answers.
    pub(super) fn request(&self, cell: &Rc<LinkCell>, user: UserId, request: ApiRequest) {
        let limit = self.ties.settings.limits.requests_per_link;
        if cell.requests.get() >= limit {
            self.ties.meter.refuse(Refused::RequestsPerLink);
            let busy = "Too many requests are under way on this link (limits.requests_per_link).";
            return self.put_off(cell, &failure(request.id, 429, busy));
        }
        if !self.answers.takes_request(cell) {
            self.ties.meter.refuse(Refused::AnswerBytes);
            return self.put_off(cell, &failure(request.id, 503, UNREAD));
        }
        cell.requests.set(cell.requests.get() + 1);
        let queued = cell.turnstile.enter(&request);
        let (meter, cell, desk) =
            (self.ties.meter.clone(), Rc::clone(cell), Rc::clone(&self.answers));
        let api = self.ties.api.get().map(Arc::clone);
        let archive = self.ties.gate.archive.clone();
        tokio::task::spawn_local(async move {
            // What was done is told, whatever waits; what was only read can be asked for again.
            let (id, is_read) = (request.id, request.method.eq_ignore_ascii_case("GET"));
            let user = archive.read(archive.accounts.user(user).await);
            let mut text = answer(api, user, request, queued).await.payload();
            if is_read && !desk.takes(&cell, text.len()) {
                meter.refuse(Refused::AnswerBytes);
                text = failure(id, 503, UNREAD).payload();
            }
            cell.answer(&desk, Answer { text, counted: true });
        });
    }

    /// Answers a request that is not carried out.
    fn put_off(&self, cell: &Rc<LinkCell>, why: &ApiResponse) {
        cell.answer(&self.answers, Answer { text: why.payload(), counted: false });
    }
}

async fn answer(
    api: Option<Arc<dyn Api>>,
    user: Result<Option<Arc<User>>, Refusal>,
    request: ApiRequest,
    queued: Queued,
) -> ApiResponse {
    let id = request.id;
    let turn = queued.come().await;
    let Some(api) = api else {
        return failure(id, 503, "This gateway does not answer requests over links yet.");
    };
    match user {
        Ok(Some(user)) => Api::call(&*api, User::clone(&user), request, turn).await,
        Ok(None) => failure(id, 401, "Unauthorized"),
        Err(error) => failure(id, 503, &error.to_string()),
    }
}

fn failure(id: u64, status: u16, message: &str) -> ApiResponse {
    let retry = matches!(status, 429 | 503).then_some(CROWDED_WAIT);
    let body = ErrorBody::new(0, message);
    let body = if let Some(after) = retry { body.retry_after(after) } else { body };
    let retry_after = retry.map(|after| after.as_secs_f64());
    ApiResponse { id, status, retry_after, body: Some(json::raw(&body)) }
}
