//! The world: guilds, decks, a store and clients, and whose turn it is.

mod client;
mod crash;
mod front;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures_util::FutureExt as _;
use throng_engine::deck::{Ask, Moment};
use throng_engine::event::{Change, Event};
use throng_engine::guild::{Config, Guild, Input};
use throng_engine::policy::Policy;
use throng_engine::roster::{Builder, Roster};
use throng_engine::time::Instant;
use throng_plugin_store_memory::MemoryStore;
use throng_ports::store::Store as _;
use throng_proto::id::{ChannelId, GuildId, Ids, MessageId, UserId};
use throng_proto::record::{RowQuery, Write};
use throng_proto::time::Timestamp;

use crate::chance::Chance;
use crate::client::Client;
use crate::crew::{Crew, Need};
use crate::host::{Host, Letter, Request, Wish};
use crate::oracle::Oracle;
use crate::plan::{Fault, Plan};
use crate::policy::Sway;
use crate::trace::Trace;

/// When a world begins, on the wall clock: 2023-11-14.
const EPOCH: u64 = 1_700_000_000_000;
/// Time after the last fault within which everything must be calm, in milliseconds.
const CALM_WITHIN: u64 = 20_000;
/// Steps without any time passing after which something runs in circles.
const STEPS_MAX: u64 = 2_000_000;

/// Something that the store is asked.
#[derive(Debug)]
enum Asked {
    Commit(Vec<Write>),
    Read(u64, Vec<RowQuery>),
}

/// Something that the store answers later.
#[derive(Debug)]
struct Stored {
    guild: GuildId,
    era: u64,
    due: u64,
    asked: Asked,
}

/// Something that can be done now.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Guild(GuildId),
    Store,
    Letter(usize),
    Pass(usize),
    Review(usize),
    Move(usize),
    Resume(usize),
    Read(usize),
    Offer(usize),
}

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

    fn load_guilds(&mut self) {
        let guilds = self.store.guilds().now_or_never().and_then(Result::ok);
        for guild in guilds.unwrap_or_default() {
            self.load(guild);
        }
    }

    /// Reads a guild from the store, and notes what was stored and that nobody published.
    fn load(&mut self, id: GuildId) {
        let record = self.store.guild(id).now_or_never().and_then(Result::ok).flatten();
        let Some(record) = record else { return };
        let config = Config { ids: self.ids.clone(), ..Config::default() };
        let guild = Guild::load(record, self.roster(id), config);
        let known = self.oracle.guilds.get(&id).map_or(0, |ledger| ledger.entries.len() as u64);
        let unpublished = self.store.events(id, known).now_or_never().and_then(Result::ok);
        let unpublished = unpublished.unwrap_or_default();
        let events: Vec<Event> = unpublished.iter().map(Event::from_record).collect();
        self.oracle.recover(&guild, &events);
        self.eras += 1;
        self.hosts.insert(id, Host::new(guild, self.eras));
    }

    fn roster(&self, id: GuildId) -> Roster {
        use futures_util::StreamExt as _;
        let mut builder = Builder::default();
        let mut pages = self.store.members(id);
        while let Some(Some(Ok(page))) = pages.next().now_or_never() {
            page.into_iter().for_each(|member| builder.push(member));
        }
        builder.finish()
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

    /// Lists everything that can be done now.
    fn turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (guild, host) in &self.hosts {
            turns.extend((!host.requests.is_empty()).then_some(Turn::Guild(*guild)));
        }
        let stored = self.asked.front();
        turns.extend(stored.filter(|stored| stored.due <= self.now).map(|_| Turn::Store));
        for (index, crew) in self.crews.iter().enumerate() {
            turns.extend(crew.has_letters().then_some(Turn::Letter(index)));
            let pass = crew.passing || !crew.deck.is_idle();
            turns.extend(pass.then_some(Turn::Pass(index)));
            turns.extend(crew.deck.has_review().then_some(Turn::Review(index)));
            turns.extend(crew.deck.has_moves().then_some(Turn::Move(index)));
            turns.extend((!crew.resuming.is_empty()).then_some(Turn::Resume(index)));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let Some(wire) = &client.wire else { continue };
            turns.extend((wire.has_frames() || wire.is_closed()).then_some(Turn::Read(index)));
            turns.extend(wire.is_ready().then_some(Turn::Offer(index)));
        }
        turns
    }

    fn next_time(&self) -> u64 {
        let ticks = self.crews.iter().map(|crew| crew.next_tick);
        let clients = self.clients.iter().map(|client| client.wakes);
        let stored = self.asked.front().map(|stored| stored.due);
        let dead = self.dead.iter().map(|(at, ..)| *at);
        ticks.chain(clients).chain(stored).chain(dead).min().unwrap_or(self.now)
    }

    fn pass_time(&mut self, to: u64) -> Result<(), String> {
        self.now = to;
        for index in 0..self.crews.len() {
            if self.crews[index].next_tick <= self.now {
                let (now, mut needs) = (self.moment(), Vec::new());
                self.crews[index].tick(now, &mut needs);
                self.fulfil(index, needs);
            }
        }
        let mut wishes = Vec::new();
        for (guild, host) in &mut self.hosts {
            let mut own = Vec::new();
            host.tell_presences(self.now, &mut own);
            wishes.extend(own.into_iter().map(|wish| (*guild, wish)));
        }
        for (guild, wish) in wishes {
            self.grant(guild, wish)?;
        }
        self.notice_dead();
        for index in 0..self.clients.len() {
            if self.clients[index].wakes <= self.now {
                self.wake(index)?;
            }
        }
        if !self.calm && self.next_fault <= self.now {
            self.next_fault = self.now + 500 + self.chance.below(4_000) as u64;
            self.go_wrong()?;
        }
        Ok(())
    }

    fn take(&mut self, turn: Turn) -> Result<(), String> {
        let (now, mut needs) = (self.moment(), Vec::new());
        self.trace.note(|| format!("{} {turn:?}", self.now));
        match turn {
            Turn::Guild(guild) => return self.serve(guild),
            Turn::Store => return self.answer(),
            Turn::Letter(deck) => {
                if let Some(letter) = self.crews[deck].next_letter(&mut self.chance) {
                    let granted = self.crews[deck].heed(now, &mut needs, letter);
                    if let Some((key, sequence)) = granted {
                        self.oracle.grants.entry(key).or_default().push(sequence);
                    }
                }
            }
            Turn::Pass(deck) => {
                self.crews[deck].pass(now, &mut needs);
                if self.plan.has(Fault::Snapshots) && !self.calm && self.chance.per_mille(10) {
                    self.crews[deck].snapshot();
                }
            }
            Turn::Review(deck) => {
                self.crews[deck].act(now, &mut needs, |deck| {
                    if deck.review_slice().is_none() {
                        deck.end_review();
                    }
                });
            }
            Turn::Move(deck) => {
                self.crews[deck].act(now, &mut needs, throng_engine::deck::Deck::move_slice);
            }
            Turn::Resume(deck) => return self.look_back(deck),
            Turn::Read(client) => return self.read(client),
            Turn::Offer(client) => {
                self.offer(client);
                return Ok(());
            }
        }
        if let Turn::Letter(deck) | Turn::Pass(deck) | Turn::Review(deck) | Turn::Move(deck) = turn
        {
            self.fulfil(deck, needs);
        }
        Ok(())
    }

    /// Lets a guild take its next request.
    fn serve(&mut self, guild: GuildId) -> Result<(), String> {
        let (now, store) = (self.wall(), self.store.clone());
        let Some(host) = self.hosts.get_mut(&guild) else { return Ok(()) };
        let Some(request) = host.requests.pop_front() else { return Ok(()) };
        let missed = |since| {
            let records = store.events(guild, since).now_or_never().and_then(Result::ok);
            records.unwrap_or_default()
        };
        let mut wishes = Vec::new();
        host.heed(now, request, missed, &mut wishes);
        wishes.into_iter().try_for_each(|wish| self.grant(guild, wish))
    }

    /// Lets the store answer what it was asked first.
    fn answer(&mut self) -> Result<(), String> {
        let Some(Stored { guild, era, asked, .. }) = self.asked.pop_front() else { return Ok(()) };
        let fails = !self.calm && self.plan.has(Fault::FailingStore) && self.chance.per_mille(100);
        let input = match asked {
            Asked::Commit(_) if fails => Input::CommitFailed("the disk is full".to_owned()),
            Asked::Commit(writes) => {
                self.commit(guild, writes);
                Input::Committed
            }
            Asked::Read(read, _) if fails => Input::ReadFailed(read, "a bad sector".to_owned()),
            Asked::Read(read, queries) => {
                let rows = self.store.rows(queries).now_or_never().and_then(Result::ok);
                Input::Read(read, rows.unwrap_or_default())
            }
        };
        let (now, mut wishes) = (self.wall(), Vec::new());
        let Some(host) = self.hosts.get_mut(&guild).filter(|host| host.era == era) else {
            return Ok(());
        };
        host.step(now, input, &mut wishes);
        wishes.into_iter().try_for_each(|wish| self.grant(guild, wish))
    }

    fn commit(&mut self, guild: GuildId, writes: Vec<Write>) {
        let sequences = writes.iter().filter_map(|write| match write {
            Write::Event(event) => Some(event.sequence),
            _ => None,
        });
        let last = sequences.max();
        let done = self.store.commit(writes).now_or_never();
        debug_assert!(matches!(done, Some(Ok(()))), "{done:?}");
        let ledger = self.oracle.guilds.entry(guild).or_default();
        ledger.stored = ledger.stored.max(last.unwrap_or(0));
    }

    fn ask_store(&mut self, guild: GuildId, asked: Asked) {
        let slow = !self.calm && self.plan.has(Fault::SlowStore) && self.chance.per_mille(200);
        let takes = if slow { self.chance.below(3_000) } else { self.chance.below(5) };
        let era = self.hosts.get(&guild).map_or(0, |host| host.era);
        self.asked.push_back(Stored { guild, era, due: self.now + takes as u64, asked });
    }

    /// Does what a guild wants done.
    fn grant(&mut self, guild: GuildId, wish: Wish) -> Result<(), String> {
        match wish {
            Wish::Commit(writes) => self.ask_store(guild, Asked::Commit(writes)),
            Wish::Read(read, queries) => self.ask_store(guild, Asked::Read(read, queries)),
            Wish::Answered => {}
            Wish::Tell(deck, letter) => self.post(deck, guild, letter),
            Wish::TellAll(Letter::Joined(user, guild)) => {
                for deck in 0..self.crews.len() {
                    self.post(deck, guild, Letter::Joined(user, guild));
                }
            }
            Wish::TellAll(_) => {}
            Wish::Published(event) => {
                self.summary.published += 1;
                let host = &self.hosts[&guild];
                self.trace.note(|| format!("publish {} {}", event.kind.name(), event.sequence));
                self.oracle.publish(&host.guild, &event)?;
                if let (Change::LastMessage(channel, message), Some(author)) =
                    (&event.change, event.author)
                {
                    self.messages.push((guild, *channel, *message, author));
                }
            }
            Wish::Told(sessions, events) => {
                let host = &self.hosts[&guild];
                for session in sessions {
                    let found = self.crews[usize::from(session.worker)].deck.find(session);
                    if let Some(found) = found {
                        let who = (found.id, found.identity.user);
                        self.oracle.tell_later(&host.guild, who, &events);
                    }
                }
            }
        }
        Ok(())
    }

    fn post(&mut self, deck: usize, guild: GuildId, letter: Letter) {
        if let Some(crew) = self.crews.get_mut(deck) {
            crew.inboxes.entry(guild).or_default().push_back(letter);
        }
    }

    /// Does what a deck needs.
    fn fulfil(&mut self, deck: usize, needs: Vec<Need>) {
        for (guild, ask) in needs {
            match self.hosts.get_mut(&guild) {
                Some(host) => host.requests.push_back(Request::Ask(deck, ask)),
                None => self.refuse(deck, guild, ask),
            }
        }
    }

    /// A guild that is asked is not there.
    fn refuse(&mut self, deck: usize, guild: GuildId, ask: Ask) {
        let attaches = match ask {
            Ask::Attach(attach) => vec![*attach],
            Ask::Restore { sessions, .. } => sessions,
            _ => Vec::new(),
        };
        for attach in attaches {
            self.post(deck, guild, Letter::TurnedAway(attach.session, guild));
        }
    }

    fn check_calm(&self) -> Result<(), String> {
        for (index, client) in self.clients.iter().enumerate() {
            client.check_calm(&self.oracle).map_err(|what| format!("client {index}: {what}"))?;
            let guilds = self.store.guilds_of(client.user).now_or_never().and_then(Result::ok);
            for guild in guilds.unwrap_or_default() {
                let known = client.session.as_ref();
                if !known.is_some_and(|known| known.guilds.contains_key(&guild)) {
                    let attached =
                        self.crews.iter().any(|crew| crew.is_attached(client.user, guild));
                    return Err(format!(
                        "client {index} is told nothing of {guild}, where it is a member \
                         (attached: {attached})"
                    ));
                }
            }
        }
        Ok(())
    }
}
