//! One session: a socket and a few numbers, and no buffer while whole frames come.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use anyhow::{Context as _, Result};
use socket2::{Domain, Socket, Type};

use super::frame::{self, Kind};
use super::ledger::Cursor;
use crate::clock::Moment;
use crate::order::Seat;

/// Room for what a slow reader does not read, in bytes; the kernel takes the least that it allows.
const SLOW_BYTES: usize = 2_048;

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not connected.
    Outside,
    /// The request to speak WebSocket is out.
    Upgrading,
    /// HELLO is awaited, or what follows it.
    Entering,
    /// Gets what everybody gets.
    Inside,
    /// Inside, and reads nothing.
    Asleep,
}

/// One session.
#[derive(Debug)]
pub(super) struct Chair {
    pub(super) seat: Seat,
    pub(super) stage: Stage,
    pub(super) cursor: Cursor,
    /// From READY; what a session resumes by.
    pub(super) session_id: String,
    /// When a heartbeat was sent that is not acknowledged yet.
    pub(super) beat: Option<Moment>,
    pub(super) stream: Option<TcpStream>,
    /// Beginning of a frame whose rest has not come.
    rest: Vec<u8>,
}

impl Chair {
    pub(super) fn new(seat: Seat) -> Self {
        Self {
            seat,
            stage: Stage::Outside,
            cursor: Cursor::default(),
            session_id: String::new(),
            beat: None,
            stream: None,
            rest: Vec::new(),
        }
    }

    /// Connects from an address of its own choice.
    pub(super) fn dial(&mut self, from: Ipv4Addr, to: SocketAddr, slow: bool) -> Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if slow {
            socket.set_recv_buffer_size(SLOW_BYTES)?;
        }
        socket.bind(&SocketAddr::from((from, 0)).into())?;
        socket.connect(&to.into()).with_context(|| format!("connect to {to}"))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        self.stream = Some(socket.into());
        self.stage = Stage::Upgrading;
        self.rest.clear();
        self.beat = None;
        Ok(())
    }

    /// Sends a text.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.send(Kind::Text, text.as_bytes())
    }

    /// Sends a frame.
    pub(super) fn send(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let mut out = Vec::with_capacity(payload.len() + 8);
        frame::push(&mut out, kind, payload);
        self.write(&out)
    }

    /// Sends bytes as they are; the kernel has room for the little that a session says.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.write_all(bytes)
    }

    /// Reads behind what was left over, and returns how many bytes there are with that.
    pub(super) fn read(&mut self, scratch: &mut Vec<u8>) -> io::Result<usize> {
        let kept = self.rest.len();
        if kept * 2 > scratch.len() {
            scratch.resize(scratch.len() * 2, 0);
        }
        scratch[..kept].copy_from_slice(&self.rest);
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        match stream.read(&mut scratch[kept..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => Ok(kept + length),
        }
    }

    /// Keeps what is no whole frame yet.
    pub(super) fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() && self.rest.capacity() > 0 {
            self.rest = Vec::new();
        } else if !rest.is_empty() {
            self.rest.clear();
            self.rest.extend_from_slice(rest);
        }
    }
}
