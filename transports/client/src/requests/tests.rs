//! Stages of a request, against a clock that the test moves.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A table with one request, whom to ask for its outcome, and the places under way.
struct Asked {
    requests: Requests,
    outcome: oneshot::Receiver<Result<Answer, RequestError>>,
    places: Arc<Semaphore>,
    start: Instant,
}

fn asked(repeatable: bool) -> Asked {
    let (start, places) = (Instant::now(), Arc::new(Semaphore::new(1)));
    let (reply, outcome) = oneshot::channel();
    let permit = Arc::clone(&places).try_acquire_owned().expect("a place");
    let call = ApiRequest { id: 0, method: "GET".to_owned(), path: "/".to_owned(), body: None };
    let mut requests = Requests::default();
    let deadline = start + 30 * SECOND;
    requests.add(start, Request { call, repeatable, deadline, reply, permit });
    Asked { requests, outcome, places, start }
}

fn response(status: u16, retry_after: Option<f64>) -> ApiResponse {
    ApiResponse { id: 1, status, retry_after, body: None }
}

#[test]
fn a_request_is_sent_once_and_answered() {
    let Asked { mut requests, mut outcome, places, start } = asked(false);
    let sent = requests.next(start).expect("it is due");
    let sent: serde_json::Value = serde_json::from_str(&sent).expect("JSON");
    assert_eq!(sent, json!({"op": 100, "d": {"id": 1, "method": "GET", "path": "/"}}));
    assert_eq!((requests.next(start), requests.due()), (None, None));
    assert_eq!(places.available_permits(), 0);
    requests.answer(start, response(204, None));
    let answer = outcome.try_recv().expect("an outcome").expect("an answer");
    assert_eq!((answer.status, answer.json::<()>().ok()), (204, Some(())));
    assert_eq!(places.available_permits(), 1);
    requests.answer(start, response(204, None));
}

#[test]
fn a_limit_puts_a_request_off_and_no_further_than_its_deadline() {
    let Asked { mut requests, mut outcome, start, .. } = asked(false);
    let mut now = start;
    for (wait, asked) in [(2 * SECOND, Some(2.0)), (SECOND, None), (SECOND, Some(-1.0))] {
        assert!(requests.next(now).is_some());
        requests.answer(now, response(429, asked));
        assert_eq!((requests.next(now), requests.due()), (None, Some(now + wait)));
        now += wait;
    }
    assert!(requests.next(now).is_some());
    requests.answer(now, response(503, Some(30.0)));
    let refused = outcome.try_recv().expect("an outcome").expect_err("a refusal");
    let message = String::new();
    assert_eq!(refused, RequestError::Refused { status: 503, code: 0, message });
}

#[test]
fn a_lost_link_takes_along_only_what_may_not_be_repeated() {
    let Asked { mut requests, mut outcome, start, .. } = asked(true);
    assert!(requests.next(start).is_some());
    requests.unlink(start + SECOND);
    assert!(requests.next(start + SECOND).is_some());
    assert!(outcome.try_recv().is_err());

    let Asked { mut requests, mut outcome, places, start } = asked(false);
    // What was not sent has not been done.
    requests.unlink(start);
    assert!(requests.next(start).is_some());
    requests.unlink(start);
    let lost = outcome.try_recv().expect("an outcome").expect_err("an error");
    assert_eq!((lost, places.available_permits()), (RequestError::Interrupted, 1));
}

#[test]
fn a_request_ends_at_its_deadline_or_with_the_client() {
    let Asked { mut requests, mut outcome, start, .. } = asked(true);
    let deadline = requests.deadline().expect("a deadline");
    requests.expire(deadline - SECOND);
    assert!(requests.next(start).is_some());
    requests.expire(deadline);
    let late = outcome.try_recv().expect("an outcome").expect_err("an error");
    assert_eq!((late, requests.deadline()), (RequestError::Unanswered, None));

    let Asked { mut requests, mut outcome, .. } = asked(true);
    requests.close();
    let closed = outcome.try_recv().expect("an outcome").expect_err("an error");
    assert_eq!(closed, RequestError::Closed);
}

#[test]
fn what_nobody_waits_for_is_not_sent() {
    let Asked { mut requests, outcome, places, start } = asked(true);
    drop(outcome);
    assert_eq!((requests.next(start), places.available_permits()), (None, 1));
}
