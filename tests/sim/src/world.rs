//! The world: guilds, decks, a store and clients, and whose turn it is.

mod archive;
mod calm;
mod client;
mod crash;
mod front;
mod link;
mod post;
mod session;
mod turn;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use throng_engine::deck::Moment;
use throng_engine::policy::Policy;
use throng_engine::time::Instant;
use throng_plugin_store_memory::MemoryStore;
use throng_proto::id::{ChannelId, GuildId, Ids, MessageId, UserId};
use throng_proto::time::Timestamp;

use self::archive::Stored;
use crate::chance::Chance;
use crate::client::Client;
use crate::crew::Crew;
use crate::host::Host;
use crate::oracle::Oracle;
use crate::plan::Plan;
use crate::policy::Sway;
use crate::trace::Trace;

/// When a world begins, on the wall clock: 2023-11-14.
const EPOCH: u64 = 1_700_000_000_000;
/// Time after the last fault within which everything must be calm, in milliseconds.
const CALM_WITHIN: u64 = 20_000;
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

/// What must not be, and when it was first seen.
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
    /// By how much the wall clock is off.
    skew: u64,
    pub(crate) trace: Trace,
    store: MemoryStore,
    asked: VecDeque<Stored>,
    hosts: BTreeMap<GuildId, Host>,
    crews: Vec<Crew>,
    clients: Vec<Client>,
    oracle: Oracle,
    policy: Arc<Sway>,
    ids: Ids,
    /// Links whose clients are gone, and when that is noticed.
    dead: Vec<(u64, usize, crate::line::Wire)>,
    links: u64,
    eras: u64,
    calm: bool,
    messages: Vec<(GuildId, ChannelId, MessageId, UserId)>,
    next_fault: u64,
    summary: Summary,
}

/// Runs the world of a plan; `watch` hears of everything that happens.
///
/// # Errors
///
/// Something is not as it must be.
pub fn run(plan: Plan, watch: Option<fn(&str)>) -> Result<Summary, Failure> {
    let mut world = World::new(plan, watch);
    let lived = world.live();
    lived.map_err(|what| Failure { what, at: world.now })
}

impl World {
    fn new(plan: Plan, watch: Option<fn(&str)>) -> Self {
        let (ids, policy) = (Ids::new(0), Arc::new(Sway::default()));
        let store = MemoryStore::new();
        let mut world = Self {
            plan,
            chance: Chance::new(plan.seed),
            now: 1,
            skew: 0,
            trace: Trace::new(watch),
            asked: VecDeque::new(),
            hosts: BTreeMap::new(),
            crews: Vec::new(),
            clients: Vec::new(),
            oracle: Oracle::default(),
            policy,
            ids,
            dead: Vec::new(),
            links: 0,
            eras: 0,
            calm: false,
            messages: Vec::new(),
            next_fault: 2_000,
            summary: Summary::default(),
            store,
        };
        world.found();
        world.load_guilds();
        world.crews = (0..plan.decks.into()).map(|deck| world.crew(deck, plan.decks)).collect();
        world
    }

    fn crew(&self, deck: usize, decks: u8) -> Crew {
        let policy: Arc<dyn Policy> = Arc::clone(&self.policy) as Arc<dyn Policy>;
        Crew::new((deck, decks.into()), &policy, self.moment())
    }

    fn moment(&self) -> Moment {
        Moment { at: Instant::from_millis(self.now), wall: self.wall() }
    }

    const fn wall(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH + self.now + self.skew)
    }

    /// Lets time pass and everybody act until the end, and then until all is calm.
    fn live(&mut self) -> Result<Summary, String> {
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
            steps = if self.now == before { steps + 1 } else { 0 };
            before = self.now;
            if steps > STEPS_MAX {
                return Err("it runs in circles".to_owned());
            }
        }
        if let Some(turn) = self.turns().first() {
            return Err(format!("something is to be done for ever: {turn:?}"));
        }
        self.check_calm()?;
        self.summary.millis = self.now;
        self.summary.trace = self.trace.hash();
        self.summary.received = self.clients.iter().map(|client| client.received).sum();
        Ok(self.summary)
    }

    fn step(&mut self) -> Result<(), String> {
        let turns = self.turns();
        let Some(turn) = self.chance.pick(&turns) else {
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
