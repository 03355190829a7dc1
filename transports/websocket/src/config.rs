//! Settings of the listener and of the links it makes.

use std::net::SocketAddr;
use std::time::Duration;

use throng_ports::link::Network;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::answer;
use crate::tls::Tls;

/// How WebSocket connections are taken.
#[derive(Clone, Debug)]
pub struct Config {
    /// Time from accepting a connection to the last byte of its request; default 10 s.
    pub handshake_time_max: Duration,
    /// Longest message of a client in bytes; default 15,360, which is what Discord takes from
    /// users.
    pub message_bytes_max: usize,
    /// Connections that the kernel holds until they are accepted; default 4,096.
    pub backlog: u32,
    /// Bytes that may be on their way to a peer; default 256 KiB, of which the kernel makes twice
    /// as much memory. A peer 100 ms away can be sent ten times as much in a second.
    pub send_buffer_bytes: u32,
    /// Bytes that the kernel takes for a peer that has no room for them, before the link is
    /// blocked; default 16 KiB, where the system can tell them from those on their way (Linux).
    pub unsent_bytes: u32,
    /// Which paths upgrade; by default those of the gateway.
    pub paths: Paths,
    /// Proxies whose word about their clients is believed; by default none.
    pub trusted_proxies: Vec<Network>,
    /// Clients are told the address by which they came; by default they are not.
    pub tells_host: bool,
    /// Connections of those proxies begin with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// The certificate with which TLS is spoken; by default it is not.
    pub tls: Option<Tls>,
    /// Where requests go that do not upgrade; by default nowhere, and they are answered with 404.
    pub fallback: Option<mpsc::Sender<HttpConnection>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            handshake_time_max: Duration::from_secs(10),
            message_bytes_max: 15_360,
            backlog: 4_096,
            send_buffer_bytes: 256 * 1024,
            unsent_bytes: 16 * 1024,
            paths: Paths::Gateway,
            trusted_proxies: Vec::new(),
            tells_host: false,
            proxy_protocol: false,
            tls: None,
            fallback: None,
        }
    }
}

impl Config {
    /// Tells whether a connection begins with a header of the PROXY protocol.
    pub(crate) fn has_header(&self, peer: SocketAddr) -> bool {
        self.proxy_protocol && self.is_trusted(peer)
    }

    /// Tells whether a connection is that of a trusted proxy.
    pub(crate) fn is_trusted(&self, peer: SocketAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer.ip()))
    }
}

/// Which request paths upgrade to WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// The empty path, `/`, `//` and `/gateway`: what client libraries make of the gateway's
    /// address.
    Gateway,
    /// Every path.
    Any,
}

impl Paths {
    /// Tells whether a path without its query is among them.
    #[must_use]
    pub fn contain(self, path: &str) -> bool {
        self == Self::Any || matches!(path, "" | "/" | "//" | "/gateway")
    }
}

/// A connection on which somebody speaks plain HTTP.
#[derive(Debug)]
pub struct HttpConnection {
    /// Socket, in the runtime that accepted it.
    pub stream: TcpStream,
    /// Bytes already read from it: one whole request head and what followed.
    pub read: Vec<u8>,
    /// Address of the other side.
    pub peer: SocketAddr,
}

impl HttpConnection {
    /// Turns the connection away with a reason and the seconds after which to come back.
    pub async fn refuse(self, reason: &'static str, retry_after: u32) {
        answer::unavailable(self.stream, reason, retry_after).await;
    }
}
