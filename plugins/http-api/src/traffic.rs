//! Requests as they are counted: by route and status, and how long they took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::Method;
use throng_ports::metrics::{Histogram, Kind, Page, Source};

use crate::public::PREFIXES;

/// What is counted of one API.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Routes are few, and whatever matches none counts as one.
    requests: Mutex<BTreeMap<Row, u64>>,
    took: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    route: String,
    method: &'static str,
    status: u16,
}

impl Traffic {
    /// Counts what a router answers, from now on; requests over links, which take the same router,
    /// are counted with the others.
    pub fn of(router: Router) -> (Router, Arc<Self>) {
        let traffic = Arc::new(Self::default());
        (router.layer(from_fn_with_state(Arc::clone(&traffic), count)), traffic)
    }

    fn add(&self, row: Row) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(row).or_default() += 1;
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
        let help = "Requests of the HTTP API, until the answer begins.";
        Histogram::write(page, "throng_http_request_seconds", help, std::iter::once(&self.took));
    }
}

async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = name(request.method());
    let response = next.run(request).await;
    traffic.took.observe(began.elapsed());
    let path = response.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // Aliases of the API count together.
    let route = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let route = if route.is_empty() { "none".to_owned() } else { route.to_owned() };
    traffic.add(Row { route, method, status: response.status().as_u16() });
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

/// Returns a method's name, or one for all that clients make up.
fn name(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
