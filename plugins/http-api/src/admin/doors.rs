//! Who may ask the admin API: by which name of the host, with which token; and a line in the log
//! for everything that is changed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HOST};
use http::uri::Authority;
use http::{Method, StatusCode, Version};
use parking_lot::Mutex;
use subtle::ConstantTimeEq;
use throng_ports::metrics::{Cell, Kind, Page, Source};
use throng_proto::token::Token;

use crate::fault::Fault;

/// How often a line says that requests were refused.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Bytes of a path that a line of the log shows.
const PATH_SHOWN: usize = 200;

/// What decides who may ask.
pub(super) struct Doors {
    token: Token,
    hosts: Vec<String>,
    listen: IpAddr,
    wrong_tokens: Cell,
    wrong_hosts: Cell,
    said: Mutex<Option<Instant>>,
}

impl Doors {
    pub(super) fn new(token: Token, hosts: &[String], listen: SocketAddr) -> Arc<Self> {
        let hosts = hosts.iter().map(|host| host.trim_end_matches('.').to_lowercase()).collect();
        Arc::new(Self {
            token,
            hosts,
            listen: listen.ip(),
            wrong_tokens: Cell::default(),
            wrong_hosts: Cell::default(),
            said: Mutex::new(None),
        })
    }

    /// Counts a refusal, and says so now and then.
    fn refuse(&self, why: &Cell, reason: &'static str, request: &Request) {
        why.add(1);
        let count = why.read();
        let mut said = self.said.lock();
        if said.is_some_and(|at| at.elapsed() < SAID_EVERY) {
            return;
        }
        *said = Some(Instant::now());
        drop(said);
        let (peer, path) = (peer(request), shown(request));
        tracing::warn!(
            target: "throng::audit",
            peer,
            method = %request.method(),
            path,
            count,
            "a request to the admin API was refused: {reason}"
        );
    }

    fn has(&self, header: Option<&str>) -> bool {
        // An empty token would let everybody in; comparing takes equally long whatever is wrong.
        header.map(Token::parse).is_some_and(|given| {
            !self.token.expose().is_empty()
                && bool::from(given.expose().as_bytes().ct_eq(self.token.expose().as_bytes()))
        })
    }

    /// Tells whether a page that a browser got from elsewhere cannot have asked: it asks by the
    /// name of its own host, whatever address that name has meanwhile.
    fn knows(&self, request: &Request) -> bool {
        let mut named = request.headers().get_all(HOST).iter();
        let header = match (named.next(), named.next()) {
            (Some(only), None) => only.to_str().ok().and_then(|text| text.parse().ok()),
            // Probes of load balancers speak HTTP/1.0 without it; browsers never do.
            (None, _) => return request.version() < Version::HTTP_11,
            _ => None,
        };
        let target = request.uri().authority().cloned();
        let target = target.is_none_or(|authority| self.is_known(&authority));
        target && header.is_some_and(|authority: Authority| self.is_known(&authority))
    }

    fn is_known(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority.host().trim_end_matches('.').to_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            // Behind any address, nobody knows by which of them it is reached.
            Ok(ip) => {
                ip.is_loopback()
                    || ip == self.listen
                    || self.listen.is_unspecified()
                    || self.hosts.contains(&ip.to_string())
            }
            Err(_) => {
                name == "localhost" || name.ends_with(".localhost") || self.hosts.contains(&name)
            }
        }
    }
}

impl Source for Doors {
    fn measure(&self, page: &mut Page) {
        let help = "Requests to the admin API that were refused.";
        page.family("throng_admin_refusals_total", Kind::Counter, help);
        page.sample(&[("reason", "token")], self.wrong_tokens.read());
        page.sample(&[("reason", "host")], self.wrong_hosts.read());
    }
}

/// Lets requests through that name a known host.
pub(super) async fn name(
    State(doors): State<Arc<Doors>>,
    request: Request,
    next: Next,
) -> Response {
    if doors.knows(&request) {
        return next.run(request).await;
    }
    doors.refuse(&doors.wrong_hosts, "it names an unknown host", &request);
    let message = "The admin API is not known by this name; add it to `http.admin_hosts`.";
    Fault::new(StatusCode::MISDIRECTED_REQUEST, 0, message).into_response()
}

/// Lets requests through that carry the token, and writes down what they change.
pub(super) async fn check(
    State(doors): State<Arc<Doors>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !doors.has(header) {
        doors.refuse(&doors.wrong_tokens, "its token is wrong", &request);
        return Fault::unauthorized().into_response();
    }
    let (peer, path, method) = (peer(&request), shown(&request), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    if method == Method::GET && !route.ends_with("/export") {
        tracing::debug!(target: "throng::audit", peer, %method, route, path, status, "read");
    } else {
        tracing::info!(target: "throng::audit", peer, %method, route, path, status, "done");
    }
    response
}

fn peer(request: &Request) -> String {
    let known = request.extensions().get::<ConnectInfo<SocketAddr>>();
    known.map_or_else(|| "unknown".to_owned(), |ConnectInfo(peer)| peer.to_string())
}

/// Returns the path, cut where it is very long. Nothing secret is ever in one.
fn shown(request: &Request) -> String {
    request.uri().path().chars().take(PATH_SHOWN).collect()
}
