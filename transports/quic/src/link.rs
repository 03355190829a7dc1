//! One open QUIC connection, owned by one thread.
//!
//! quinn drives the connection in the runtime that accepted it; a link is the handles to its
//! streams, which any thread may hold.

mod ephemeral;
mod inbound;
mod outbound;
mod outlet;
mod passage;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use quinn::{Connection, ConnectionError, VarInt};
use throng_ports::link::{Arrival, Dispatch, Link, LinkBytes, Received};
use throng_proto::close::CloseCode;
use throng_proto::throng::{Close, Frame, FrameError, Message};
use throng_proto::wire::Wire;

use inbound::Fault;
pub(crate) use inbound::Inbound;
use outbound::Outbound;
pub(crate) use passage::Passage;

/// How far a link is, in order of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close is out or queued; the peer's answer is awaited.
    Closing,
    /// The peer sent too much: nothing is parsed any more, and we may still say why.
    Deaf,
    /// Deaf, and our close is out or queued.
    Draining,
    Ended,
}

/// A QUIC connection as a link.
pub(crate) struct QuicLink {
    /// Nothing after a [`Link::depart`].
    state: RefCell<Option<State>>,
    /// Address at which the link arrived here.
    peer: SocketAddr,
}

/// Everything that moves between threads.
struct State {
    line: Line,
    inbound: Inbound,
    outbound: Outbound,
    phase: Phase,
}

/// A connection that ends with the code that was said on it when its last holder lets go.
struct Line {
    connection: Connection,
    said: Option<Box<Close>>,
}

impl Line {
    /// Ends the connection at once.
    fn end(&self, code: u16, reason: &str) {
        self.connection.close(VarInt::from_u32(code.into()), reason.as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(said) = &self.said {
            self.end(said.code, &said.reason);
        }
    }
}

impl QuicLink {
    /// Writes on an open link.
    fn write<T>(&self, write: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state.borrow_mut();
        match state.as_mut() {
            Some(state) if state.phase == Phase::Open => {
                write(state).inspect_err(|error| state.stopped(error))
            }
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Link for QuicLink {
    /// Where the peer is now: QUIC lets clients move.
    fn peer(&self) -> SocketAddr {
        let state = self.state.borrow();
        state.as_ref().map_or(self.peer, |state| state.line.connection.remote_address())
    }

    fn transport(&self) -> &'static str {
        "quic"
    }

    /// [`Wire::ZstdStream`] asks for compressed bodies; any other wire is plain text here.
    fn set_wire(&self, wire: Wire) {
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.outbound.compress = wire == Wire::ZstdStream;
        }
    }

    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        self.write(|state| state.outbound.send(&state.line.connection, dispatches))
    }

    fn send_control(&self, text: &str) -> io::Result<()> {
        self.write(|state| state.outbound.send_control(text))
    }

    fn offer(&self, text: &str) -> io::Result<bool> {
        self.write(|state| state.outbound.offer(text))
    }

    fn is_blocked(&self) -> bool {
        self.state.borrow().as_ref().is_some_and(|state| state.outbound.is_blocked())
    }

    /// Waits for the stream that refused a dispatch, or for all when none did.
    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.state.borrow_mut().as_mut() {
            Some(state) if state.phase != Phase::Ended => {
                let flushed = ready!(state.outbound.poll_flush(cx));
                Poll::Ready(flushed.inspect_err(|error| state.stopped(error)))
            }
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received> {
        match self.state.borrow_mut().as_mut() {
            Some(state) => state.poll_receive(cx),
            None => Poll::Ready(Received::Lost),
        }
    }

    fn close(&self, code: u16, reason: &str) {
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.close(Close { code, reason: reason.to_owned() });
        }
    }

    fn depart(&self) -> Option<Box<dyn Arrival>> {
        let state = self.state.borrow_mut().take_if(|state| state.phase != Phase::Ended)?;
        Some(Box::new(Passage::from(state)))
    }

    /// What UDP carried, with everything that QUIC adds and repeats.
    fn bytes(&self) -> LinkBytes {
        self.state.borrow().as_ref().map_or_else(LinkBytes::default, |state| {
            let stats = state.line.connection.stats();
            LinkBytes { sent: stats.udp_tx.bytes, received: stats.udp_rx.bytes }
        })
    }
}

impl State {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if matches!(self.phase, Phase::Closing | Phase::Draining) {
            // After a close nobody needs to flush any more, and what waits still leaves.
            let _flushed = self.outbound.poll_flush(cx);
        }
        match self.phase {
            Phase::Ended => Poll::Ready(Received::Lost),
            Phase::Deaf | Phase::Draining => {
                self.inbound.poll_end(cx).map(|fault| self.fail(fault))
            }
            Phase::Open | Phase::Closing => self.poll_frames(cx),
        }
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            let received = match ready!(self.inbound.poll_frame(cx)) {
                Ok(Frame::Payload(payload)) if self.phase == Phase::Open => {
                    Received::Payload(payload.into())
                }
                // After our close, only the peer's matters.
                Ok(Frame::Payload(_)) => continue,
                Ok(Frame::Message(Message::Close(close))) => {
                    self.line.end(close.code, &close.reason);
                    self.phase = Phase::Ended;
                    Received::Closed(Some(close.code))
                }
                Ok(_) => self.refuse("Clients send payloads and `close`."),
                Err(fault) => self.fail(fault),
            };
            return Poll::Ready(received);
        }
    }

    fn fail(&mut self, fault: Fault) -> Received {
        match fault {
            Fault::Frame(FrameError::TooLong) if self.phase == Phase::Open => {
                self.phase = Phase::Deaf;
                Received::TooLong
            }
            Fault::Frame(error) => self.refuse(&error.to_string()),
            Fault::Ended => self.refuse("The control stream ended."),
            Fault::Lost(error) => {
                self.phase = Phase::Ended;
                received(&error)
            }
        }
    }

    /// Ends a connection whose peer takes a stream no more: what it was sent there is lost.
    fn stopped(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionReset {
            self.line.end(CloseCode::DecodeError.code(), "Streams of the gateway must be read.");
        }
    }

    /// Tells the peer which rule it broke and ends the link.
    fn refuse(&mut self, reason: &str) -> Received {
        self.line.end(CloseCode::DecodeError.code(), reason);
        self.phase = Phase::Ended;
        Received::Lost
    }

    fn close(&mut self, close: Close) {
        self.phase = match self.phase {
            Phase::Open => Phase::Closing,
            Phase::Deaf => Phase::Draining,
            _ => return,
        };
        // A connection that is gone needs no close.
        let _gone = self.outbound.close(&close);
        self.line.said = Some(Box::new(close));
    }
}

/// Reads how a connection ended.
fn received(error: &ConnectionError) -> Received {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            // 0 is no code of ours: a client says it that just lets go of its connection.
            match u16::try_from(close.error_code.into_inner()) {
                Ok(code) if code > 0 => Received::Closed(Some(code)),
                _ => Received::Lost,
            }
        }
        _ => Received::Lost,
    }
}

impl fmt::Debug for QuicLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.state.borrow().as_ref().map(|state| state.phase);
        f.debug_struct("QuicLink").field("peer", &self.peer).field("phase", &phase).finish()
    }
}
