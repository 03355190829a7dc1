//! A gateway client that says whatever it likes and beats only when told to.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use throng_e2e::{PATIENCE, Scene};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::identify;

/// Bytes that a reader who wants to be slow has the kernel hold.
const SMALL_BUFFER: u32 = 4096;
const QUERY: &str = "/?v=10&encoding=json";

/// How a connection ended.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) code: Option<u16>,
    pub(super) reason: String,
}

enum Heard {
    Payload(Value),
    Closed(Closed),
}

/// A connection, and the session that began on it.
pub(super) struct Stranger {
    socket: WebSocketStream<TcpStream>,
    pub(super) token: String,
    pub(super) session: String,
    pub(super) seq: u64,
}

impl Stranger {
    /// Connects with a query of its own and reads nothing.
    pub(super) async fn connected(scene: &Scene, query: &str) -> Result<Self> {
        Self::over(TcpStream::connect(scene.gateway.public()).await?, scene, query).await
    }

    /// Connects and reads HELLO.
    pub(super) async fn greeted(scene: &Scene) -> Result<Self> {
        Self::connected(scene, QUERY).await?.hello().await
    }

    /// Connects, identifies and reads up to the guild.
    pub(super) async fn entered(scene: &Scene) -> Result<Self> {
        Self::greeted(scene).await?.enter(scene).await
    }

    /// As [`Stranger::entered`], with a socket that holds little.
    pub(super) async fn slow(scene: &Scene) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(SMALL_BUFFER)?;
        let stream = socket.connect(scene.gateway.public()).await?;
        Self::over(stream, scene, QUERY).await?.hello().await?.enter(scene).await
    }

    async fn over(stream: TcpStream, scene: &Scene, query: &str) -> Result<Self> {
        let request = format!("{}{query}", scene.gateway.url());
        let handshake = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = timeout(PATIENCE, handshake).await??;
        let token = scene.readers[1].token.clone();
        Ok(Self { socket, token, session: String::new(), seq: 0 })
    }

    async fn hello(mut self) -> Result<Self> {
        let hello = self.payload().await?;
        ensure!(hello["op"] == 10, "no HELLO: {hello}");
        Ok(self)
    }

    pub(super) async fn enter(mut self, scene: &Scene) -> Result<Self> {
        self.tell(&identify(scene)).await?;
        self.until("GUILD_CREATE").await?;
        Ok(self)
    }

    /// Sends text as it is.
    pub(super) async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Sends a command.
    pub(super) async fn tell(&mut self, command: &Value) -> Result<()> {
        self.say(&command.to_string()).await
    }

    /// Beats, and expects to be heard.
    pub(super) async fn is_heard(&mut self) -> Result<()> {
        self.tell(&json!({ "op": 1, "d": null })).await?;
        loop {
            if self.payload().await?["op"] == 11 {
                return Ok(());
            }
        }
    }

    /// Expects silence for so long.
    pub(super) async fn is_told_nothing(&mut self, time: Duration) -> Result<()> {
        match timeout(time, self.payload()).await {
            Ok(payload) => bail!("told {payload:?}"),
            Err(_) => Ok(()),
        }
    }

    /// Ends the session for good, and waits until the gateway has said so too.
    pub(super) async fn leave(mut self) -> Result<Self> {
        let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.socket.close(Some(normal)).await.context("close")?;
        self.closed().await?;
        Ok(self)
    }

    /// Reads a payload.
    pub(super) async fn payload(&mut self) -> Result<Value> {
        match self.hear().await? {
            Heard::Payload(payload) => Ok(payload),
            Heard::Closed(closed) => bail!("{closed:?} where a payload is due"),
        }
    }

    /// Reads up to an event and returns all of them.
    pub(super) async fn until(&mut self, name: &str) -> Result<Vec<Value>> {
        let mut events = Vec::new();
        loop {
            let payload = self.payload().await.with_context(|| format!("{name}: {events:?}"))?;
            ensure!(payload["op"] != 9, "the session is invalid");
            let found = payload["t"] == name;
            if payload["op"] == 0 {
                events.push(payload);
            }
            if found {
                return Ok(events);
            }
        }
    }

    /// Reads up to the end of the connection.
    pub(super) async fn closed(&mut self) -> Result<Closed> {
        loop {
            if let Heard::Closed(closed) = self.hear().await? {
                return Ok(closed);
            }
        }
    }

    /// Expects op 9 with `false`, after which the link must still be there.
    pub(super) async fn is_invalid(&mut self) -> Result<()> {
        let payload = self.payload().await?;
        ensure!(payload["op"] == 9 && payload["d"] == false, "{payload} is not op 9");
        self.is_heard().await
    }

    /// Connects anew and sends RESUME.
    pub(super) async fn resume(&self, scene: &Scene) -> Result<Self> {
        self.resume_as(scene, &self.token, self.seq).await
    }

    /// As [`Stranger::resume`], with another token or sequence.
    pub(super) async fn resume_as(&self, scene: &Scene, token: &str, seq: u64) -> Result<Self> {
        let mut new = Self::greeted(scene).await?;
        let d = json!({ "token": token, "session_id": self.session, "seq": seq });
        new.tell(&json!({ "op": 6, "d": d })).await?;
        new.token = token.to_owned();
        (new.session, new.seq) = (self.session.clone(), seq);
        Ok(new)
    }

    async fn hear(&mut self) -> Result<Heard> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.context("nothing came")?;
            match frame {
                Some(Ok(Message::Text(text))) => return self.note(&text).map(Heard::Payload),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.as_ref().map(|frame| frame.code.into());
                    let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    // Answered here, because nobody may read any more.
                    drop(timeout(Duration::from_secs(1), self.socket.flush()).await);
                    return Ok(Heard::Closed(Closed { code, reason }));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    return Ok(Heard::Closed(Closed { code: None, reason: String::new() }));
                }
            }
        }
    }

    /// Reads a payload and takes note of the sequence, which has no gaps.
    fn note(&mut self, text: &str) -> Result<Value> {
        let payload: Value = serde_json::from_str(text).with_context(|| text.to_owned())?;
        if let Some(seq) = payload["s"].as_u64() {
            ensure!(seq == self.seq + 1, "{seq} after {}", self.seq);
            self.seq = seq;
        }
        if payload["t"] == "READY" {
            let session = payload["d"]["session_id"].as_str();
            session.context("READY without a session")?.clone_into(&mut self.session);
        }
        Ok(payload)
    }
}
