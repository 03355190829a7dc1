//! Where a client connects, and how it travels.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use super::Wire;
use super::certificate::Fingerprint;

/// Bytes that a reader who wants to be slow takes at a time.
const NARROW_BYTES: u32 = 4096;

/// A transport, and a compression on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// QUIC; it has no zlib, so that asks for nothing.
    Quic(Wire),
    /// WebSocket.
    WebSocket(Wire),
}

impl Way {
    /// Every way there is.
    pub const ALL: [Self; 5] = [
        Self::WebSocket(Wire::Plain),
        Self::WebSocket(Wire::Zlib),
        Self::WebSocket(Wire::Zstd),
        Self::Quic(Wire::Plain),
        Self::Quic(Wire::Zstd),
    ];
    /// QUIC, with bodies as they are.
    pub const QUIC: Self = Self::Quic(Wire::Plain);
    /// WebSocket, with text frames.
    pub const WEBSOCKET: Self = Self::WebSocket(Wire::Plain);
}

/// An address with the way to it.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) door: Door,
    pub(super) wire: Wire,
    pub(super) version: u16,
    pub(super) encoding: &'static str,
    /// Bytes that the gateway may send unread, if not as many as usual.
    pub(super) window: Option<u32>,
    /// Streams that the gateway may open, if not as many as usual.
    pub(super) streams: Option<u32>,
    /// The frame that opens a link over QUIC is left out.
    pub(super) mute: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Door {
    Quic { address: SocketAddr, certificate: Fingerprint },
    WebSocket(SocketAddr),
}

impl Route {
    pub(crate) fn quic(address: SocketAddr, certificate: Fingerprint, wire: Wire) -> Self {
        Self::to(Door::Quic { address, certificate }, wire)
    }

    pub(crate) fn websocket(address: SocketAddr, wire: Wire) -> Self {
        Self::to(Door::WebSocket(address), wire)
    }

    fn to(door: Door, wire: Wire) -> Self {
        Self { door, wire, version: 10, encoding: "json", window: None, streams: None, mute: false }
    }

    /// Tells whether numbers may arrive in another order than they were given in.
    #[must_use]
    pub fn has_lanes(&self) -> bool {
        matches!(self.door, Door::Quic { .. })
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        match &self.door {
            Door::Quic { address, .. } | Door::WebSocket(address) => *address,
        }
    }

    /// Goes through somebody who carries everything to the address.
    #[must_use]
    pub fn through(mut self, carrier: SocketAddr) -> Self {
        match &mut self.door {
            Door::Quic { address, .. } | Door::WebSocket(address) => *address = carrier,
        }
        self
    }

    /// Goes where READY says that the session is resumed, which names an address for WebSocket.
    pub(crate) fn follow(&mut self, url: &str) -> Result<()> {
        let found = url.strip_prefix("ws://").and_then(|address| address.parse().ok());
        let found = found.with_context(|| format!("{url} is no ws:// address"))?;
        if let Door::WebSocket(address) = &mut self.door {
            *address = found;
        }
        Ok(())
    }

    /// Asks for another version of the protocol.
    #[must_use]
    pub fn version(mut self, version: u16) -> Self {
        self.version = version;
        self
    }

    /// Asks for another encoding, which only WebSocket can.
    #[must_use]
    pub fn encoding(mut self, encoding: &'static str) -> Self {
        self.encoding = encoding;
        self
    }

    /// Takes little at a time.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.window = Some(NARROW_BYTES);
        self
    }

    /// Expects another certificate, over QUIC.
    #[must_use]
    pub fn certified(mut self, expected: Fingerprint) -> Self {
        if let Door::Quic { certificate, .. } = &mut self.door {
            *certificate = expected;
        }
        self
    }

    /// Lets the gateway open only so many streams.
    #[must_use]
    pub fn streams(mut self, count: u32) -> Self {
        self.streams = Some(count);
        self
    }

    /// Connects, and does not say what it wants, over QUIC.
    #[must_use]
    pub fn mute(mut self) -> Self {
        self.mute = true;
        self
    }

    /// Returns the query of a WebSocket address.
    pub(super) fn query(&self) -> String {
        let Self { version, encoding, wire, .. } = self;
        format!("v={version}&encoding={encoding}{}", wire.compress())
    }
}
