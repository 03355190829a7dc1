//! One session: a socket and a few numbers, and no buffer while whole frames come.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use anyhow::{Context as _, Result};
use socket2::{Domain, Socket, Type};

use super::frame::{self, Kind};
use super::ledger::Cursor;
use super::talk;
use super::unpack::Inflow;
use crate::clock::Moment;
use crate::order::{Nature, Roll, Seat};

/// Room for what a slow reader does not read, in bytes; the kernel takes the least that it allows.
const SLOW_BYTES: usize = 2_048;
/// Sockets that share an address; each address has 28,000 ports.
const SOCKETS_PER_ADDRESS: usize = 64;

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
    /// Was inside, and resumes.
    Returning,
    /// Inside, and reads nothing.
    Asleep,
    /// Reads what came while it was asleep, and perhaps that its link was closed.
    Waking,
}

/// One session.
#[derive(Debug)]
pub(super) struct Chair {
    index: usize,
    pub(super) token: String,
    pub(super) stage: Stage,
    pub(super) cursor: Cursor,
    /// From READY; what a session resumes by.
    pub(super) session_id: String,
    /// When a heartbeat was sent that is not acknowledged yet.
    pub(super) beat: Option<Moment>,
    pub(super) inflow: Inflow,
    pub(super) stream: Option<TcpStream>,
    /// Beginning of a frame whose rest has not come.
    rest: Vec<u8>,
}

impl Chair {
    pub(super) fn new(index: usize, seat: Seat) -> Self {
        Self {
            index,
            token: seat.token,
            stage: Stage::Outside,
            cursor: Cursor::new(seat.nature),
            session_id: String::new(),
            beat: None,
            inflow: Inflow::Plain,
            stream: None,
            rest: Vec::new(),
        }
    }

    /// Connects, from one of many addresses of loopback so that ports never run out, and asks to
    /// speak WebSocket.
    pub(super) fn dial(&mut self, roll: &Roll) -> Result<&TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let nature = self.cursor.nature;
        if nature == Nature::Slow && self.stage == Stage::Outside {
            socket.set_recv_buffer_size(SLOW_BYTES)?;
        }
        socket.bind(&SocketAddr::from((address(roll.shard, self.index), 0)).into())?;
        socket.connect(&roll.server.into()).with_context(|| format!("connect {}", roll.server))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let must_resume = matches!(nature, Nature::Restless | Nature::Slow);
        self.inflow = Inflow::new(roll.compression, self.index, must_resume);
        self.stage = Stage::Upgrading;
        self.rest.clear();
        self.beat = None;
        self.stream = Some(socket.into());
        self.write(talk::upgrade(roll.server, &roll.path).as_bytes())?;
        self.stream.as_ref().context("just connected")
    }

    /// Tells whether it was inside before this link.
    pub(super) fn is_returning(&self) -> bool {
        !self.session_id.is_empty()
    }

    /// Returns what says who it is.
    pub(super) fn introduction(&self) -> String {
        if self.is_returning() {
            talk::resume(&self.token, &self.session_id, self.cursor.sequence)
        } else {
            talk::identify(&self.token, self.cursor.nature, talk::INTENTS)
        }
    }

    /// Shows that it is there, and acknowledges what it got.
    pub(super) fn beat(&mut self) -> io::Result<()> {
        self.beat = Some(Moment::now());
        self.say(&talk::beat(self.cursor.sequence))
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

fn address(shard: usize, index: usize) -> Ipv4Addr {
    let [.., third, last] = (index / SOCKETS_PER_ADDRESS).to_be_bytes();
    Ipv4Addr::new(127, 1 + (shard % 254) as u8, third, 1 + last % 254)
}
