//! The sessions of a shard, and the loop that serves them.

mod converse;
mod hear;

use std::os::fd::OwnedFd;

use anyhow::{Context as _, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;

use super::chair::{Chair, Stage};
use super::ledger::Ledger;
use super::orders::{Orders, tell};
use super::tally::Tally;
use crate::clock::Moment;
use crate::order::{Nature, News, Order, Roll};

/// Bytes read at a time, in one buffer.
const SCRATCH_BYTES: usize = 256 * 1024;
/// Events taken at a time.
const EVENTS_MAX: usize = 1_024;
/// Sessions between their first packet and their guild at any time.
const ENTERING_MAX: usize = 256;
/// Sessions that enter between two reports.
const ENTERED_STEP: usize = 250;
/// Looks for something to read before a shard sleeps. To wake a reader costs the sender's core a
/// quarter of a delivery, which it would not where the reader is on another machine.
const AWAKE: u32 = 200;
/// How often somebody's heartbeat, or reconnecting, is due.
const TICK_NANOS: u64 = 20_000_000;
const TICKS_PER_SECOND: u64 = 1_000_000_000 / TICK_NANOS;
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
    /// Restless sessions, and which of them is the next to lose its link.
    restless: Vec<usize>,
    next_restless: usize,
}

impl Hall {
    pub(super) fn new(mut roll: Roll, orders: Orders) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let stdin = rustix::stdio::stdin();
        epoll::add(&epoll, stdin, EventData::new_u64(ORDERS), EventFlags::IN)?;
        let seats = std::mem::take(&mut roll.seats);
        let natures: Vec<_> = seats.iter().map(|seat| seat.nature).collect();
        let restless = (0..seats.len()).filter(|index| natures[*index] == Nature::Restless);
        Ok(Self {
            roll,
            orders,
            epoll,
            restless: restless.collect(),
            chairs: seats.into_iter().enumerate().map(|(n, seat)| Chair::new(n, seat)).collect(),
            ledger: Ledger::new(natures.into_iter()),
            tally: Tally::default(),
            scratch: vec![0; SCRATCH_BYTES],
            door: None,
            entering: 0,
            entered: 0,
            round: 0,
            ticks: 0,
            next_tick: Moment::now(),
            next_restless: 0,
        })
    }

    /// Serves until there are no more orders.
    pub(super) fn run(mut self) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS_MAX);
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK_NANOS.cast_signed() };
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut awake = AWAKE;
        // Some may have come with the first line.
        self.obey()?;
        loop {
            let patience = if awake > 0 { &now } else { &tick };
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(patience))?;
            if events.is_empty() {
                awake = awake.saturating_sub(1);
                // Whoever posts is on this core, too.
                std::thread::yield_now();
            } else {
                awake = AWAKE;
            }
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
            self.pass_time()?;
        }
    }

    fn obey(&mut self) -> Result<()> {
        while let Some(order) = self.orders.next()? {
            match order {
                Order::Beat => (0..self.chairs.len()).try_for_each(|index| self.beat(index))?,
                Order::Enter => {
                    self.door.get_or_insert(0);
                    self.admit()?;
                }
                Order::Reset => self.tally.forget(),
                Order::Sleep => self.turn(Stage::Inside, Stage::Asleep)?,
                Order::Tell => tell(&News::Tally(Box::new(self.tally.clone())))?,
                Order::Wake => self.turn(Stage::Asleep, Stage::Waking)?,
            }
        }
        Ok(())
    }

    /// Lets in whoever may enter now.
    fn admit(&mut self) -> Result<()> {
        while self.entering < ENTERING_MAX {
            let Some(index) = self.door.filter(|next| *next < self.chairs.len()) else { break };
            self.door = Some(index + 1);
            self.entering += 1;
            self.dial(index)?;
        }
        Ok(())
    }

    fn dial(&mut self, index: usize) -> Result<()> {
        let stream = self.chairs[index].dial(&self.roll)?;
        Ok(epoll::add(&self.epoll, stream, EventData::new_u64(index as u64), awake())?)
    }

    /// Notes that a session has its guild, or has it again.
    fn enter(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        let before = std::mem::replace(&mut chair.stage, Stage::Inside);
        if before != Stage::Entering {
            return Ok(());
        }
        self.entering -= 1;
        self.entered += 1;
        if self.entered.is_multiple_of(ENTERED_STEP) || self.entered == self.chairs.len() {
            tell(&News::Entered(self.entered))?;
        }
        self.admit()
    }

    /// Lets slow sessions stop reading, or begin again.
    fn turn(&mut self, before: Stage, after: Stage) -> Result<()> {
        let flags = if after == Stage::Asleep { asleep() } else { awake() };
        for (index, chair) in self.chairs.iter_mut().enumerate() {
            let is_slow = chair.cursor.nature == Nature::Slow;
            let Some(stream) = chair.stream.as_ref().filter(|_| is_slow) else { continue };
            // Those who woke and were not closed may sleep again.
            if chair.stage == before || before == Stage::Inside && chair.stage == Stage::Waking {
                chair.stage = after;
                epoll::modify(&self.epoll, stream, EventData::new_u64(index as u64), flags)?;
            }
        }
        Ok(())
    }

    /// Notes the end of a link, which only slow sessions are expected to meet.
    fn end(&mut self, index: usize, why: &str) -> Result<()> {
        if !matches!(self.chairs[index].stage, Stage::Asleep | Stage::Waking) {
            bail!("the link ended: {why}");
        }
        self.tally.ends.closed += 1;
        self.dial(index)
    }

    fn beat(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        match chair.stage {
            Stage::Inside => chair.beat().with_context(|| format!("session {index}")),
            // What was closed is noticed when it is read.
            Stage::Asleep | Stage::Waking => {
                let _closed = chair.beat();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Does what is due: everybody's heartbeat once in a round, and some reconnecting.
    fn pass_time(&mut self) -> Result<()> {
        let now = Moment::now();
        while self.next_tick <= now {
            self.next_tick = Moment::from_nanos(self.next_tick.nanos() + TICK_NANOS);
            self.ticks += 1;
            if let Some(turn) = self.ticks.checked_rem(self.round) {
                let (turn, step) = (usize::try_from(turn)?, usize::try_from(self.round)?);
                for index in (turn..self.chairs.len()).step_by(step) {
                    self.beat(index)?;
                }
            }
            self.reconnect()?;
        }
        Ok(())
    }

    /// Cuts the links of as many restless sessions as are due in one tick, and lets them resume.
    fn reconnect(&mut self) -> Result<()> {
        let rate = u64::from(self.roll.reconnects_per_second);
        let due = |ticks: u64| ticks * rate / TICKS_PER_SECOND;
        let everybody_is_in = self.entered == self.chairs.len();
        if !everybody_is_in || self.restless.is_empty() {
            return Ok(());
        }
        for _ in due(self.ticks - 1)..due(self.ticks) {
            let index = self.restless[self.next_restless % self.restless.len()];
            self.next_restless += 1;
            if self.chairs[index].stage == Stage::Inside {
                self.tally.ends.cut += 1;
                self.dial(index)?;
            }
        }
        Ok(())
    }
}

fn awake() -> EventFlags {
    EventFlags::IN | EventFlags::RDHUP | EventFlags::ET
}

fn asleep() -> EventFlags {
    EventFlags::RDHUP | EventFlags::ET
}
