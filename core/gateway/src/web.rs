//! HTTP/1.1, as both listeners speak it: with a time for every head, every answer and its reading,
//! and a bound on what is not read.

mod body;
mod lent;
mod stream;
mod turn;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use throng_plugin_http_api::AskedBy;
use throng_proto::refusal::{CROWDED_WAIT, ErrorBody};
use throng_shell::{EdgeRefusal, Node, Visit};
use throng_transport_websocket::handshake::{self, Ask};
use throng_transport_websocket::{Asked, Paths, Reentry};

use body::Watched;
use lent::Lent;
pub(crate) use stream::Stream;
pub(crate) use turn::Budget;
use turn::Turn;

/// Answers up to this are given however much others have left unread.
const SMALL_BYTES: usize = 16 * 1024;

/// What a listener answers, and within which bounds.
pub(crate) struct Web {
    pub(crate) node: Node,
    pub(crate) router: Router,
    /// Where connections go that ask to be upgraded; on the admin listener nowhere.
    pub(crate) reentry: Option<Reentry>,
    pub(crate) budget: Budget,
    /// Time for the next request on a connection to send its head.
    pub(crate) head_time: Duration,
    /// Time in which a peer must read some of what it is sent.
    pub(crate) write_time: Duration,
    /// How long who is not known or asks too often waits for that answer.
    pub(crate) refusal_pause: Duration,
}

impl Web {
    /// Serves a connection until it ends, or gives its place to another.
    pub(crate) async fn serve(self: Arc<Self>, mut stream: Stream, peer: SocketAddr, visit: Visit) {
        let turn = Arc::new(Turn::new(visit, self.budget.clone()));
        stream.watch(Arc::clone(&turn), self.write_time);
        let (web, seen) = (Arc::clone(&self), Arc::clone(&turn));
        let service = service_fn(move |request| {
            let (web, turn) = (Arc::clone(&web), Arc::clone(&seen));
            async move { Ok::<_, Infallible>(web.answer(turn, peer, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            // Who has said everything may end its direction and still wants its answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::select! {
            served = connection => if let Err(error) = served {
                if stalled(&error) {
                    self.node.count_refusal(EdgeRefusal::WriteTime, peer);
                }
                tracing::debug!(%peer, %error, "an HTTP connection broke");
            },
            () = turn.evicted() => self.node.count_refusal(EdgeRefusal::Idle, peer),
        }
    }

    async fn answer(
        &self,
        turn: Arc<Turn>,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Response {
        let begun = turn.begin();
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let mut response = self.route(peer, request).await;
        if let Some(AskedBy(user)) = response.extensions().get() {
            turn.know(*user);
        }
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
        if refused.contains(&response.status()) && !self.refusal_pause.is_zero() {
            // Whoever asks again at once, against what it was told, takes nobody's processor.
            tokio::time::sleep(self.refusal_pause).await;
        }
        let length = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
        // What was done is told all the same; what was only read can be asked for again.
        if !turn.reserve(length) && is_read && length > SMALL_BYTES {
            turn.give_back(length);
            self.node.count_refusal(EdgeRefusal::AnswerBytes, peer);
            response = put_off();
        }
        response.map(|body| Body::new(Watched::new(body, begun)))
    }

    /// Answers by the API, or gives the connection back to the WebSocket listener.
    async fn route(&self, peer: SocketAddr, mut request: Request<Incoming>) -> Response {
        let Some(reentry) = &self.reentry else {
            request.extensions_mut().insert(ConnectInfo(peer));
            return self.ask(request).await;
        };
        let head = head(&request);
        let client = reentry.client(peer, &head);
        let told = reentry.told(peer, &head);
        request.extensions_mut().insert(throng_plugin_http_api::Told(told.clone()));
        request.extensions_mut().insert(ConnectInfo(client));
        match handshake::read(&head, Paths::Gateway) {
            Ask::Upgrade { accept, query, protocol, .. } => {
                let asked = Asked { query, told };
                tokio::spawn(give_back(reentry.clone(), client, asked, request));
                let mut upgraded = Response::builder()
                    .status(StatusCode::SWITCHING_PROTOCOLS)
                    .header(header::CONNECTION, "Upgrade")
                    .header(header::UPGRADE, "websocket")
                    .header(header::SEC_WEBSOCKET_ACCEPT, accept);
                if let Some(protocol) = protocol {
                    upgraded = upgraded.header(header::SEC_WEBSOCKET_PROTOCOL, protocol);
                }
                upgraded.body(Body::empty()).unwrap_or_default()
            }
            Ask::Bad(fault) => {
                tracing::info!(peer = %client, reason = %fault, "a handshake failed");
                (StatusCode::BAD_REQUEST, fault.to_string()).into_response()
            }
            Ask::Http | Ask::More => self.ask(request).await,
        }
    }

    async fn ask(&self, request: Request<Incoming>) -> Response {
        use tower::ServiceExt as _;
        let (parts, body) = request.into_parts();
        let (lent, long) = Lent::new(body, parts.headers.contains_key(header::EXPECT));
        let request = Request::from_parts(parts, Body::new(lent));
        let mut response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if long.load(Ordering::Acquire) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}

/// Tells whether a connection ended because its peer did not read.
fn stalled(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &std::io::Error| cause.kind() == std::io::ErrorKind::TimedOut)
}

/// Answers instead of a large answer for which there is no room.
fn put_off() -> Response {
    let message = "Too many bytes of answers wait to be read (http.answer_bytes_max).";
    let body = ErrorBody::new(0, message).retry_after(CROWDED_WAIT).text();
    let wait = HeaderValue::from(CROWDED_WAIT.as_secs());
    let kind = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, kind), (header::RETRY_AFTER, wait)];
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}

/// Writes a request's head again, so that one set of rules decides about upgrades.
fn head(request: &Request<Incoming>) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

async fn give_back(reentry: Reentry, peer: SocketAddr, asked: Asked, request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<Stream>>() else { return };
    let (stream, mut unread) = parts.io.into_inner().into_parts();
    unread.extend_from_slice(&parts.read_buf);
    reentry.enter(stream, unread, peer, asked).await;
}
