//! One session of a crowd: enters, listens, answers beats.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::SemaphorePermit;

use super::socket::Socket;
use super::{Hall, Seat};
use crate::{Ledger, Link, News};

/// Lives a session to the end of the crowd.
pub(super) async fn live(hall: Arc<Hall>, index: usize, seat: Seat) {
    let mut mind = Mind::new(Arc::clone(&hall), index, &seat);
    let lived = if hall.route.has_lanes() {
        over_quic(&hall, &mut mind).await
    } else {
        over_websocket(&hall, &mut mind).await
    };
    if let Err(error) = lived {
        hall.fail(format!("session {index}: {error:#}"));
    }
}

async fn over_websocket(hall: &Hall, mind: &mut Mind) -> Result<()> {
    let mut door = Some(hall.doors.acquire().await?);
    let mut socket = Socket::connect(hall.route.address()).await?;
    loop {
        socket.listen(mind).await?;
        mind.shut(&mut door);
    }
}

async fn over_quic(hall: &Hall, mind: &mut Mind) -> Result<()> {
    let mut door = Some(hall.doors.acquire().await?);
    let mut link = Link::connect(&hall.route).await?;
    loop {
        match link.hear().await? {
            News::Payload(raw, _) => {
                if let Some(said) = mind.told(&raw)? {
                    link.say(&said).await?;
                }
            }
            News::Skipped(ranges) => mind.ledger.skipped(&ranges),
            News::Closed(closed) => bail!("{closed:?}"),
        }
        mind.shut(&mut door);
    }
}

/// What a member makes of what it is told, whatever it is told by.
pub(super) struct Mind {
    hall: Arc<Hall>,
    index: usize,
    /// IDENTIFY, until it was sent.
    identify: Option<String>,
    keeps: bool,
    ledger: Ledger,
    ready: Option<Ready>,
    /// The guild has come, which may be before READY.
    guild: bool,
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

impl Mind {
    fn new(hall: Arc<Hall>, index: usize, seat: &Seat) -> Self {
        let mut ledger = Ledger::default();
        ledger.relink(hall.route.has_lanes());
        Self {
            hall,
            index,
            identify: Some(seat.identity.command().to_string()),
            keeps: seat.keeps,
            ledger,
            ready: None,
            guild: false,
        }
    }

    /// Lets the next one in once this one is inside.
    fn shut(&self, door: &mut Option<SemaphorePermit<'_>>) {
        if self.is_inside() && door.take().is_some() {
            self.hall.count(&self.hall.entered);
        }
    }

    fn is_inside(&self) -> bool {
        let comes = |ready: &Ready| ready.guilds.iter().any(|guild| guild.unavailable);
        self.ready.as_ref().is_some_and(|ready| self.guild || !comes(ready))
    }

    /// Takes a payload, and returns what to say.
    pub(super) fn told(&mut self, raw: &str) -> Result<Option<String>> {
        let payload: Payload<'_> = serde_json::from_str(raw).with_context(|| raw.to_owned())?;
        match payload.op {
            0 => self.event(raw, &payload).map(|()| None),
            1 => Ok(Some(format!(r#"{{"op":1,"d":{}}}"#, self.ledger.settled()))),
            10 => {
                let identify = self.identify.take();
                ensure!(identify.is_some(), "a second HELLO");
                Ok(identify)
            }
            11 => Ok(None),
            _ => bail!("told {raw}"),
        }
    }

    fn event(&mut self, raw: &str, payload: &Payload<'_>) -> Result<()> {
        let (Some(s), Some(t), Some(d)) = (payload.s, payload.t, payload.d) else {
            bail!("an event lacks s, t or d: {raw}");
        };
        ensure!(self.ledger.told(s).with_context(|| raw.to_owned())?, "told again: {raw}");
        match t {
            "READY" => self.ready = Some(serde_json::from_str(d.get())?),
            "GUILD_CREATE" if !self.guild => self.guild = true,
            _ if self.guild || self.is_inside() => self.hear(raw, t, d)?,
            _ => bail!("{t} before the guild"),
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
