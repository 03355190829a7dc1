//! One session of a crowd: enters, listens, answers beats.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::SemaphorePermit;

use super::frame::{self, Kind};
use super::{Hall, Seat};

/// Bytes read at a time, in one buffer that all members of a thread share.
const SCRATCH_SIZE: usize = 64 * 1024;
/// Ends the head of an HTTP answer.
const HEAD_END: &[u8] = b"\r\n\r\n";

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_SIZE]);
}

pub(super) struct Member {
    hall: Arc<Hall>,
    index: usize,
    identify: Vec<u8>,
    keeps: bool,
    /// Number of the last event.
    seq: u64,
    phase: Phase,
    /// Beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    out: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Upgrade,
    Hello,
    Ready,
    Guild,
    Inside,
}

#[derive(Deserialize)]
struct Payload<'a> {
    op: u64,
    s: Option<u64>,
    t: Option<&'a str>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Posted {
    content: String,
}

#[derive(Deserialize)]
struct Ready {
    guilds: Vec<Announced>,
}

#[derive(Deserialize)]
struct Announced {
    #[serde(default)]
    unavailable: bool,
}

impl Member {
    pub(super) fn new(hall: Arc<Hall>, index: usize, seat: &Seat) -> Self {
        let mut identify = Vec::new();
        frame::push(&mut identify, Kind::Text, seat.identity.command().to_string().as_bytes());
        Self {
            hall,
            index,
            identify,
            keeps: seat.keeps,
            seq: 0,
            phase: Phase::Upgrade,
            rest: Vec::new(),
            out: Vec::new(),
        }
    }

    pub(super) async fn live(mut self) {
        let hall = Arc::clone(&self.hall);
        if let Err(error) = self.run(&hall).await {
            hall.fail(format!("session {}: {error:#}", self.index));
        }
    }

    async fn run(&mut self, hall: &Hall) -> Result<()> {
        let mut door = Some(hall.doors.acquire().await?);
        let mut stream = TcpStream::connect(hall.address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /?v=10&encoding=json HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            hall.address
        );
        stream.write_all(request.as_bytes()).await?;
        loop {
            stream.readable().await?;
            self.receive(&stream)?;
            if !self.out.is_empty() {
                stream.write_all(&std::mem::take(&mut self.out)).await?;
            }
            self.shut(&mut door);
        }
    }

    /// Lets the next one in once this one is inside.
    fn shut(&self, door: &mut Option<SemaphorePermit<'_>>) {
        if self.phase == Phase::Inside && door.take().is_some() {
            self.hall.count(&self.hall.entered);
        }
    }

    fn receive(&mut self, stream: &TcpStream) -> Result<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            let length = match stream.try_read(scratch) {
                Ok(0) => bail!("the connection ended"),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if self.rest.is_empty() {
                return self.take(&scratch[..length]);
            }
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(&scratch[..length]);
            self.take(&whole)
        })
    }

    /// Handles every whole frame and keeps the rest.
    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        if self.phase == Phase::Upgrade {
            let end = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END);
            let Some(end) = end else {
                self.rest = bytes.to_vec();
                return Ok(());
            };
            let head = String::from_utf8_lossy(&bytes[..end]);
            ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
            self.phase = Phase::Hello;
            bytes = &bytes[end + HEAD_END.len()..];
        }
        while let Some((kind, payload, length)) = frame::split(bytes)? {
            match kind {
                Kind::Text => self.told(std::str::from_utf8(payload)?)?,
                Kind::Ping => frame::push(&mut self.out, Kind::Pong, payload),
                Kind::Pong => {}
                Kind::Close => bail!("closed: {:?} {}", payload.get(..2), reason(payload)),
            }
            bytes = &bytes[length..];
        }
        self.rest = bytes.to_vec();
        Ok(())
    }

    fn told(&mut self, raw: &str) -> Result<()> {
        let payload: Payload<'_> = serde_json::from_str(raw).with_context(|| raw.to_owned())?;
        match payload.op {
            0 => self.event(raw, &payload),
            1 => {
                let beat = format!(r#"{{"op":1,"d":{}}}"#, self.seq);
                frame::push(&mut self.out, Kind::Text, beat.as_bytes());
                Ok(())
            }
            10 => {
                ensure!(self.phase == Phase::Hello, "a second HELLO");
                self.phase = Phase::Ready;
                self.out.append(&mut self.identify);
                Ok(())
            }
            11 => Ok(()),
            _ => bail!("told {raw}"),
        }
    }

    fn event(&mut self, raw: &str, payload: &Payload<'_>) -> Result<()> {
        let (Some(s), Some(t), Some(d)) = (payload.s, payload.t, payload.d) else {
            bail!("an event lacks s, t or d: {raw}");
        };
        ensure!(s == self.seq + 1, "number {s} after {}: {raw}", self.seq);
        self.seq = s;
        match (self.phase, t) {
            (Phase::Ready, "READY") => {
                let ready: Ready = serde_json::from_str(d.get())?;
                let comes = ready.guilds.iter().any(|guild| guild.unavailable);
                self.phase = if comes { Phase::Guild } else { Phase::Inside };
            }
            (Phase::Guild, "GUILD_CREATE") => self.phase = Phase::Inside,
            (Phase::Guild | Phase::Inside, _) => self.hear(raw, t, d)?,
            _ => bail!("{t} before READY"),
        }
        Ok(())
    }

    fn hear(&self, raw: &str, t: &str, d: &RawValue) -> Result<()> {
        let mut heard = self.hall.heard(self.index);
        if self.keeps {
            heard.payloads.push(raw.to_owned());
        }
        if t != "MESSAGE_CREATE" {
            heard.others.push(t.to_owned());
            return Ok(());
        }
        let posted: Posted = serde_json::from_str(d.get())?;
        let mark = posted.content.strip_prefix('#').and_then(|rest| rest.split(' ').next());
        let mark = mark.and_then(|mark| mark.parse().ok());
        heard.marks.push(mark.with_context(|| format!("a message without a mark: {raw}"))?);
        drop(heard);
        self.hall.count(&self.hall.messages);
        Ok(())
    }
}

fn reason(payload: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(payload.get(2..).unwrap_or_default())
}
