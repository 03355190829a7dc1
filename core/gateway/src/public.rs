//! The public listener: WebSocket, and the HTTP API on the same port.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use throng_ports::link::Listener as _;
use throng_shell::Node;
use throng_transport_websocket::handshake::{self, Ask};
use throng_transport_websocket::{Config, HttpConnection, Paths, Reentry, WebSocketListener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::config::Settings;

/// Connections on their way from the listener to the HTTP API.
const HANDED_OVER_MAX: usize = 256;
/// Time for the next request on a connection to send its head.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// The public listener, bound but not yet served.
pub(crate) struct Listening {
    listener: WebSocketListener,
    address: SocketAddr,
    http: mpsc::Receiver<HttpConnection>,
}

impl Listening {
    pub(crate) fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let (fallback, http) = mpsc::channel(HANDED_OVER_MAX);
        let config = Config {
            handshake_time_max: Duration::from_secs(settings.websocket.handshake_timeout_secs),
            message_bytes_max: settings.websocket.payload_bytes_max,
            backlog: settings.websocket.backlog,
            send_buffer_bytes: settings.websocket.send_buffer_bytes,
            unsent_bytes: settings.websocket.unsent_bytes,
            fallback: Some(fallback),
            ..Config::default()
        };
        let listen = settings.listen;
        let listener = WebSocketListener::bind(listen, config)
            .with_context(|| taken(listen, "listen", "listen"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, http })
    }

    pub(crate) fn gateway_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub(crate) fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    #[allow(clippy::print_stdout, reason = "whoever started the gateway looks for this line")]
    pub(crate) fn announce(&self) {
        println!("listening: public {}", self.http_url());
    }

    /// Serves until the node drains.
    pub(crate) fn start(self, node: &Node, router: Router) {
        tokio::spawn(serve_http(self.http, router, self.listener.reentry()));
        let node = node.clone();
        tokio::spawn(async move { node.serve(Box::new(self.listener)).await });
    }
}

/// Says what to change when an address cannot be taken.
pub(crate) fn taken(address: SocketAddr, flag: &str, key: &str) -> String {
    format!("cannot listen on {address}: free it, or choose another by --{flag} or the key `{key}`")
}

async fn serve_http(
    mut connections: mpsc::Receiver<HttpConnection>,
    router: Router,
    reentry: Reentry,
) {
    while let Some(connection) = connections.recv().await {
        let peer = connection.peer;
        let (router, reentry) = (router.clone(), reentry.clone());
        let service =
            service_fn(move |request| answer(router.clone(), reentry.clone(), peer, request));
        tokio::spawn(async move {
            let stream = TokioIo::new(Replayed::new(connection));
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .serve_connection(stream, service)
                .with_upgrades()
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "an HTTP connection broke");
            }
        });
    }
}

/// Answers a request: by the API, or by giving the connection back to the WebSocket listener.
async fn answer(
    router: Router,
    reentry: Reentry,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    match handshake::read(&head(&request), Paths::Gateway) {
        Ask::Upgrade { accept, query, .. } => {
            tokio::spawn(give_back(reentry, peer, query, request));
            let upgraded = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_ACCEPT, accept)
                .body(Body::empty());
            Ok(upgraded.unwrap_or_default())
        }
        Ask::Bad(fault) => Ok((StatusCode::BAD_REQUEST, fault.to_string()).into_response()),
        Ask::Http | Ask::More => router.oneshot(request).await,
    }
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

async fn give_back(reentry: Reentry, peer: SocketAddr, query: String, request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<Replayed>>() else { return };
    let Replayed { stream, read, at } = parts.io.into_inner();
    let unread = [&read[at..], &parts.read_buf].concat();
    reentry.enter(stream, unread, peer, query).await;
}

/// A socket whose first bytes were read already.
struct Replayed {
    read: Vec<u8>,
    at: usize,
    stream: TcpStream,
}

impl Replayed {
    fn new(connection: HttpConnection) -> Self {
        Self { read: connection.read, at: 0, stream: connection.stream }
    }
}

impl AsyncRead for Replayed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.read[this.at..];
        if rest.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let count = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..count]);
        this.at += count;
        if this.at == this.read.len() {
            this.read = Vec::new();
            this.at = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replayed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
