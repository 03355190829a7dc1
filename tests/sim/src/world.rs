//! The world: guilds, decks, a store and clients, and whose turn it is.

mod archive;
mod calm;
mod check;
mod client;
mod crash;
mod errand;
mod front;
mod handoff;
mod link;
mod lists;
mod post;
mod pressure;
mod relapse;
mod session;
mod turn;
mod wrong;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use throng_engine::deck::Moment;
use throng_engine::time::Instant;
use throng_plugin_store_memory::MemoryStore;
use throng_proto::id::{ChannelId, GuildId, Ids, MessageId, UserId};
use throng_proto::time::Timestamp;

use self::archive::Stored;
use self::errand::Errands;
use self::pressure::Pressure;
use crate::chance::Chance;
use crate::client::Client;
use crate::crew::{Crew, bounds};
use crate::fault::Fault;
use crate::host::{Host, Lists};
use crate::oracle::Oracle;
use crate::plan::Plan;
use crate::policy::Council;
use crate::trace::{Trace, Watch};

/// When a world begins, on the wall clock: 2033-05-18. Ahead of this machine's, by which the store
/// says which nonces are recent: here the guild alone says it.
const EPOCH: u64 = 2_000_000_000_000;
/// Time after the last fault within which everything must be calm, in milliseconds.
const CALM_WITHIN: u64 = 20_000;
/// Steps that come to an end without any time passing.
const REST_MAX: usize = 100_000;
/// Steps without any time passing after which something runs in circles.
const STEPS_MAX: u64 = 2_000_000;

/// What came of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Dispatches that clients read.
    pub received: u64,
    /// Events that guilds published.
    pub published: u64,
    /// Crashes of a process, a machine or a guild.
    pub crashes: u64,
    /// Sessions that went on with another link.
    pub resumes: u64,
    /// Virtual milliseconds.
    pub millis: u64,
    /// Hash of everything that happened, in order.
    pub trace: u64,
}

/// What must not be, and when it was first so.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong.
    pub what: String,
    /// Virtual time, in milliseconds.
    pub at: u64,
}

pub(crate) struct World {
    plan: Plan,
    chance: Chance,
    now: u64,
    /// What time it is, for who asks when a world has panicked.
    clock: Rc<Cell<u64>>,
    /// By how much the wall clock is off.
    skew: i64,
    trace: Trace,
    store: MemoryStore,
    asked: VecDeque<Stored>,
    hosts: BTreeMap<GuildId, Host>,
    /// Member lists whose guilds have let them go.
    orphans: Vec<Lists>,
    crews: Vec<Crew>,
    clients: Vec<Client>,
    oracle: Oracle,
    council: Council,
    pressure: Pressure,
    errands: Errands,
    ids: Ids,
    /// Links whose clients are gone, and when that is noticed.
    dead: Vec<(u64, usize, crate::line::Wire)>,
    links: u64,
    eras: u64,
    /// Guilds that were ever founded.
    founded: u64,
    calm: bool,
    messages: Vec<(GuildId, ChannelId, MessageId, UserId)>,
    next_fault: u64,
    next_check: u64,
    summary: Summary,
}

impl World {
    /// Founds everything that is there at first.
    pub(crate) fn begin(
        plan: Plan,
        watch: Option<Watch>,
        clock: Rc<Cell<u64>>,
    ) -> Result<Self, String> {
        let scripted = plan.has(Fault::Scripts);
        let mut world = Self {
            plan,
            chance: Chance::new(plan.seed),
            now: 1,
            clock,
            skew: 0,
            trace: Trace::new(watch),
            store: MemoryStore::new(),
            asked: VecDeque::new(),
            hosts: BTreeMap::new(),
            orphans: Vec::new(),
            crews: Vec::new(),
            clients: Vec::new(),
            oracle: Oracle::default(),
            council: if scripted { Council::scripted()? } else { Council::native() },
            pressure: Pressure::default(),
            errands: Errands::default(),
            ids: Ids::new(0),
            dead: Vec::new(),
            links: 0,
            eras: 0,
            founded: 0,
            calm: false,
            messages: Vec::new(),
            next_fault: 2_000,
            next_check: 0,
            summary: Summary::default(),
        };
        world.set_time(1);
        world.found();
        world.load_guilds()?;
        world.crews = (0..plan.decks.into()).map(|deck| world.crew(deck)).collect();
        Ok(world)
    }

    fn crew(&self, deck: usize) -> Crew {
        let mut crew = Crew::new(bounds(&self.plan, deck), self.council.policy(), self.moment());
        crew.shed = self.pressure.shed();
        crew
    }

    fn set_time(&mut self, now: u64) {
        self.now = now;
        self.clock.set(now);
        self.council.set_time(now);
    }

    fn moment(&self) -> Moment {
        Moment { at: Instant::from_millis(self.now), wall: self.wall() }
    }

    const fn wall(&self) -> Timestamp {
        Timestamp::from_millis((EPOCH + self.now).saturating_add_signed(self.skew))
    }

    /// Lets time pass and everybody act until the end, and then until all is calm.
    ///
    /// # Errors
    ///
    /// What is not as it must be.
    pub(crate) fn live(&mut self) -> Result<Summary, String> {
        let mut steps = 0;
        let (ends, mut before) = (u64::from(self.plan.millis), self.now);
        loop {
            if !self.calm && self.now >= ends {
                self.begin_calm();
            }
            if self.calm && self.now >= ends + CALM_WITHIN {
                break;
            }
            self.step()?;
            if self.trace.is_stopped() {
                return Ok(self.summary);
            }
            steps = if self.now == before { steps + 1 } else { 0 };
            before = self.now;
            if steps > STEPS_MAX {
                return Err("it runs in circles".to_owned());
            }
        }
        self.come_to_rest()?;
        self.check_calm()?;
        self.summary.millis = self.now;
        self.summary.trace = self.trace.hash();
        self.summary.received = self.clients.iter().map(|client| client.received).sum();
        Ok(self.summary)
    }

    /// Lets everybody do what can be done without any time passing.
    fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..REST_MAX {
            let Some(turn) = self.turns().first().copied() else {
                self.next_check = 0;
                return self.check_still();
            };
            self.take(turn)?;
        }
        Err("something is to be done for ever".to_owned())
    }

    fn step(&mut self) -> Result<(), String> {
        self.notice_policy();
        let turns = self.turns();
        let Some(turn) = self.chance.pick(&turns) else {
            self.check_still()?;
            let next = self.next_time();
            return self.pass_time(next.max(self.now + 1));
        };
        if self.chance.per_mille(60) {
            self.pass_time(self.now + 1)?;
        } else {
            self.take(turn)?;
        }
        Ok(())
    }
}
