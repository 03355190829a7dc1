//! One open WebSocket connection, owned by one thread.
//!
//! An idle link is this struct and its place in the thread's reactor: reads go into a buffer of the
//! thread, and what a read or a write leaves over lives in a box that is freed when it is done
//! with.

mod inbound;
mod outbound;
mod passage;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use throng_ports::link::{Arrival, CONTROL_BACKLOG_BYTES_MAX, Dispatch, Link, LinkBytes, Received};
use throng_proto::wire::{self, Past, Wire};

use crate::frame::{CONTROL_BYTES_MAX, Opcode};
use crate::parser::Kind;
use crate::socket::Socket;
use crate::violation::Violation;
use inbound::Inbound;
use outbound::Blocked;
pub use passage::Passage;

/// What a link received, with the kind that the gateway does not care about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One whole message.
    Message(Kind, Vec<u8>),
    /// So many frames that were no whole message; the last ping among them is answered.
    Filler(u32),
    /// A message over the limit.
    TooLong,
    /// The peer closed in order, with its code if it gave one.
    Closed(Option<u16>),
    /// The connection broke, or the peer broke RFC 6455 and was told so.
    Lost,
}

/// How far a link is, in order of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is out or queued; the peer's is awaited.
    Closing,
    /// The peer sent too much: nothing is parsed any more, and we may still say why.
    Deaf,
    /// Deaf, and our close frame is out: what the peer still sends is thrown away.
    Draining,
    Ended,
}

/// A WebSocket connection as a link.
pub struct WebSocketLink {
    socket: RefCell<Option<Socket>>,
    inbound: Cell<Option<Box<Inbound>>>,
    blocked: Cell<Option<Box<Blocked>>>,
    sent: Cell<u64>,
    received: Cell<u64>,
    peer: Peer,
    message_bytes_max: u32,
    wire: Cell<Wire>,
    /// What was sent last on this wire.
    past: Cell<Past>,
    phase: Cell<Phase>,
}

/// A client in 16 bytes, because there is nothing but a short address to know of nearly all.
#[derive(Clone, Debug)]
enum Peer {
    V4(std::net::SocketAddrV4),
    Other(Box<Origin>),
}

/// Where a client is, and the address of ours that it is told.
#[derive(Clone, Debug)]
struct Origin {
    address: SocketAddr,
    told: Option<String>,
}

impl Peer {
    fn new(address: SocketAddr, told: Option<String>) -> Self {
        match (address, told) {
            (SocketAddr::V4(short), None) => Self::V4(short),
            (address, told) => Self::Other(Box::new(Origin { address, told })),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::V4(short) => SocketAddr::V4(*short),
            Self::Other(origin) => origin.address,
        }
    }

    fn told(&self) -> Option<&str> {
        match self {
            Self::V4(_) => None,
            Self::Other(origin) => origin.told.as_deref(),
        }
    }
}

impl WebSocketLink {
    /// Sends one message of bytes or text as it is, after everything sent before.
    ///
    /// It is kept whole when the link is blocked, without a limit: the caller waits for
    /// [`Link::poll_flush`] before the next.
    ///
    /// # Errors
    ///
    /// The connection is gone or closing.
    pub fn send_message(&self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        self.sendable()?;
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        self.push(opcode, payload)
    }

    /// Tells whether the link holds neither a partial message nor unsent bytes.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let inbound = self.inbound.take();
        let blocked = self.blocked.take();
        let idle = inbound.is_none() && blocked.is_none();
        self.inbound.set(inbound);
        self.blocked.set(blocked);
        idle
    }

    fn sendable(&self) -> io::Result<()> {
        match self.phase.get() {
            Phase::Open => Ok(()),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Answers a ping, unless so many answers wait already that the peer cannot be reading them.
    fn pong(&self, payload: &[u8]) {
        if self.phase.get() == Phase::Open && self.backlog() < CONTROL_BACKLOG_BYTES_MAX {
            self.push_last(Opcode::Pong, payload);
        }
    }

    /// Answers the peer's close and ends the link.
    fn answer_close(&self, code: Option<u16>) {
        let echo = code.map(u16::to_be_bytes);
        self.push_last(Opcode::Close, echo.as_ref().map_or(&[], |code| code.as_slice()));
        self.phase.set(Phase::Ended);
    }

    /// Tells the peer which rule it broke and ends the link.
    fn refuse(&self, violation: Violation) {
        if self.phase.get() == Phase::Open {
            self.push_last(Opcode::Close, &violation.code().to_be_bytes());
        }
        self.phase.set(Phase::Ended);
        self.finish_writing();
    }

    /// Pushes a frame after which nobody asks: a failed write shows when the link is read next.
    fn push_last(&self, opcode: Opcode, payload: &[u8]) {
        let _gone = self.push(opcode, payload);
    }

    /// Ends our direction, so that the peer reads what we said and then the end.
    fn finish_writing(&self) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            let _gone = socket.finish_writing();
        }
    }
}

impl Link for WebSocketLink {
    fn peer(&self) -> SocketAddr {
        self.peer.address()
    }

    fn transport(&self) -> &'static str {
        "websocket"
    }

    fn set_wire(&self, wire: Wire) {
        if self.wire.replace(wire) != wire {
            self.past.set(Past::NOTHING);
        }
    }

    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        self.sendable()?;
        self.send_dispatches(dispatches)
    }

    fn send_control(&self, text: &str) -> io::Result<()> {
        self.sendable()?;
        if !self.is_unblocked() && self.backlog() + text.len() > CONTROL_BACKLOG_BYTES_MAX {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let wire = self.wire.get();
        let payload = wire::control(wire, self.past.replace(Past::OTHER), text);
        self.push(outbound::opcode(wire), &payload)
    }

    fn offer(&self, text: &str) -> io::Result<bool> {
        self.sendable()?;
        if !self.is_unblocked() {
            return Ok(false);
        }
        let wire = self.wire.get();
        let payload = wire::control(wire, self.past.replace(Past::OTHER), text);
        self.push(outbound::opcode(wire), &payload)?;
        self.leave_room_for_control();
        Ok(true)
    }

    fn is_blocked(&self) -> bool {
        !self.is_unblocked()
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received> {
        self.poll_event(cx).map(|event| match event {
            Event::Message(_, bytes) => Received::Payload(bytes),
            Event::Filler(frames) => Received::Filler(frames),
            Event::TooLong => Received::TooLong,
            Event::Closed(code) => Received::Closed(code),
            Event::Lost => Received::Lost,
        })
    }

    fn close(&self, code: u16, reason: &str) {
        let next = match self.phase.get() {
            Phase::Open => Phase::Closing,
            Phase::Deaf => Phase::Draining,
            _ => return,
        };
        let mut payload: SmallVec<[u8; CONTROL_BYTES_MAX]> = SmallVec::new();
        payload.extend_from_slice(&code.to_be_bytes());
        let room = reason.floor_char_boundary(CONTROL_BYTES_MAX - payload.len());
        payload.extend_from_slice(&reason.as_bytes()[..room]);
        self.push_last(Opcode::Close, &payload);
        self.phase.set(next);
        if next == Phase::Draining && self.is_unblocked() {
            self.finish_writing();
            self.discard_what_is_there();
        }
    }

    fn told(&self) -> Option<&str> {
        self.peer.told()
    }

    fn depart(&self) -> Option<Box<dyn Arrival>> {
        self.leave().map(|passage| Box::new(passage) as Box<dyn Arrival>)
    }

    fn bytes(&self) -> LinkBytes {
        LinkBytes { sent: self.sent.get(), received: self.received.get() }
    }
}

impl std::fmt::Debug for WebSocketLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketLink")
            .field("peer", &self.peer.address())
            .field("wire", &self.wire.get())
            .field("phase", &self.phase.get())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
