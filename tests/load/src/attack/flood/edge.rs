//! Floods at the edge: frames that carry nothing, connections that do nothing, and answers that
//! nobody reads.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::attack::{Blow, Ground, Strike, Wire};
use crate::shard::talk;

/// Frames of one write.
const FRAMES: usize = 256;
/// Connections that one hand keeps open: four hands stay below what a process may open.
const KEPT: usize = 1_500;
/// Requests that a link asks, and links that are kept so.
const ASKED: usize = 40;
const DEAF_LINKS: usize = 64;
/// How long a connection may take to be refused with words.
const PATIENCE: Duration = Duration::from_millis(200);
/// An empty ping of a client.
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];
/// The beginning of a message without a byte, and more of it.
const BEGINNING: &[u8] = &[0x01, 0x80, 0, 0, 0, 0];
const MORE: &[u8] = &[0x00, 0x80, 0, 0, 0, 0];

/// Writes the same bytes over and over, on one link after the other.
struct Drumming {
    wire: Wire,
    bytes: Vec<u8>,
}

impl Strike for Drumming {
    fn strike(&mut self) -> Result<Blow> {
        self.wire.bytes(&self.bytes)?;
        Ok(if self.wire.drain()? { Blow::Refused } else { Blow::Taken })
    }
}

/// Pings without a pause.
pub(in crate::attack) fn pings(ground: &Ground, _number: usize) -> Result<Box<dyn Strike>> {
    let wire = Wire::open(ground.public)?;
    Ok(Box::new(Drumming { wire, bytes: PING.repeat(FRAMES) }))
}

/// Sends a message in more and more parts without a byte in them.
pub(in crate::attack) fn fragments(ground: &Ground, _number: usize) -> Result<Box<dyn Strike>> {
    let mut wire = Wire::open(ground.public)?;
    wire.bytes(BEGINNING)?;
    Ok(Box::new(Drumming { wire, bytes: MORE.repeat(FRAMES) }))
}

/// Asks for large answers over links (op 100), and reads none.
pub(in crate::attack) fn answers(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let token = ground.guest(number).account.token.clone();
    let path = format!("/guilds/{}/members?limit=1000", ground.guild);
    Ok(Box::new(Deaf { server: ground.public, token, path, kept: VecDeque::new() }))
}

struct Deaf {
    server: SocketAddr,
    token: String,
    path: String,
    kept: VecDeque<Wire>,
}

impl Strike for Deaf {
    fn strike(&mut self) -> Result<Blow> {
        let (mut wire, _) = Wire::enter(self.server, &self.token, talk::INTENTS)?;
        for id in 0..ASKED {
            let d = json!({ "id": id, "method": "GET", "path": self.path, "body": null });
            wire.say(&json!({ "op": 100, "d": d }).to_string())?;
        }
        self.kept.push_back(wire);
        if self.kept.len() > DEAF_LINKS {
            self.kept.pop_front();
        }
        Ok(Blow::Taken)
    }
}

/// Opens one connection after the other, says something there, and keeps the last ones.
struct Opening {
    server: SocketAddr,
    says: Vec<u8>,
    /// Whether it waits for what is said to that.
    reads: bool,
    kept: VecDeque<TcpStream>,
    keeps: usize,
}

impl Opening {
    fn of(ground: &Ground, says: String, reads: bool, keeps: usize) -> Box<dyn Strike> {
        let (server, kept) = (ground.public, VecDeque::new());
        Box::new(Self { server, says: says.into_bytes(), reads, kept, keeps })
    }
}

impl Strike for Opening {
    fn strike(&mut self) -> Result<Blow> {
        let mut stream = TcpStream::connect(self.server)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.says)?;
        let refused = self.reads && says_no(&mut stream)?;
        self.kept.push_back(stream);
        if self.kept.len() > self.keeps {
            self.kept.pop_front();
        }
        Ok(if refused { Blow::Refused } else { Blow::Taken })
    }
}

/// Tells whether the other side ends it, or answers with a status that is no success.
fn says_no(stream: &mut TcpStream) -> Result<bool> {
    let mut head = [0; 1_024];
    match stream.read(&mut head) {
        Ok(length) => Ok(!head[..length].starts_with(b"HTTP/1.1 2")),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Asks for large answers over HTTP, each on a connection of its own, and reads none.
pub(in crate::attack) fn unread(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let token = &ground.guest(number).account.token;
    let says = format!(
        "GET /api/v10/guilds/{}/members?limit=1000 HTTP/1.1\r\nhost: gateway\r\n\
         authorization: Bot {token}\r\n\r\n",
        ground.guild
    );
    Ok(Opening::of(ground, says, false, KEPT))
}

/// Asks once on each connection, and keeps it.
pub(in crate::attack) fn idlers(ground: &Ground, _number: usize) -> Result<Box<dyn Strike>> {
    let says = "GET /api/v10/gateway HTTP/1.1\r\nhost: gateway\r\n\r\n".to_owned();
    Ok(Opening::of(ground, says, true, KEPT))
}

/// Begins to say something on each connection, and keeps it.
pub(in crate::attack) fn handshakes(ground: &Ground, _number: usize) -> Result<Box<dyn Strike>> {
    let says = "GET /?v=10&encoding=json HTTP/1.1\r\nhost: gate".to_owned();
    Ok(Opening::of(ground, says, false, KEPT))
}

/// Says what nobody understands, on a new connection each time.
pub(in crate::attack) fn garbage(ground: &Ground, _number: usize) -> Result<Box<dyn Strike>> {
    let says = "\u{1}\u{2}\u{3} what is this\r\n\r\n".to_owned();
    Ok(Opening::of(ground, says, true, 0))
}
