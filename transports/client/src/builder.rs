//! Settings of a client, each with its default.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::{Map, Value};
use thiserror::Error;
use throng_proto::intents::Intents;
use throng_proto::throng::{PAYLOAD_BYTES_MAX, PORT as QUIC_PORT};
use throng_proto::token::Token;
use tokio::runtime::Handle;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::cause::Transport;
use crate::client::Client;
use crate::events::Events;
use crate::session::identify;
use crate::trust::Trust;
use crate::wishes::Presence;

/// Port of a gateway's WebSocket unless something else is said.
const WEBSOCKET_PORT: u16 = 8080;
/// Requests that may be under way at once: half of what may wait for the socket.
const REQUESTS_MAX: usize = 128;
/// Longest time of a request, below the 5 minutes for which the gateway remembers nonces.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(4 * 60);
/// Capability bit that makes a session passive where it is not focused, with digests that tell
/// each change once.
const PASSIVE: u64 = 1 << 14;

/// How payloads from the gateway are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By zstd, which the gateway does once for everybody.
    #[default]
    Zstd,
}

/// Settings of a client; [`Client::builder`] makes one.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct Builder {
    config: Config,
    host: String,
    quic: Option<(String, String)>,
    websocket: Option<String>,
    only: Option<Transport>,
}

/// Settings that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The WebSocket address is none.
    #[error("`{0}` is no address of the form ws://host:port or wss://host:port")]
    WebSocket(String),
    /// The QUIC address is none.
    #[error("`{0}` is no address of the form host:port")]
    Quic(String),
    /// The name to expect in the QUIC certificate is none.
    #[error(
        "`{0}` is no server name; it is a host name or an address, such as gateway.example.org"
    )]
    ServerName(String),
    /// Properties and presence are together longer than a payload may be.
    #[error("what IDENTIFY says is longer than a payload may be")]
    TooLong,
    /// There is no tokio runtime around the call.
    #[error("a client needs a tokio runtime to connect in")]
    NoRuntime,
}

/// What a client was built with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) identity: Identity,
    pub(crate) route: Route,
    pub(crate) presence: Option<Presence>,
    pub(crate) wait_min: Duration,
    pub(crate) wait_max: Duration,
    pub(crate) events_max: usize,
    pub(crate) requests_max: usize,
    pub(crate) request_time: Duration,
}

/// What IDENTIFY says.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) token: Token,
    pub(crate) intents: Option<Intents>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) capabilities: u64,
    pub(crate) large_threshold: Option<u8>,
    pub(crate) shard: Option<[u32; 2]>,
}

/// Where the gateway is, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) quic: Option<QuicTarget>,
    pub(crate) websocket: Option<String>,
    pub(crate) head_start: Duration,
    pub(crate) compression: Compression,
    pub(crate) trust: Trust,
}

/// A gateway's UDP address, by name.
#[derive(Clone, Debug)]
pub(crate) struct QuicTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
}

impl Builder {
    pub(crate) fn new(token: &str) -> Self {
        let properties =
            [("os", std::env::consts::OS), ("browser", "throng"), ("device", "throng")];
        let identity = Identity {
            token: Token::parse(token),
            intents: None,
            properties: properties
                .map(|(key, value)| (key.to_owned(), value.into()))
                .into_iter()
                .collect(),
            capabilities: 0,
            large_threshold: None,
            shard: None,
        };
        let route = Route {
            quic: None,
            websocket: None,
            head_start: Duration::from_millis(250),
            compression: Compression::default(),
            trust: Trust::default(),
        };
        let config = Config {
            identity,
            route,
            presence: None,
            wait_min: Duration::from_secs(1),
            wait_max: Duration::from_secs(60),
            events_max: 1024,
            requests_max: 16,
            request_time: Duration::from_secs(30),
        };
        Self { config, host: "127.0.0.1".to_owned(), quic: None, websocket: None, only: None }
    }

    /// Sets where the gateway is: QUIC on port 8443 and WebSocket on port 8080, which is `ws://` on
    /// a loopback address and `wss://` anywhere else. Default: 127.0.0.1.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the WebSocket address, `ws://host:port` or `wss://host:port`.
    ///
    /// `ws://` beyond a loopback address shows the token to everybody on the way.
    pub fn websocket(mut self, url: impl Into<String>) -> Self {
        self.websocket = Some(url.into());
        self
    }

    /// Sets the QUIC address, `host:port`, and the name that the certificate must have.
    pub fn quic(mut self, address: impl Into<String>, name: impl Into<String>) -> Self {
        self.quic = Some((address.into(), name.into()));
        self
    }

    /// Uses one transport and never the other. Default: both race, and QUIC starts first.
    pub fn only(mut self, transport: Transport) -> Self {
        self.only = Some(transport);
        self
    }

    /// Sets how long an attempt runs alone before the next one starts beside it. Default: 250 ms.
    pub fn head_start(mut self, head_start: Duration) -> Self {
        self.config.route.head_start = head_start;
        self
    }

    /// Sets whose certificates are taken.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.config.route.trust = trust;
        self
    }

    /// Sets how payloads from the gateway are compressed. Default: zstd.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.config.route.compression = compression;
        self
    }

    /// Names the events that are wanted. Bots must; a user's client that does not gets all.
    pub fn intents(mut self, intents: Intents) -> Self {
        self.config.identity.intents = Some(intents);
        self
    }

    /// Tells the gateway's policy where the client is.
    pub fn region(self, region: impl Into<String>) -> Self {
        self.property("region", region)
    }

    /// Tells the gateway's policy something of the client: `os`, `browser`, `device` and the like.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.identity.properties.insert(name.into(), Value::String(value.into()));
        self
    }

    /// Adds capability bits.
    pub fn capabilities(mut self, bits: u64) -> Self {
        self.config.identity.capabilities |= bits;
        self
    }

    /// Asks for mentions and digests only, except in guilds that are focused.
    pub fn passive(self) -> Self {
        self.capabilities(PASSIVE)
    }

    /// Sets the members above which a guild counts as large, 25 to 250. Default: the gateway's.
    pub fn large_threshold(mut self, members: u8) -> Self {
        self.config.identity.large_threshold = Some(members);
        self
    }

    /// Takes only guilds of one shard out of `count`.
    pub fn shard(mut self, id: u32, count: u32) -> Self {
        self.config.identity.shard = Some([id, count]);
        self
    }

    /// Sets the first presence. Default: online.
    pub fn presence(mut self, presence: Presence) -> Self {
        self.config.presence = Some(presence);
        self
    }

    /// Sets the wait before the first attempt to connect again, and the longest it grows to; each
    /// is the bound of a random wait. Default: 1 s and 60 s.
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.config.wait_min = min;
        self.config.wait_max = max;
        self
    }

    /// Sets how many events may wait for the application before the client reads no further; at
    /// least 1. Default: 1024.
    pub fn events_max(mut self, events: usize) -> Self {
        self.config.events_max = events.max(1);
        self
    }

    /// Sets how many requests may be under way at once, 1 to 128; further ones wait. Default: 16.
    pub fn requests_max(mut self, requests: usize) -> Self {
        self.config.requests_max = requests.clamp(1, REQUESTS_MAX);
        self
    }

    /// Sets how long a request may take, with everything that is tried again; at most 4 minutes,
    /// because the gateway recognises a message that is sent again for 5. Default: 30 s.
    pub fn request_time(mut self, time: Duration) -> Self {
        self.config.request_time = time.min(REQUEST_TIME_MAX);
        self
    }

    /// Starts the client in the tokio runtime around the call; it connects, and stays connected,
    /// from then on.
    ///
    /// # Errors
    ///
    /// A setting cannot be. That the gateway is not there is no error but an event.
    pub fn connect(mut self) -> Result<(Client, Events), BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        // The other half is for any presence that is shown later.
        let own = identify(&self.config.identity, None);
        let presence = self.config.presence.as_ref();
        if own.len() > PAYLOAD_BYTES_MAX / 2 || !presence.is_none_or(Presence::fits) {
            return Err(BuildError::TooLong);
        }
        if self.only != Some(Transport::WebSocket) {
            self.config.route.quic = Some(self.quic_target()?);
        }
        if self.only != Some(Transport::Quic) {
            self.config.route.websocket = Some(self.websocket_url()?);
        }
        Ok(Client::start(self.config, &runtime))
    }

    fn quic_target(&self) -> Result<QuicTarget, BuildError> {
        let Some((address, name)) = &self.quic else {
            let host = self.host.clone();
            return named(QuicTarget { name: host.clone(), host, port: QUIC_PORT });
        };
        let wrong = || BuildError::Quic(address.clone());
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let host = host.trim_matches(['[', ']']).to_owned();
        named(QuicTarget { host, port, name: name.clone() })
    }

    fn websocket_url(&self) -> Result<String, BuildError> {
        let Some(url) = &self.websocket else {
            let loopback = is_loopback(&self.host);
            let scheme = if loopback { "ws" } else { "wss" };
            let host = if self.host.contains(':') {
                format!("[{}]", self.host)
            } else {
                self.host.clone()
            };
            return Ok(format!("{scheme}://{host}:{WEBSOCKET_PORT}"));
        };
        let uri: Option<Uri> = url.parse().ok();
        let known = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("ws" | "wss")) && uri.host().is_some()
        });
        if known { Ok(url.clone()) } else { Err(BuildError::WebSocket(url.clone())) }
    }
}

fn named(target: QuicTarget) -> Result<QuicTarget, BuildError> {
    match ServerName::try_from(target.name.as_str()) {
        Ok(_) => Ok(target),
        Err(_) => Err(BuildError::ServerName(target.name)),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
