//! The sessions of a shard, and the loop that serves them.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use anyhow::{Context as _, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;

use super::chair::{Chair, Stage};
use super::frame::{self, Kind};
use super::ledger::{Ledger, SEQUENCE};
use super::orders::{Orders, tell};
use super::talk::{self, Hello, Payload, Ready};
use super::tally::Tally;
use crate::clock::Moment;
use crate::order::{Dialect, Nature, News, Order, Roll};

/// Bytes read at a time, in one buffer.
const SCRATCH_BYTES: usize = 256 * 1024;
/// Events taken at a time.
const EVENTS_MAX: usize = 1_024;
/// Sessions between their first packet and their guild at any time.
const ENTERING_MAX: usize = 256;
/// Sessions that enter between two reports.
const ENTERED_STEP: usize = 250;
/// Ends the head of an HTTP answer.
const HEAD_END: &[u8] = b"\r\n\r\n";
/// How often somebody's heartbeat is due.
const TICK_NANOS: u64 = 20_000_000;
/// Share of the interval after which a heartbeat is sent, so that none is late.
const BEAT_SHARE: f64 = 0.9;
/// What is waited for on standard input instead of a session.
const ORDERS: u64 = u64::MAX;

pub(super) struct Hall {
    roll: Roll,
    orders: Orders,
    epoll: OwnedFd,
    chairs: Vec<Chair>,
    ledger: Ledger,
    tally: Tally,
    scratch: Vec<u8>,
    /// The next who may enter; nobody while the doors are shut.
    door: Option<usize>,
    entering: usize,
    entered: usize,
    /// Ticks in which everybody beats once; none before HELLO said how often that is.
    round: u64,
    ticks: u64,
    next_tick: Moment,
}

impl Hall {
    pub(super) fn new(mut roll: Roll, orders: Orders) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let stdin = rustix::stdio::stdin();
        epoll::add(&epoll, stdin, EventData::new_u64(ORDERS), EventFlags::IN)?;
        let chairs: Vec<_> = std::mem::take(&mut roll.seats).into_iter().map(Chair::new).collect();
        let steady = chairs.iter().filter(|chair| chair.seat.nature == Nature::Steady).count();
        Ok(Self {
            roll,
            orders,
            epoll,
            chairs,
            ledger: Ledger::new(steady),
            tally: Tally::default(),
            scratch: vec![0; SCRATCH_BYTES],
            door: None,
            entering: 0,
            entered: 0,
            round: 0,
            ticks: 0,
            next_tick: Moment::now(),
        })
    }

    /// Serves until there are no more orders.
    pub(super) fn run(mut self) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS_MAX);
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK_NANOS.cast_signed() };
        // Some may have come with the first line.
        self.obey()?;
        loop {
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&tick))?;
            for event in events.drain(..) {
                match event.data.u64() {
                    ORDERS if !self.orders.read()? => return Ok(()),
                    ORDERS => self.obey()?,
                    index => self.hear(usize::try_from(index)?, event.flags)?,
                }
            }
            if let Some(done) = self.ledger.news() {
                tell(&News::Done(done))?;
            }
            self.tick()?;
        }
    }

    fn obey(&mut self) -> Result<()> {
        while let Some(order) = self.orders.next()? {
            match order {
                Order::Beat => (0..self.chairs.len()).try_for_each(|index| self.beat(index))?,
                Order::Enter => self.open()?,
                Order::Reset => self.tally = Tally::default(),
                Order::Tell => tell(&News::Tally(Box::new(self.tally.clone())))?,
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        self.door.get_or_insert(0);
        while self.entering < ENTERING_MAX {
            let Some(index) = self.door.filter(|next| *next < self.chairs.len()) else { break };
            self.door = Some(index + 1);
            self.entering += 1;
            self.dial(index)?;
        }
        Ok(())
    }

    fn dial(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        let slow = chair.seat.nature == Nature::Slow && chair.session_id.is_empty();
        chair.dial(address(self.roll.shard, index), self.roll.server, slow)?;
        let stream = chair.stream.as_ref().context("just connected")?;
        epoll::add(&self.epoll, stream, EventData::new_u64(index as u64), awake())?;
        let path = match self.roll.dialect {
            Dialect::Bare => "/",
            Dialect::Gateway => "/?v=10&encoding=json",
        };
        chair.write(talk::upgrade(self.roll.server, path).as_bytes())?;
        Ok(())
    }

    /// Takes what has come for a session.
    fn hear(&mut self, index: usize, flags: EventFlags) -> Result<()> {
        if self.chairs[index].stage == Stage::Asleep {
            return self.end(index, "thrown out");
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let heard = loop {
            let length = match self.chairs[index].read(&mut scratch) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break self.end(index, &error.to_string()),
            };
            if let Err(error) = self.take(index, &scratch[..length]) {
                break Err(error);
            }
            // Less than there was room for means that there is no more; an end wants one more look.
            if length < scratch.len() && !flags.contains(EventFlags::RDHUP) {
                break Ok(());
            }
        };
        self.scratch = scratch;
        heard.with_context(|| format!("session {index} of shard {}", self.roll.shard))
    }

    /// Handles every whole frame and keeps the rest.
    fn take(&mut self, index: usize, mut bytes: &[u8]) -> Result<()> {
        let now = Moment::now();
        if self.chairs[index].stage == Stage::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, HEAD_END) else {
                self.chairs[index].keep(bytes);
                return Ok(());
            };
            let head = String::from_utf8_lossy(&bytes[..end]);
            anyhow::ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
            bytes = &bytes[end + HEAD_END.len()..];
            self.chairs[index].stage = Stage::Entering;
            if self.roll.dialect == Dialect::Bare {
                self.enter(index)?;
            }
        }
        while let Some(frame) = frame::split(bytes)? {
            self.tally.frames += 1;
            self.tally.bytes += frame.length as u64;
            match frame.kind {
                Kind::Text | Kind::Binary => self.told(index, frame.payload, now)?,
                Kind::Ping => self.chairs[index].send(Kind::Pong, frame.payload)?,
                Kind::Pong => {}
                Kind::Close => return self.end(index, &reason(frame.payload)),
            }
            bytes = &bytes[frame.length..];
        }
        self.chairs[index].keep(bytes);
        Ok(())
    }

    /// Takes one payload: a message, or something of the conversation.
    fn told(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        let chair = &mut self.chairs[index];
        let who = (&mut chair.cursor, chair.seat.nature);
        if self.roll.dialect == Dialect::Gateway {
            who.0.note_sequence(payload, &mut self.tally);
        }
        let marked = self.ledger.note_message(who, payload, now, &mut self.tally);
        if marked && self.tally.sample.is_none() {
            self.tally.sample = Some(String::from_utf8_lossy(payload).into_owned());
        }
        let is_news = marked || chair.stage == Stage::Inside && payload.starts_with(SEQUENCE);
        if is_news || self.roll.dialect == Dialect::Bare {
            return Ok(());
        }
        self.converse(index, payload, now)
    }

    fn converse(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        let wrong = || String::from_utf8_lossy(payload).into_owned();
        let told: Payload<'_> = serde_json::from_slice(payload).with_context(wrong)?;
        let d = told.d.map_or("null", serde_json::value::RawValue::get);
        let chair = &mut self.chairs[index];
        match (told.op, told.t) {
            (0, Some("READY")) => {
                chair.session_id = serde_json::from_str::<Ready>(d)?.session_id;
                Ok(())
            }
            (0, Some("GUILD_CREATE" | "RESUMED")) => self.enter(index),
            (0 | 7, _) => Ok(()),
            (1, _) => self.beat(index),
            (9, _) => {
                self.tally.begun_anew += 1;
                chair.session_id.clear();
                chair.cursor.sequence = 0;
                self.introduce(index)
            }
            (10, _) => {
                let interval = serde_json::from_str::<Hello>(d)?.heartbeat_interval;
                let nanos = (interval as f64 * 1e6 * BEAT_SHARE) as u64;
                self.round = (nanos / TICK_NANOS).max(1);
                self.introduce(index)
            }
            (11, _) => {
                if let Some(beat) = chair.beat.take() {
                    self.tally.beats.note(now.nanos_since(beat));
                }
                Ok(())
            }
            _ => bail!("told {}", wrong()),
        }
    }

    /// Says who a session is.
    fn introduce(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        let (token, nature) = (&chair.seat.token, chair.seat.nature);
        let said = if chair.session_id.is_empty() {
            talk::identify(token, nature)
        } else {
            talk::resume(token, &chair.session_id, chair.cursor.sequence)
        };
        Ok(chair.say(&said)?)
    }

    fn enter(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        if chair.stage != Stage::Entering {
            return Ok(());
        }
        chair.stage = Stage::Inside;
        if chair.seat.nature == Nature::Slow {
            if self.tally.thrown_out > self.tally.resumed {
                self.tally.resumed += 1;
                return Ok(());
            }
            chair.stage = Stage::Asleep;
            let stream = chair.stream.as_ref().context("inside without a socket")?;
            epoll::modify(&self.epoll, stream, EventData::new_u64(index as u64), asleep())?;
        }
        self.entering -= 1;
        self.entered += 1;
        if self.entered.is_multiple_of(ENTERED_STEP) || self.entered == self.chairs.len() {
            tell(&News::Entered(self.entered))?;
        }
        self.open()
    }

    /// Notes the end of a link, which only slow sessions are expected to meet.
    fn end(&mut self, index: usize, why: &str) -> Result<()> {
        let chair = &mut self.chairs[index];
        if chair.stage != Stage::Asleep {
            bail!("the link ended: {why}");
        }
        chair.stream = None;
        self.tally.thrown_out += 1;
        self.dial(index)
    }

    fn beat(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        if !matches!(chair.stage, Stage::Inside | Stage::Asleep) {
            return Ok(());
        }
        chair.beat = Some(Moment::now());
        Ok(chair.say(&talk::beat(chair.cursor.sequence))?)
    }

    /// Sends the heartbeats that are due: everybody's turn comes once in a round.
    fn tick(&mut self) -> Result<()> {
        let now = Moment::now();
        while self.round > 0 && self.next_tick <= now {
            let turn = usize::try_from(self.ticks % self.round)?;
            let step = usize::try_from(self.round)?;
            for index in (turn..self.chairs.len()).step_by(step) {
                self.beat(index)?;
            }
            self.ticks += 1;
            self.next_tick = Moment::from_nanos(self.next_tick.nanos() + TICK_NANOS);
        }
        if self.round == 0 {
            self.next_tick = now;
        }
        Ok(())
    }
}

/// One of many addresses of loopback, so that ports never run out.
fn address(shard: usize, index: usize) -> Ipv4Addr {
    let [.., third, last] = (index / 64).to_be_bytes();
    Ipv4Addr::new(127, 1 + (shard % 254) as u8, third, 1 + last % 254)
}

fn awake() -> EventFlags {
    EventFlags::IN | EventFlags::RDHUP | EventFlags::ET
}

fn asleep() -> EventFlags {
    EventFlags::RDHUP | EventFlags::ET
}

fn reason(payload: &[u8]) -> String {
    let code = payload.get(..2).map_or(0, |code| u16::from_be_bytes([code[0], code[1]]));
    let words = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
    format!("closed with {code} {words}")
}
