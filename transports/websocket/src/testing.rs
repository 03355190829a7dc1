//! Our parser and tungstenite's over the same bytes, for property tests and the fuzz target; and
//! what else reads bytes of others.

mod proxy;

use std::io::{self, Read, Write};

use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::config::Paths;
use crate::frame;
use crate::handshake::{self, Ask};
use crate::parser::{Event, Kind, Parser};

pub use proxy::proxy;

/// What tungstenite says where it answers a close code that may not travel.
const ORACLE_REFUSES_CODE: &str = "Protocol violation";

/// How a connection stands after its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// More may come.
    Open,
    /// The peer closed.
    Closed(Option<u16>),
    /// A message is over the limit.
    TooLong,
    /// A rule is broken, answered with this close code.
    Refused(u16),
}

/// What a reader makes of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// Messages in order.
    pub messages: Vec<(Kind, Vec<u8>)>,
    /// Payloads of pings in order.
    pub pings: Vec<Vec<u8>>,
    /// What became of the connection.
    pub end: End,
}

impl Transcript {
    const fn new() -> Self {
        Self { messages: Vec::new(), pings: Vec::new(), end: End::Open }
    }

    /// Tells whether this reading of ours is right, given the oracle's.
    ///
    /// We may refuse earlier: tungstenite waits for whole frames, and looks at lengths first.
    #[must_use]
    pub fn agrees_with(&self, oracle: &Self) -> bool {
        let ends = match (self.end, oracle.end) {
            (End::Refused(_) | End::TooLong, End::Open) => true,
            (End::Refused(1002), End::TooLong) => true,
            // Registered after tungstenite's table was written.
            (End::Closed(Some(1014)), End::Refused(1002)) => true,
            (ours, oracle) => ours == oracle,
        };
        ends && self.messages == oracle.messages && self.pings == oracle.pings
    }
}

/// Reads bytes with our parser, `lengths` at a time over and over, or all at once when there are
/// none.
#[must_use]
pub fn ours(bytes: &[u8], lengths: &[usize], limit: usize) -> Transcript {
    let mut transcript = Transcript::new();
    let mut parser = Parser::default();
    let mut rest = bytes;
    let mut lengths = lengths.iter().cycle();
    while !rest.is_empty() {
        let length = lengths.next().map_or(rest.len(), |length| (*length).clamp(1, rest.len()));
        let (chunk, later) = rest.split_at(length);
        rest = later;
        let mut chunk = chunk.to_vec();
        let mut at = 0;
        while at < chunk.len() {
            let (taken, event) = parser.parse(&mut chunk[at..], limit);
            at += taken;
            match event {
                Some(Event::Message(kind, bytes)) => transcript.messages.push((kind, bytes)),
                Some(Event::Ping(payload)) => transcript.pings.push(payload.to_vec()),
                Some(Event::Pong | Event::Fragment) | None => {}
                Some(Event::Close(code)) => transcript.end = End::Closed(code),
                Some(Event::TooLong) => transcript.end = End::TooLong,
                Some(Event::Refused(violation)) => transcript.end = End::Refused(violation.code()),
            }
            if transcript.end != End::Open {
                return transcript;
            }
        }
    }
    transcript
}

/// Reads bytes with tungstenite.
#[must_use]
pub fn oracle(bytes: &[u8], limit: usize) -> Transcript {
    let mut transcript = Transcript::new();
    let config = WebSocketConfig::default()
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit))
        .read_buffer_size(1024);
    let mut socket = WebSocket::from_raw_socket(Feed(bytes), Role::Server, Some(config));
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => {
                transcript.messages.push((Kind::Text, text.as_bytes().to_vec()));
            }
            Ok(Message::Binary(bytes)) => {
                transcript.messages.push((Kind::Binary, bytes.to_vec()));
            }
            Ok(Message::Ping(payload)) => transcript.pings.push(payload.to_vec()),
            Ok(Message::Pong(_) | Message::Frame(_)) => {}
            Ok(Message::Close(Some(close))) if close.reason.as_str() == ORACLE_REFUSES_CODE => {
                transcript.end = End::Refused(1002);
            }
            Ok(Message::Close(close)) => {
                transcript.end = End::Closed(close.map(|close| close.code.into()));
            }
            Err(Error::Io(_)) => return transcript,
            Err(Error::Capacity(_)) => transcript.end = End::TooLong,
            Err(Error::Utf8(_)) => transcript.end = End::Refused(1007),
            Err(_) => transcript.end = End::Refused(1002),
        }
        if transcript.end != End::Open {
            return transcript;
        }
    }
}

/// Reads fuzz input with both and panics when they disagree.
///
/// The first byte says how long the pieces are, the second sets the limit; the rest is the stream.
/// Limits start at 125, because tungstenite holds control frames to them too.
///
/// # Panics
///
/// The readings differ, which is what a fuzzer looks for.
pub fn compare(input: &[u8]) {
    let [step, limit, stream @ ..] = input else { return };
    let limit = 125 + usize::from(*limit) * 16;
    let oracle = oracle(stream, limit);
    for lengths in [&[][..], &[usize::from(*step)], &[1]] {
        let ours = ours(stream, lengths, limit);
        assert!(ours.agrees_with(&oracle), "{ours:?} is not {oracle:?} in pieces of {lengths:?}");
    }
}

/// A frame as a client sends it.
#[derive(Clone, Debug)]
pub struct ClientFrame {
    /// First byte: final bit, reserved bits, opcode.
    pub first: u8,
    /// Key of the mask.
    pub mask: [u8; 4],
    /// Payload before masking.
    pub payload: Vec<u8>,
    /// Whether the length takes more bytes than it needs.
    pub wide: bool,
}

impl ClientFrame {
    /// Returns a whole message in one frame.
    #[must_use]
    pub fn message(kind: Kind, payload: &[u8]) -> Self {
        let first = if kind == Kind::Text { 0x81 } else { 0x82 };
        Self { first, mask: [0x37, 0xfa, 0x21, 0x3d], payload: payload.to_vec(), wide: false }
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.first);
        match self.payload.len() {
            length if self.wide || length > usize::from(u16::MAX) => {
                out.push(0x80 | 127);
                out.extend_from_slice(&(length as u64).to_be_bytes());
            }
            length if length > 125 => {
                out.push(0x80 | 126);
                out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
            }
            length => out.push(0x80 | u8::try_from(length).unwrap_or(0)),
        }
        out.extend_from_slice(&self.mask);
        let at = out.len();
        out.extend_from_slice(&self.payload);
        frame::unmask(&mut out[at..], self.mask, 0);
    }
}

/// Bytes to read, then nothing for now; what is written goes nowhere.
struct Feed<'a>(&'a [u8]);

impl Read for Feed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            read => read,
        }
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the head of an upgrade, and returns its query if that is what it is.
///
/// # Panics
///
/// What follows a head changes how it is read, or it is read before it is whole.
#[must_use]
pub fn head(input: &[u8]) -> Option<String> {
    let ask = handshake::read(input, Paths::Any);
    let Ask::Upgrade { head_bytes, query, .. } = &ask else { return None };
    let head = &input[..*head_bytes];
    assert_eq!(handshake::read(head, Paths::Any), ask, "what follows a head changes it");
    let short = handshake::read(&head[..head.len() - 1], Paths::Any);
    assert_eq!(short, Ask::More, "read before it is whole");
    Some(query.clone())
}
