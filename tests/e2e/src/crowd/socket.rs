//! The WebSocket of a member: no more than a crowd of readers needs, without copies.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::frame::{self, Kind};
use super::member::Mind;

/// Bytes read at a time, in one buffer that all members of a thread share.
const SCRATCH_SIZE: usize = 64 * 1024;
/// Ends the head of an HTTP answer.
const HEAD_END: &[u8] = b"\r\n\r\n";

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_SIZE]);
}

pub(super) struct Socket {
    stream: TcpStream,
    upgraded: bool,
    /// Beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    out: Vec<u8>,
}

impl Socket {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /?v=10&encoding=json HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        Ok(Self { stream, upgraded: false, rest: Vec::new(), out: Vec::new() })
    }

    /// Hands what has come to a mind, and sends what that says.
    pub(super) async fn listen(&mut self, mind: &mut Mind) -> Result<()> {
        self.stream.readable().await?;
        self.receive(mind)?;
        if !self.out.is_empty() {
            self.stream.write_all(&std::mem::take(&mut self.out)).await?;
        }
        Ok(())
    }

    fn receive(&mut self, mind: &mut Mind) -> Result<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            let length = match self.stream.try_read(scratch) {
                Ok(0) => bail!("the connection ended"),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if self.rest.is_empty() {
                return self.take(&scratch[..length], mind);
            }
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(&scratch[..length]);
            self.take(&whole, mind)
        })
    }

    /// Handles every whole frame and keeps the rest.
    fn take(&mut self, mut bytes: &[u8], mind: &mut Mind) -> Result<()> {
        if !self.upgraded {
            let end = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END);
            let Some(end) = end else {
                self.rest = bytes.to_vec();
                return Ok(());
            };
            let head = String::from_utf8_lossy(&bytes[..end]);
            ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
            self.upgraded = true;
            bytes = &bytes[end + HEAD_END.len()..];
        }
        while let Some((kind, payload, length)) = frame::split(bytes)? {
            match kind {
                Kind::Text => {
                    if let Some(said) = mind.told(std::str::from_utf8(payload)?)? {
                        frame::push(&mut self.out, Kind::Text, said.as_bytes());
                    }
                }
                Kind::Ping => frame::push(&mut self.out, Kind::Pong, payload),
                Kind::Pong => {}
                Kind::Close => bail!("closed: {:?} {}", payload.get(..2), reason(payload)),
            }
            bytes = &bytes[length..];
        }
        self.rest = bytes.to_vec();
        Ok(())
    }
}

fn reason(payload: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(payload.get(2..).unwrap_or_default())
}
