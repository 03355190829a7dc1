//! An attacker's own WebSocket: it says what it likes, and reads only as much as it wants to.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::shard::frame::{self, Kind};
use crate::shard::talk;

/// How long a read or a write may take before the link counts as gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A WebSocket.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
    /// Last sequence that came.
    pub(crate) sequence: u64,
}

/// As much of a payload as an attacker needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Heard {
    pub(crate) op: u64,
    pub(crate) t: Option<String>,
    pub(crate) s: Option<u64>,
    pub(crate) d: Value,
}

impl Heard {
    /// Tells whether it says no: an invalid session, a rate, a status.
    pub(crate) fn refuses(&self) -> bool {
        let refused = self.d["status"].as_u64().is_some_and(|status| status >= 300);
        self.op == 9 || self.t.as_deref() == Some("RATE_LIMITED") || self.op == 101 && refused
    }
}

impl Wire {
    /// Opens a WebSocket that says nothing yet; HELLO waits to be read.
    pub(crate) fn open(server: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(talk::upgrade(server, "/?v=10&encoding=json").as_bytes())?;
        let mut wire = Self { stream, unread: Vec::new(), sequence: 0 };
        loop {
            if let Some(end) = memchr::memmem::find(&wire.unread, b"\r\n\r\n") {
                ensure!(wire.unread.starts_with(b"HTTP/1.1 101"), "not upgraded");
                wire.unread.drain(..end + 4);
                return Ok(wire);
            }
            wire.read()?;
        }
    }

    /// Opens a session with these intents, and returns it with the session's id.
    pub(crate) fn enter(server: SocketAddr, token: &str, intents: u64) -> Result<(Self, String)> {
        let mut wire = Self::open(server)?;
        wire.say(&talk::identify(token, crate::order::Nature::Steady, intents))?;
        let ready = wire.until(|heard| heard.t.as_deref() == Some("READY") || heard.op == 9)?;
        let id = ready.d["session_id"].as_str().context("no session")?.to_owned();
        Ok((wire, id))
    }

    /// Sends a payload.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        self.frame(Kind::Text, text.as_bytes())
    }

    /// Sends a frame of at most 65,535 bytes.
    pub(crate) fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<()> {
        let mut out = Vec::with_capacity(payload.len() + 16);
        frame::push(&mut out, kind, payload);
        self.bytes(&out)
    }

    /// Sends bytes as they are, frames or not.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Reads payloads up to one, and returns it.
    ///
    /// # Errors
    ///
    /// The link ends before, or nothing comes for a while.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Heard) -> bool) -> Result<Heard> {
        let began = Instant::now();
        loop {
            while let Some(heard) = self.take()? {
                if wanted(&heard) {
                    return Ok(heard);
                }
            }
            ensure!(began.elapsed() < PATIENCE, "it does not come");
            self.read()?;
        }
    }

    /// Takes in what has come, without waiting, and tells whether any of it says no.
    pub(crate) fn drain(&mut self) -> Result<bool> {
        self.stream.set_nonblocking(true)?;
        let read = self.read_all();
        self.stream.set_nonblocking(false)?;
        read?;
        let mut refused = false;
        while let Some(heard) = self.take()? {
            refused |= heard.refuses();
        }
        Ok(refused)
    }

    /// Takes the payload at the front, if it is whole.
    fn take(&mut self) -> Result<Option<Heard>> {
        loop {
            let Some(frame) = frame::split(&self.unread)? else { return Ok(None) };
            let (kind, length) = (frame.kind, frame.length);
            if kind == Kind::Close {
                let code = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
                bail!("closed with {code:?}");
            }
            let heard: Heard = match kind {
                Kind::Text => serde_json::from_slice(frame.payload).context("a payload")?,
                _ => Heard::default(),
            };
            self.unread.drain(..length);
            self.sequence = heard.s.unwrap_or(self.sequence);
            if kind == Kind::Text {
                return Ok(Some(heard));
            }
        }
    }

    fn read(&mut self) -> Result<()> {
        let mut buf = [0; READ_BYTES];
        let length = self.stream.read(&mut buf)?;
        ensure!(length > 0, "the link ended");
        self.unread.extend_from_slice(&buf[..length]);
        Ok(())
    }

    fn read_all(&mut self) -> Result<()> {
        let mut buf = [0; READ_BYTES];
        loop {
            match self.stream.read(&mut buf) {
                Ok(0) => bail!("the link ended"),
                Ok(length) => self.unread.extend_from_slice(&buf[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
