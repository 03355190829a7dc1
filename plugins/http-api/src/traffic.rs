//! Requests as they are counted: by route and status, by the limits that they reached, and how long
//! they took; and a line in the log for those that failed or were slow.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::Method;
use throng_ports::metrics::{Cells, Histogram, Kind, Page, Source};
use throng_proto::id::UserId;

use crate::fault::Limit;
use crate::public::PREFIXES;

/// Limits that requests may reach, as [`Limit`] names them.
const LIMITS: [&str; 4] = ["bytes", "depth", "rate_limits", "request_timeout_seconds"];

/// What is counted of one API.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Routes are few, and whatever matches none counts as one.
    requests: Mutex<BTreeMap<Row, u64>>,
    took: Histogram,
    limited: Cells<{ LIMITS.len() }>,
    /// What takes longer is told of.
    slow: Duration,
}

/// Who has asked, left with the answer.
#[derive(Clone, Copy, Debug)]
pub struct AskedBy(pub UserId);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    route: String,
    method: &'static str,
    status: u16,
}

impl Traffic {
    /// Counts what a router answers, from now on; requests over links, which take the same router,
    /// are counted with the others. What fails by a fault of ours, and what takes longer than
    /// `slow`, if that is not zero, is told of in the log.
    pub fn of(router: Router, slow: Duration) -> (Router, Arc<Self>) {
        let slow = if slow.is_zero() { Duration::MAX } else { slow };
        let traffic = Arc::new(Self { slow, ..Self::default() });
        (router.layer(from_fn_with_state(Arc::clone(&traffic), count)), traffic)
    }

    fn add(&self, row: Row) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(row).or_default() += 1;
    }

    fn count_limit(&self, response: &Response) {
        let Some(Limit(reached)) = response.extensions().get() else { return };
        if let Some(index) = LIMITS.iter().position(|limit| limit == reached) {
            self.limited[index].add(1);
        }
    }

    /// Says what failed or was slow, and whose request it was.
    fn tell(&self, row: &Row, took: Duration, peer: Option<SocketAddr>, response: &Response) {
        let Some(reason) = complaint(row.status, took, self.slow) else { return };
        let user = response.extensions().get().map(|AskedBy(user)| user.value());
        tracing::info!(
            reason,
            method = row.method,
            route = row.route,
            status = row.status,
            millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            user,
            peer = peer.map(tracing::field::display),
            "a request was not answered as it should be"
        );
    }
}

impl Source for Traffic {
    fn measure(&self, page: &mut Page) {
        let help = "Requests of the HTTP API that were answered, those over links with them.";
        page.family("throng_http_requests_total", Kind::Counter, help);
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (Row { route, method, status }, count) in requests {
            let status = status.to_string();
            let labels = [("method", method), ("route", route.as_str()), ("status", &status)];
            page.sample(&labels, count);
        }
        let help = "Requests of the HTTP API that were refused at a limit.";
        page.family("throng_http_limits_total", Kind::Counter, help);
        for (limit, count) in LIMITS.into_iter().zip(&*self.limited) {
            page.sample(&[("limit", limit)], count.read());
        }
        let help = "Requests of the HTTP API, until the answer begins.";
        Histogram::write(page, "throng_http_request_seconds", help, std::iter::once(&self.took));
    }
}

async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = name(request.method());
    let peer = request.extensions().get().map(|ConnectInfo(peer)| *peer);
    let response = next.run(request).await;
    let took = began.elapsed();
    traffic.took.observe(took);
    traffic.count_limit(&response);
    let path = response.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // Aliases of the API count together.
    let route = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let route = if route.is_empty() { "none".to_owned() } else { route.to_owned() };
    let row = Row { route, method, status: response.status().as_u16() };
    traffic.tell(&row, took, peer, &response);
    traffic.add(row);
    response
}

/// Leaves the route with its answer, because whoever counts stands around the router.
pub(crate) async fn name_route(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(path);
    }
    response
}

/// Says what an operator would have to say against an answer.
fn complaint(status: u16, took: Duration, slow: Duration) -> Option<&'static str> {
    match status {
        500.. => Some("it failed"),
        _ if took > slow => Some("it was slow"),
        _ => None,
    }
}

/// Returns a method's name, or one for all that clients make up.
fn name(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_by_a_fault_of_ours_and_what_is_slow_is_told_of() {
        let (slow, quick) = (Duration::from_secs(2), Duration::from_millis(3));
        for (status, took, right) in [
            (200, quick, None),
            (200, slow, None),
            (204, slow + quick, Some("it was slow")),
            (404, slow + quick, Some("it was slow")),
            (429, quick, None),
            (500, quick, Some("it failed")),
            (503, slow + quick, Some("it failed")),
        ] {
            assert_eq!(complaint(status, took, slow), right, "{status} after {took:?}");
        }
        let (_, traffic) = Traffic::of(Router::new(), Duration::ZERO);
        assert_eq!(complaint(200, Duration::from_secs(1_000_000), traffic.slow), None);
    }
}
