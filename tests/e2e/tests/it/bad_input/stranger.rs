//! A gateway client that says whatever it likes and beats only when told to.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use throng_e2e::{Closed, Ledger, Link, News, PATIENCE, Route, Scene, Way};
use tokio::time::timeout;

use super::identify;

enum Heard {
    Payload(Value),
    Closed(Closed),
}

/// A connection, and the session that began on it.
pub(super) struct Stranger {
    link: Link,
    route: Route,
    pub(super) token: String,
    session: String,
    ledger: Ledger,
}

impl Stranger {
    /// Connects by a route of its own and reads nothing.
    pub(super) async fn connected(scene: &Scene, route: &Route) -> Result<Self> {
        let mut ledger = Ledger::default();
        ledger.relink(route.has_lanes());
        Ok(Self {
            link: Link::connect(route).await?,
            route: route.clone(),
            token: scene.readers[1].token.clone(),
            session: String::new(),
            ledger,
        })
    }

    /// Connects and reads HELLO.
    pub(super) async fn greeted(scene: &Scene, way: Way) -> Result<Self> {
        Self::connected(scene, &scene.gateway.route(way)).await?.hello().await
    }

    /// Connects, identifies and reads up to the guild.
    pub(super) async fn entered(scene: &Scene, way: Way) -> Result<Self> {
        Self::greeted(scene, way).await?.enter(scene).await
    }

    /// As [`Stranger::entered`], taking little at a time.
    pub(super) async fn slow(scene: &Scene, way: Way) -> Result<Self> {
        let route = scene.gateway.route(way).narrow();
        Self::connected(scene, &route).await?.hello().await?.enter(scene).await
    }

    async fn hello(mut self) -> Result<Self> {
        let hello = self.payload().await?;
        ensure!(hello["op"] == 10, "no HELLO: {hello}");
        Ok(self)
    }

    pub(super) async fn enter(mut self, scene: &Scene) -> Result<Self> {
        self.tell(&identify(scene)).await?;
        self.until(&["READY", "GUILD_CREATE"]).await?;
        Ok(self)
    }

    /// Forgets what it knew of its session.
    pub(super) fn anew(mut self) -> Self {
        self.ledger = Ledger::default();
        self.ledger.relink(self.route.has_lanes());
        self
    }

    /// Returns the number up to which nothing is missing.
    pub(super) fn seq(&self) -> u64 {
        self.ledger.settled()
    }

    /// Sends text as it is.
    pub(super) async fn say(&mut self, text: &str) -> Result<()> {
        self.link.say(text).await
    }

    /// Sends bytes as they are.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.link.write(bytes).await
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
        self.link.close(1000).await?;
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

    /// Reads until each of some events has come, and returns all that came.
    pub(super) async fn until(&mut self, names: &[&str]) -> Result<Vec<Value>> {
        let mut events: Vec<Value> = Vec::new();
        let came = |events: &[Value], name| events.iter().any(|event| event["t"] == name);
        while !names.iter().all(|name| came(&events, *name)) {
            let payload = self.payload().await.with_context(|| format!("{names:?}: {events:?}"))?;
            ensure!(payload["op"] != 9, "the session is invalid");
            if payload["op"] == 0 {
                events.push(payload);
            }
        }
        Ok(events)
    }

    /// Reads until RESUMED and everything before it have come, and returns all that came.
    pub(super) async fn catch_up(&mut self) -> Result<Vec<Value>> {
        let mut events = self.until(&["RESUMED"]).await?;
        let end = events.last().and_then(|resumed| resumed["s"].as_u64());
        while Some(self.seq()) < end {
            let payload = self.payload().await.with_context(|| format!("after {events:?}"))?;
            events.extend((payload["op"] == 0).then_some(payload));
        }
        Ok(events)
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
        self.resume_as(scene, &self.token, self.seq()).await
    }

    /// As [`Stranger::resume`], with another token or sequence.
    pub(super) async fn resume_as(&self, scene: &Scene, token: &str, seq: u64) -> Result<Self> {
        let mut new = Self::connected(scene, &self.route).await?.hello().await?;
        let d = json!({ "token": token, "session_id": self.session, "seq": seq });
        new.tell(&json!({ "op": 6, "d": d })).await?;
        new.token = token.to_owned();
        new.session = self.session.clone();
        new.ledger = if seq == self.seq() { self.ledger.clone() } else { Ledger::at(seq) };
        new.ledger.relink(new.route.has_lanes());
        Ok(new)
    }

    /// Reads a payload that was not told before, and takes note of its number.
    async fn hear(&mut self) -> Result<Heard> {
        loop {
            match timeout(PATIENCE, self.link.hear()).await.context("nothing came")?? {
                News::Payload(text, _) => {
                    let payload: Value = serde_json::from_str(&text).context(text)?;
                    if self.note(&payload)? {
                        return Ok(Heard::Payload(payload));
                    }
                }
                News::Skipped(ranges) => self.ledger.skipped(&ranges),
                News::Closed(closed) => return Ok(Heard::Closed(closed)),
            }
        }
    }

    fn note(&mut self, payload: &Value) -> Result<bool> {
        if payload["t"] == "READY" {
            let session = payload["d"]["session_id"].as_str();
            session.context("READY without a session")?.clone_into(&mut self.session);
        }
        let Some(number) = payload["s"].as_u64() else { return Ok(true) };
        self.ledger.told(number).with_context(|| payload.to_string())
    }
}
