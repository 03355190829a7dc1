//! A raw gateway client that follows the protocol to the letter and records every payload.

mod wire;

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{Account, PATIENCE};
use wire::Inflater;
pub use wire::Wire;

/// One numbered event of a session.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Its number in the session.
    pub s: u64,
    /// Its name.
    pub t: String,
    /// Its data.
    pub d: Value,
    /// Whole payload, to the byte, as it was before compression.
    pub raw: String,
}

/// What a session is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// Opcode 0.
    Dispatch(Box<Dispatch>),
    /// Opcode 7: connect again and resume.
    Reconnect,
    /// Opcode 9, and whether the session can be resumed.
    Invalid(bool),
    /// End of the connection, with its close code if there was one.
    Closed(Option<u16>),
}

/// What an IDENTIFY says beside the token.
#[derive(Clone, Debug)]
pub struct Identity {
    token: String,
    body: Value,
}

impl Identity {
    /// Describes a bot that wants `intents`.
    #[must_use]
    pub fn bot(account: &Account, intents: u64) -> Self {
        Self::new(account, json!({ "intents": intents }))
    }

    /// Describes a user account with `capabilities`, which gets every event that its mode allows.
    #[must_use]
    pub fn user(account: &Account, capabilities: u64) -> Self {
        Self::new(account, json!({ "capabilities": capabilities }))
    }

    /// Asks for payload compression.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.body["compress"] = true.into();
        self
    }

    /// Returns the whole command.
    #[must_use]
    pub(crate) fn command(&self) -> Value {
        json!({ "op": 2, "d": self.body })
    }

    fn new(account: &Account, mut body: Value) -> Self {
        body["token"] = account.token.as_str().into();
        body["properties"] = json!({ "os": "linux", "browser": "e2e", "device": "e2e" });
        Self { token: account.token.clone(), body }
    }
}

/// Where a session stands while it has no connection.
#[derive(Clone, Debug)]
pub struct Cursor {
    url: String,
    token: String,
    session: String,
    wire: Wire,
    lenient: bool,
    /// Number of the last event that was read.
    pub seq: u64,
}

impl Cursor {
    /// Connects to where READY said and sends RESUME; what was missed comes as events.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection or no HELLO in time.
    pub async fn resume(self) -> Result<Client> {
        let mut client = Client::connect(&self.url, self.wire).await?;
        let d = json!({ "token": self.token, "session_id": self.session, "seq": self.seq });
        client.cursor = self;
        client.send(&json!({ "op": 6, "d": d })).await?;
        Ok(client)
    }

    /// Stands at an earlier number.
    #[must_use]
    pub fn rewound(mut self, seq: u64) -> Self {
        self.seq = seq;
        self
    }
}

/// A connection to the gateway and the session on it.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    inflater: Inflater,
    interval: Duration,
    beat: Instant,
    cursor: Cursor,
}

impl Client {
    /// Connects to `url` and waits for HELLO.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection or no HELLO in time.
    pub async fn connect(url: &str, wire: Wire) -> Result<Self> {
        let address = url.strip_prefix("ws://").context("not a ws:// address")?;
        let stream = TcpStream::connect(address).await.with_context(|| format!("dial {url}"))?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
        let request = format!("{url}/{}", wire.query());
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, _) = timeout_at(Instant::now() + PATIENCE, handshake).await??;
        let cursor = Cursor {
            url: url.to_owned(),
            token: String::new(),
            session: String::new(),
            wire,
            lenient: false,
            seq: 0,
        };
        let inflater = Inflater::new(wire);
        let (interval, beat) = (PATIENCE, Instant::now() + PATIENCE);
        let mut client = Self { socket, inflater, interval, beat, cursor };
        let hello = client.payload(Instant::now() + PATIENCE).await?;
        let hello = hello.context("closed before HELLO")?;
        let hello: Value = serde_json::from_str(&hello)?;
        ensure!(hello["op"] == 10, "the first payload is no HELLO: {hello}");
        let interval = hello["d"]["heartbeat_interval"].as_u64().context("no interval")?;
        client.interval = Duration::from_millis(interval);
        client.beat = Instant::now() + client.interval;
        Ok(client)
    }

    /// Sends IDENTIFY and returns the data of READY.
    ///
    /// # Errors
    ///
    /// Fails when anything but READY comes first.
    pub async fn identify(&mut self, identity: &Identity) -> Result<Value> {
        self.cursor.token.clone_from(&identity.token);
        self.send(&identity.command()).await?;
        let ready = self.next_dispatch().await?;
        ensure!(ready.t == "READY", "the first event is no READY: {}", ready.raw);
        Ok(ready.d)
    }

    /// Connects, identifies and reads until the guild has arrived.
    ///
    /// # Errors
    ///
    /// Fails when READY or the guild does not come in time.
    pub async fn enter(url: &str, wire: Wire, identity: &Identity) -> Result<Self> {
        let mut client = Self::connect(url, wire).await?;
        let ready = client.identify(identity).await?;
        // Guilds of user accounts may come whole in READY.
        if ready["guilds"][0]["unavailable"] == true {
            client.expect("GUILD_CREATE").await?;
        }
        Ok(client)
    }

    /// Sends any command.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn send(&mut self, command: &Value) -> Result<()> {
        Ok(self.socket.send(Message::text(command.to_string())).await?)
    }

    /// Reads until something is told, beating and answering beats meanwhile.
    ///
    /// # Errors
    ///
    /// Fails when nothing comes in time, when a payload cannot be read, or when the number of an
    /// event does not follow the one before.
    pub async fn next(&mut self) -> Result<Event> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(raw) = self.payload(deadline).await? else {
                return Ok(Event::Closed(None));
            };
            if let Some(code) = raw.strip_prefix(CLOSED) {
                return Ok(Event::Closed(code.parse().ok()));
            }
            let head: Head<'_> = serde_json::from_str(&raw).context(raw.clone())?;
            match head.op {
                0 => return self.dispatch(raw),
                1 => self.heartbeat().await?,
                7 => return Ok(Event::Reconnect),
                9 => return Ok(Event::Invalid(head.d.is_some_and(|d| d.get() == "true"))),
                11 => {}
                op => bail!("opcode {op} is not for clients: {raw}"),
            }
        }
    }

    /// Reads the next event.
    ///
    /// # Errors
    ///
    /// As [`Client::next`], and when something else than an event is told.
    pub async fn next_dispatch(&mut self) -> Result<Dispatch> {
        match self.next().await? {
            Event::Dispatch(dispatch) => Ok(*dispatch),
            other => bail!("{other:?} where an event is due"),
        }
    }

    /// Reads until an event called `name`, passing over others.
    ///
    /// # Errors
    ///
    /// As [`Client::next_dispatch`].
    pub async fn expect(&mut self, name: &str) -> Result<Dispatch> {
        let mut passed = Vec::new();
        loop {
            match self.next_dispatch().await.with_context(|| format!("{name} after {passed:?}"))? {
                dispatch if dispatch.t == name => return Ok(dispatch),
                dispatch => passed.push(dispatch.t),
            }
        }
    }

    /// Reads until a message with this content and returns all events before it.
    ///
    /// # Errors
    ///
    /// As [`Client::next_dispatch`].
    pub async fn until_message(&mut self, content: &str) -> Result<Vec<Dispatch>> {
        let mut passed = Vec::new();
        loop {
            let dispatch = self.next_dispatch().await?;
            if dispatch.t == "MESSAGE_CREATE" && dispatch.d["content"] == content {
                return Ok(passed);
            }
            passed.push(dispatch);
        }
    }

    /// Accepts that numbers only grow, for sessions whose server has died.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.cursor.lenient = true;
        self
    }

    /// Returns where the session stands.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// Cuts the connection with a reset, unread data and all, and says nothing to the server.
    ///
    /// # Errors
    ///
    /// Fails when the socket cannot be told to reset.
    pub fn drop_socket(self) -> Result<Cursor> {
        self.socket.get_ref().set_zero_linger()?;
        Ok(self.cursor)
    }

    /// Sends a heartbeat with the number of the last event.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn heartbeat(&mut self) -> Result<()> {
        let seq = (self.cursor.seq > 0).then_some(self.cursor.seq);
        self.send(&json!({ "op": 1, "d": seq })).await
    }

    fn dispatch(&mut self, raw: String) -> Result<Event> {
        let full: Full = serde_json::from_str(&raw).context(raw.clone())?;
        let cursor = &mut self.cursor;
        let follows = full.s == cursor.seq + 1 || cursor.lenient && full.s > cursor.seq;
        ensure!(follows, "number {} after {}: {raw}", full.s, cursor.seq);
        cursor.seq = full.s;
        if full.t == "READY" {
            let text =
                |key: &str| full.d[key].as_str().context("READY lacks a key").map(str::to_owned);
            cursor.session = text("session_id")?;
            cursor.url = text("resume_gateway_url")?;
        }
        Ok(Event::Dispatch(Box::new(Dispatch { s: full.s, t: full.t, d: full.d, raw })))
    }

    /// Returns the next whole payload as text, `None` at the end of the stream.
    async fn payload(&mut self, deadline: Instant) -> Result<Option<String>> {
        loop {
            let Ok(frame) = timeout_at(deadline.min(self.beat), self.socket.next()).await else {
                ensure!(Instant::now() < deadline, "nothing came for {PATIENCE:?}");
                self.beat = Instant::now() + self.interval;
                self.heartbeat().await?;
                continue;
            };
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some(text) = self.inflater.push(&bytes)? {
                        return Ok(Some(text));
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map(|frame| u16::from(frame.code).to_string());
                    return Ok(Some(format!("{CLOSED}{}", code.unwrap_or_default())));
                }
                Some(Ok(_)) => {}
                // A connection may end without the courtesies.
                Some(Err(_)) | None => return Ok(None),
            }
        }
    }
}

/// Stands before a close code where a payload is due; no payload begins so.
const CLOSED: &str = "\u{0}closed ";

#[derive(Deserialize)]
struct Head<'a> {
    op: u64,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Full {
    s: u64,
    t: String,
    d: Value,
}
