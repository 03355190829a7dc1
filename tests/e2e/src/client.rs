//! A gateway client that follows the protocol to the letter and records every payload.

mod cursor;
mod identity;
mod ledger;

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use throng_proto::id::GuildId;
use tokio::time::{Instant, timeout_at};

use crate::{Link, News, PATIENCE, Route};
pub use cursor::Cursor;
pub use identity::Identity;
pub use ledger::Ledger;

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
    /// Opcode 101: the answer to a request over the link.
    Answer(Value),
    /// End of the connection, with its close code if there was one.
    Closed(Option<u16>),
}

/// A connection to the gateway and the session on it.
#[derive(Debug)]
pub struct Client {
    link: Link,
    interval: Duration,
    beat: Instant,
    /// A beat was not acknowledged yet.
    unheard: bool,
    cursor: Cursor,
    /// Events that overtook READY.
    early: VecDeque<Dispatch>,
}

impl Client {
    /// Connects and waits for HELLO.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection or no HELLO in time.
    pub async fn connect(route: &Route) -> Result<Self> {
        let mut link = Link::connect(route).await?;
        let hello = timeout_at(Instant::now() + PATIENCE, link.hear()).await.context("no HELLO")?;
        let News::Payload(hello, _) = hello? else { bail!("closed before HELLO") };
        let hello: Value = serde_json::from_str(&hello)?;
        ensure!(hello["op"] == 10, "the first payload is no HELLO: {hello}");
        let interval = hello["d"]["heartbeat_interval"].as_u64().context("no interval")?;
        let interval = Duration::from_millis(interval);
        let mut cursor = Cursor::new(route);
        cursor.ledger.relink(route.has_lanes());
        let (beat, early) = (Instant::now() + interval, VecDeque::new());
        Ok(Self { link, interval, beat, unheard: false, cursor, early })
    }

    /// Sends IDENTIFY and returns the data of READY.
    ///
    /// # Errors
    ///
    /// Fails when anything but READY comes first; where guilds have lanes of their own, their
    /// events may overtake it.
    pub async fn identify(&mut self, identity: &Identity) -> Result<Value> {
        self.cursor.token.clone_from(&identity.token);
        self.send(&identity.command()).await?;
        let mut early = VecDeque::new();
        let ready = loop {
            let first = self.next_dispatch().await?;
            if first.t == "READY" {
                break first;
            }
            ensure!(self.cursor.route.has_lanes(), "the first event is no READY: {}", first.raw);
            early.push_back(first);
        };
        ensure!(ready.s == 1, "READY is not the first: {}", ready.raw);
        self.early = early;
        Ok(ready.d)
    }

    /// Connects, identifies and reads until the guild has arrived.
    ///
    /// # Errors
    ///
    /// Fails when READY or the guild does not come in time.
    pub async fn enter(route: &Route, identity: &Identity) -> Result<Self> {
        let mut client = Self::connect(route).await?;
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
        self.link.say(&command.to_string()).await
    }

    /// Reads until something is told, beating and answering beats meanwhile.
    ///
    /// # Errors
    ///
    /// Fails when nothing comes in time, when a payload cannot be read, or when the number of an
    /// event is not a new one, or not the next one where those are in order.
    pub async fn next(&mut self) -> Result<Event> {
        if let Some(early) = self.early.pop_front() {
            return Ok(Event::Dispatch(Box::new(early)));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(event) = self.step(deadline).await? {
                return Ok(event);
            }
        }
    }

    /// Reads once; not everything that comes is for the application.
    async fn step(&mut self, deadline: Instant) -> Result<Option<Event>> {
        let Ok(news) = timeout_at(deadline.min(self.beat), self.link.hear()).await else {
            ensure!(Instant::now() < deadline, "nothing came for {PATIENCE:?}");
            let gone = self.unheard || self.heartbeat().await.is_err();
            return Ok(gone.then_some(Event::Closed(None)));
        };
        match news? {
            News::Payload(raw, guild) => self.told(raw, guild).await,
            News::Skipped(ranges) => {
                self.cursor.ledger.skipped(&ranges);
                Ok(None)
            }
            News::Closed(closed) => Ok(Some(Event::Closed(closed.code))),
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

    /// Reads until RESUMED and everything before it have come, and returns all of it by number.
    ///
    /// # Errors
    ///
    /// As [`Client::next_dispatch`].
    pub async fn catch_up(&mut self) -> Result<Vec<Dispatch>> {
        let (mut told, mut end) = (Vec::new(), u64::MAX);
        while self.cursor.seq() < end {
            let dispatch = self.next_dispatch().await.with_context(|| format!("after {told:?}"))?;
            if dispatch.t == "RESUMED" {
                end = dispatch.s;
            }
            told.push(dispatch);
        }
        told.sort_by_key(|dispatch| dispatch.s);
        Ok(told)
    }

    /// Returns where the session stands.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// Cuts the connection, unread data and all, and says nothing to the gateway.
    ///
    /// # Errors
    ///
    /// Fails when the socket cannot be told to reset.
    pub fn cut(self) -> Result<Cursor> {
        self.link.cut()?;
        Ok(self.cursor)
    }

    /// Goes on from another address, which only QUIC can.
    ///
    /// # Errors
    ///
    /// Fails for other transports, and when there is no other address.
    pub fn move_away(&self) -> Result<()> {
        self.link.move_away()
    }

    /// Sends a heartbeat with the number up to which nothing is missing.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn heartbeat(&mut self) -> Result<()> {
        self.beat = Instant::now() + self.interval;
        self.unheard = true;
        let seq = (self.cursor.seq() > 0).then(|| self.cursor.seq());
        self.send(&json!({ "op": 1, "d": seq })).await
    }

    /// Beats, and reads until that is acknowledged; nothing else may come.
    ///
    /// # Errors
    ///
    /// As [`Client::next`], and when something else is told.
    pub async fn is_heard(&mut self) -> Result<()> {
        self.heartbeat().await?;
        let deadline = Instant::now() + PATIENCE;
        while self.unheard {
            if let Some(event) = self.step(deadline).await? {
                bail!("{event:?} where only an acknowledgement is due");
            }
        }
        Ok(())
    }

    async fn told(&mut self, raw: String, guild: Option<GuildId>) -> Result<Option<Event>> {
        let head: Head<'_> = serde_json::from_str(&raw).context(raw.clone())?;
        Ok(match head.op {
            0 => return self.dispatch(raw, guild),
            1 => {
                self.heartbeat().await?;
                None
            }
            7 => Some(Event::Reconnect),
            9 => Some(Event::Invalid(head.d.is_some_and(|d| d.get() == "true"))),
            11 => {
                self.unheard = false;
                None
            }
            101 => {
                let answer = head.d.context("an answer without data")?;
                Some(Event::Answer(serde_json::from_str(answer.get())?))
            }
            op => bail!("opcode {op} is not for clients: {raw}"),
        })
    }

    fn dispatch(&mut self, raw: String, guild: Option<GuildId>) -> Result<Option<Event>> {
        let full: Full = serde_json::from_str(&raw).context(raw.clone())?;
        if let Some(guild) = guild {
            let own = full.d["guild_id"].as_str().or_else(|| full.d["id"].as_str());
            ensure!(own == Some(&guild.to_string()), "on the stream of {guild}: {raw}");
        }
        if !self.cursor.ledger.told(full.s).with_context(|| raw.clone())? {
            return Ok(None);
        }
        if full.t == "READY" {
            self.cursor.begin(&full.d)?;
        }
        let dispatch = Dispatch { s: full.s, t: full.t, d: full.d, raw };
        Ok(Some(Event::Dispatch(Box::new(dispatch))))
    }
}

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
