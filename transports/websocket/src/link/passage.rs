//! A link between two threads.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{SocketAddr, TcpStream as StdStream};
use std::rc::Rc;

use throng_ports::link::{Arrival, Link, LinkBytes};
use throng_proto::wire::{Past, Wire};

use super::inbound::Inbound;
use super::outbound::Blocked;
use super::{Peer, Phase, WebSocketLink};
use crate::socket::Socket;

/// An open WebSocket connection in no runtime, with everything that was read and not yet written.
#[derive(Debug)]
pub struct Passage {
    stream: StdStream,
    inbound: Option<Box<Inbound>>,
    blocked: Option<Box<Blocked>>,
    bytes: LinkBytes,
    peer: Peer,
    query: String,
    message_bytes_max: u32,
    wire: Wire,
    past: Past,
    phase: Phase,
}

impl Passage {
    /// Wraps a socket after its handshake, with the bytes that came behind the handshake.
    pub(crate) fn new(
        stream: StdStream,
        peer: SocketAddr,
        message_bytes_max: usize,
        query: String,
        raw: Vec<u8>,
    ) -> Self {
        let received = raw.len() as u64;
        let inbound = (!raw.is_empty()).then(|| Box::new(Inbound { raw, ..Inbound::default() }));
        Self {
            stream,
            inbound,
            blocked: None,
            bytes: LinkBytes { sent: 0, received },
            peer: Peer::new(peer, None),
            query,
            message_bytes_max: u32::try_from(message_bytes_max).unwrap_or(u32::MAX),
            wire: Wire::Text,
            past: Past::NOTHING,
            phase: Phase::Open,
        }
    }

    /// Notes the address of ours that the client is told.
    pub(crate) fn telling(self, told: Option<String>) -> Self {
        Self { peer: Peer::new(self.peer.address(), told), ..self }
    }

    /// Makes the link live in the runtime of the calling thread.
    ///
    /// # Errors
    ///
    /// The thread cannot watch the socket.
    ///
    /// # Panics
    ///
    /// There is no runtime.
    pub fn into_link(self) -> io::Result<WebSocketLink> {
        let socket = Socket::adopt(self.stream)?;
        Ok(WebSocketLink {
            socket: RefCell::new(Some(socket)),
            inbound: Cell::new(self.inbound),
            blocked: Cell::new(self.blocked),
            sent: Cell::new(self.bytes.sent),
            received: Cell::new(self.bytes.received),
            peer: self.peer,
            message_bytes_max: self.message_bytes_max,
            wire: Cell::new(self.wire),
            past: Cell::new(self.past),
            phase: Cell::new(self.phase),
        })
    }
}

impl Arrival for Passage {
    /// Empty after a [`Link::depart`]: whoever asked for it the first time has read it.
    fn query(&self) -> &str {
        &self.query
    }

    fn peer(&self) -> SocketAddr {
        self.peer.address()
    }

    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>> {
        Ok(Rc::new(self.into_link()?))
    }
}

impl WebSocketLink {
    /// Takes the connection out of this thread's runtime; `None` when there is none any more.
    pub(super) fn leave(&self) -> Option<Passage> {
        if self.phase.get() == Phase::Ended {
            return None;
        }
        let stream = self.socket.borrow_mut().take()?.release().ok()?;
        let mut blocked = self.blocked.take();
        if let Some(blocked) = &mut blocked {
            // Who flushed here does not wait over there.
            blocked.flusher = None;
        }
        Some(Passage {
            stream,
            inbound: self.inbound.take(),
            blocked,
            bytes: LinkBytes { sent: self.sent.get(), received: self.received.get() },
            peer: self.peer.clone(),
            query: String::new(),
            message_bytes_max: self.message_bytes_max,
            wire: self.wire.get(),
            past: self.past.get().elsewhere(),
            phase: self.phase.replace(Phase::Ended),
        })
    }
}
