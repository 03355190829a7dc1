//! The public listener: WebSocket, and the HTTP API on the same port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use throng_ports::link::Listener as _;
use throng_shell::{EdgeRefusal, Node};
use throng_transport_websocket::{Config, HttpConnection, Tls, WebSocketListener};
use tokio::sync::mpsc;

use crate::config::Settings;
use crate::vital::vital;
use crate::web::{Budget, Web};

/// Connections on their way from the listener to the HTTP API.
const HANDED_OVER_MAX: usize = 256;
/// How long a client waits that found no place for its requests, in seconds.
const REQUEST_WAIT_SECS: u32 = 1;

/// The public listener, bound but not yet served.
pub(crate) struct Listening {
    listener: WebSocketListener,
    address: SocketAddr,
    http: mpsc::Receiver<HttpConnection>,
    tls: Option<Tls>,
}

impl Listening {
    pub(crate) fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let (fallback, http) = mpsc::channel(HANDED_OVER_MAX);
        let tls = tls(settings)?;
        let config = Config {
            handshake_time_max: Duration::from_secs(settings.websocket.handshake_timeout_secs),
            message_bytes_max: settings.websocket.payload_bytes_max,
            backlog: settings.websocket.backlog,
            send_buffer_bytes: settings.websocket.send_buffer_bytes,
            unsent_bytes: settings.websocket.unsent_bytes,
            tells_host: settings.tells_host(),
            trusted_proxies: settings.public.trusted_proxies.clone(),
            proxy_protocol: settings.public.proxy_protocol,
            tls: tls.clone(),
            fallback: Some(fallback),
            ..Config::default()
        };
        let listen = settings.listen;
        let listener = WebSocketListener::bind(listen, config)
            .with_context(|| taken(listen, "listen", "listen"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, http, tls })
    }

    pub(crate) fn gateway_url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn http_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Returns the certificate, to reload it.
    pub(crate) fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// Serves until the node drains.
    pub(crate) fn start(
        self,
        node: &Node,
        router: Router,
        config: &throng_plugin_http_api::Config,
    ) {
        let web = Web {
            node: node.clone(),
            router,
            reentry: Some(self.listener.reentry()),
            budget: Budget::new(config.answer_bytes_max),
            head_time: Duration::from_secs(config.head_timeout_seconds),
            write_time: Duration::from_secs(config.write_timeout_seconds),
            refusal_pause: config.refusal_pause(),
        };
        tokio::spawn(serve_http(self.http, Arc::new(web)));
        let node = node.clone();
        let serving = node.clone();
        vital(&node, "the public listener", async move {
            serving.serve(Box::new(self.listener)).await;
        });
    }
}

/// Reads the certificate of the public address, if it is to speak TLS.
fn tls(settings: &Settings) -> anyhow::Result<Option<Tls>> {
    let public = &settings.public;
    if !public.has_tls() {
        return Ok(None);
    }
    let tls = Tls::open(public.certificate_chain.clone(), public.certificate_key.clone());
    tls.map(Some).context("no TLS on the public address (public.certificate_chain)")
}

/// Says what to change when an address cannot be taken.
pub(crate) fn taken(address: SocketAddr, flag: &str, key: &str) -> String {
    format!("cannot listen on {address}: free it, or choose another by --{flag} or the key `{key}`")
}

/// Serves what speaks HTTP, each with a place of its own.
async fn serve_http(mut connections: mpsc::Receiver<HttpConnection>, web: Arc<Web>) {
    let places = web.node.places();
    while let Some(connection) = connections.recv().await {
        let peer = connection.peer;
        match places.visit_http(peer.ip()) {
            Ok(visit) => drop(tokio::spawn(Arc::clone(&web).serve(connection.into(), peer, visit))),
            Err(full) => {
                web.node.count_refusal(EdgeRefusal::Full(full), peer);
                tokio::spawn(connection.refuse(full.reason(), REQUEST_WAIT_SECS));
            }
        }
    }
}
