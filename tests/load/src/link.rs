//! Posting over a session's own link, by op 100.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::order::Nature;
use crate::publish::{Post, Publisher};
use crate::shard::frame::{self, Kind};
use crate::shard::talk;

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1024;

/// Posts into channels, over a link.
#[derive(Debug)]
pub(crate) struct LinkPublisher {
    stream: TcpStream,
    unread: Vec<u8>,
    channels: Vec<String>,
}

/// As much of a payload as an author needs.
#[derive(Debug, Deserialize)]
struct Told {
    op: u64,
    #[serde(default)]
    d: Option<Answer>,
}

/// What op 101 says; other payloads have none of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: u16,
}

impl LinkPublisher {
    /// Opens a session that hears nothing but answers.
    pub(crate) fn open(server: SocketAddr, token: &str, channels: &[String]) -> Result<Self> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.write_all(talk::upgrade(server, "/?v=10&encoding=json").as_bytes())?;
        let mut link = Self { stream, unread: Vec::new(), channels: channels.to_vec() };
        link.read_head()?;
        link.say(&talk::identify(token, Nature::Steady, 0))?;
        // READY is the first dispatch.
        link.until(|told| told.op == 0)?;
        Ok(link)
    }

    fn read_head(&mut self) -> Result<()> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.unread, b"\r\n\r\n") {
                self.unread.drain(..end + 4);
                return Ok(());
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<()> {
        let mut buf = [0; READ_BYTES];
        let length = self.stream.read(&mut buf)?;
        ensure!(length > 0, "the author's link ended");
        self.unread.extend_from_slice(&buf[..length]);
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<()> {
        let mut out = Vec::with_capacity(text.len() + 16);
        frame::push(&mut out, Kind::Text, text.as_bytes());
        Ok(self.stream.write_all(&out)?)
    }

    /// Reads payloads up to one, and returns it.
    fn until(&mut self, wanted: impl Fn(&Told) -> bool) -> Result<Told> {
        loop {
            if let Some(frame) = frame::split(&self.unread)? {
                ensure!(frame.kind == Kind::Text, "the author's link ended");
                let told: Told = serde_json::from_slice(frame.payload).context("a payload")?;
                let length = frame.length;
                self.unread.drain(..length);
                if told.op == 1 {
                    self.say(&talk::beat(0))?;
                }
                if wanted(&told) {
                    return Ok(told);
                }
            } else {
                self.read()?;
            }
        }
    }
}

impl Publisher for LinkPublisher {
    fn publish(&mut self, post: &Post) -> Result<()> {
        let channel = &self.channels[post.number as usize % self.channels.len()];
        let path = format!("/channels/{channel}/messages");
        let body = json!({ "content": post.content });
        let d = json!({ "id": post.number, "method": "POST", "path": path, "body": body });
        self.say(&json!({ "op": 100, "d": d }).to_string())?;
        let answer = self.until(|told| told.op == 101)?.d.unwrap_or_default();
        ensure!(answer.status == 200, "not posted: status {}", answer.status);
        Ok(())
    }
}
