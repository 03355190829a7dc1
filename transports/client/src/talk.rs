//! The conversation on one link.

use serde_json::json;
use serde_json::value::RawValue;
use throng_proto::event::EventKind;
use throng_proto::gateway::{ApiResponse, opcode};
use tokio::time::{Instant, sleep_until};

use crate::cause::Cause;
use crate::driver::{Driver, Stop};
use crate::event::Event;
use crate::events::Slot;
use crate::heart::{Heart, Pulse};
use crate::link::dial::Greeted;
use crate::link::{Arrival, Heard, Link};
use crate::pace::Pace;
use crate::settled::TooManyRanges;

/// A conversation, and the client that it is for.
#[derive(Debug)]
pub(crate) struct Talk<'a> {
    client: &'a mut Driver,
    link: Link,
    heart: Heart,
    pace: Pace,
    /// Whether READY or RESUMED has come, so that more than heartbeats may be said.
    begun: bool,
}

/// What ends a conversation.
enum Break {
    Cause(Cause),
    Stop(Stop),
}

impl<'a> Talk<'a> {
    /// Begins after HELLO.
    pub(crate) fn new(client: &'a mut Driver, greeted: Greeted) -> Self {
        let Greeted { link, heartbeat_interval } = greeted;
        let now = Instant::now();
        client.held.push_back(Slot::lasting(Event::Connected { transport: link.transport }));
        Self {
            client,
            link,
            heart: Heart::new(now, heartbeat_interval, rand::random()),
            pace: Pace::new(now),
            begun: false,
        }
    }

    /// Talks until the link ends, or must.
    pub(crate) async fn run(&mut self) -> Result<Cause, Stop> {
        let presence = self.client.wishes.borrow().presence.clone();
        let identity = &self.client.config.identity;
        let introduction = self.client.session.introduction(identity, presence.as_ref());
        if let Err(cause) = self.link.send(introduction) {
            return Ok(cause);
        }
        loop {
            match self.step().await {
                Ok(()) => {}
                Err(Break::Cause(cause)) => return Ok(cause),
                Err(Break::Stop(stop)) => return Err(stop),
            }
        }
    }

    /// Takes the link back, to close it.
    pub(crate) fn into_link(self) -> Link {
        self.link
    }

    /// Says what is due, and does the next thing that happens.
    async fn step(&mut self) -> Result<(), Break> {
        self.client.hand_over();
        let next_look = self.say_due(Instant::now())?;
        let (empty, room) = (self.client.held.is_empty(), self.client.has_room());
        if !room {
            self.heart.excuse();
        }
        // Before READY nothing of a guild can be understood; a resumed session's guilds are known.
        let lanes = room && (self.begun || self.client.session.is_open());
        let events = self.client.events.clone();
        tokio::select! {
            heard = self.link.control.recv(), if empty => self.hear(heard)?,
            Some(arrival) = self.link.lanes.recv(), if lanes => self.take(arrival)?,
            // Held events are handed over in the next step.
            _ = events.reserve(), if !room => {}
            ordered = self.client.ordered() => ordered?,
            () = sleep_until(next_look) => {}
        }
        Ok(())
    }

    /// Sends what is due, and returns when to look again.
    fn say_due(&mut self, now: Instant) -> Result<Instant, Cause> {
        match self.heart.tick(now) {
            Pulse::Beat => self.beat()?,
            Pulse::Rest => {}
            Pulse::Silent => return Err(Cause::Silent),
        }
        let mut next_look = self.heart.deadline();
        if !self.begun {
            return Ok(next_look);
        }
        while let Some(payload) = self.client.requests.next(now) {
            self.link.send(payload)?;
        }
        while self.pace.next() <= now {
            let Some(payload) = self.next_paced(now) else { break };
            self.pace.take(now);
            self.link.send(payload)?;
        }
        if self.pace.next() > now {
            next_look = next_look.min(self.pace.next());
        }
        let due = self.client.requests.due().into_iter().chain(self.client.rosters.due());
        // What is due already waits for its pace.
        Ok(due.filter(|at| *at > now).fold(next_look, Instant::min))
    }

    fn next_paced(&mut self, now: Instant) -> Option<String> {
        let Driver { session, wishes, rosters, .. } = &mut *self.client;
        session.told.next(&wishes.borrow()).or_else(|| rosters.next(now))
    }

    fn beat(&self) -> Result<(), Cause> {
        let through = self.client.session.settled.through();
        let sequence = (through > 0).then_some(through);
        self.link.send(json!({ "op": opcode::HEARTBEAT, "d": sequence }).to_string())
    }

    fn hear(&mut self, heard: Option<Heard>) -> Result<(), Cause> {
        match heard {
            None => Err(Cause::Lost("the connection ended".to_owned())),
            Some(Heard::Ended(cause)) => Err(cause),
            Some(Heard::Payload { op, data }) => self.obey(op, &data),
            Some(Heard::Skipped(ranges)) => ranges.into_iter().try_for_each(|(first, last)| {
                self.client.session.settled.skip(first.into(), last.into()).map_err(stalled)
            }),
            Some(Heard::Dispatch(dispatch)) => self.take(Arrival { dispatch, expires: None }),
        }
    }

    /// Does what a payload without a sequence asks for.
    fn obey(&mut self, op: u8, data: &RawValue) -> Result<(), Cause> {
        let now = Instant::now();
        match op {
            opcode::HEARTBEAT => {
                self.heart.beat(now);
                self.beat()
            }
            opcode::HEARTBEAT_ACK => {
                self.heart.acknowledge();
                if self.begun {
                    self.client.backoff.reset();
                }
                Ok(())
            }
            opcode::RECONNECT => Err(Cause::Reconnect),
            opcode::INVALID_SESSION => {
                Err(Cause::InvalidSession { resumable: data.get() == "true" })
            }
            opcode::RESPONSE => {
                let response: Result<ApiResponse, _> = serde_json::from_str(data.get());
                let response = response.map_err(|error| Cause::Violation(error.to_string()))?;
                self.client.requests.answer(now, response);
                Ok(())
            }
            // Clients pass over what they do not know.
            _ => Ok(()),
        }
    }

    /// Takes a dispatch, unless it was there already.
    fn take(&mut self, arrival: Arrival) -> Result<(), Cause> {
        let Arrival { dispatch, expires } = arrival;
        let settled = &mut self.client.session.settled;
        let new = match expires {
            None => settled.accept(dispatch.sequence),
            Some(_) => settled.accept_datagram(dispatch.sequence),
        };
        if new.map_err(stalled)? {
            let event = Event::read(dispatch);
            self.follow(&event)?;
            self.client.held.push_back(Slot { event, expires });
            self.client.hand_over();
        }
        Ok(())
    }

    /// Does what events mean to the client itself.
    fn follow(&mut self, event: &Event) -> Result<(), Cause> {
        let client = &mut *self.client;
        match event {
            Event::Ready(ready) => {
                let url = client.config.route.websocket.as_deref();
                client.session.open(ready, url.is_some_and(|url| url.starts_with("wss://")));
                self.begun = true;
            }
            Event::Resumed => self.begun = true,
            Event::GuildMembersChunk(chunk) => {
                client.rosters.answer(chunk.nonce.as_deref().unwrap_or_default());
            }
            Event::RateLimited(limited) if limited.opcode == opcode::REQUEST_GUILD_MEMBERS => {
                let nonce = limited.meta.nonce.as_deref().unwrap_or_default();
                client.rosters.postpone(Instant::now(), nonce, limited.retry_after);
            }
            // Without it there is no session.
            Event::Other(other) if other.name == EventKind::Ready.name() => {
                return Err(Cause::Violation(other.fault.clone().unwrap_or_default()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// A lane that stands still is given up with its link.
fn stalled(error: TooManyRanges) -> Cause {
    Cause::Lost(error.to_string())
}

impl From<Cause> for Break {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

impl From<Stop> for Break {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}
