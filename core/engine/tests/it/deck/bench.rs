//! A deck, its journal, and a link for each user.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use throng_engine::deck::{
    Admission, CaughtUp, Config, Deck, Identity, Line, Moment, Newcomer, Output, Returned, Session,
    SessionId, SessionRef, Story, Survivors,
};
use throng_engine::replay::{Limits, Slot};
use throng_engine::time::Instant;
use throng_proto::event::EventKind;
use throng_proto::gateway::Connection;
use throng_proto::id::UserId;
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status};
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;
use throng_proto::wire::{Body, Dispatch, Lane};

use super::puppet::Puppet;

/// What READY says here.
pub(crate) const GREETING: &str = "welcome";
/// When every test begins, in milliseconds of the wall clock.
pub(crate) const BEGIN: u64 = 1_700_000_000_000;

/// A link with room for some dispatches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Rc<State>);

#[derive(Debug, Default)]
struct State {
    room: Cell<usize>,
    gone: Cell<bool>,
    taken: RefCell<Vec<(u32, String)>>,
    lanes: RefCell<Vec<Lane>>,
    calls: Cell<usize>,
}

impl Line for Wire {
    fn offer(&self, dispatches: &[Dispatch<'_>]) -> Option<usize> {
        if self.0.gone.get() {
            return None;
        }
        self.0.calls.set(self.0.calls.get() + 1);
        let count = dispatches.len().min(self.0.room.get());
        self.0.room.set(self.0.room.get() - count);
        let mut taken = self.0.taken.borrow_mut();
        taken.extend(dispatches[..count].iter().map(|one| (one.sequence, text(one.body))));
        self.0.lanes.borrow_mut().extend(dispatches[..count].iter().map(|one| one.lane));
        Some(count)
    }

    fn is_blocked(&self) -> bool {
        self.0.room.get() == 0
    }
}

fn text(body: &Body) -> String {
    let text: Vec<u8> =
        body.segments().iter().flat_map(|segment| segment.text().to_vec()).collect();
    let text = format!("{{{}", String::from_utf8(text).unwrap());
    let payload: serde_json::Value = serde_json::from_str(&text).unwrap();
    match &payload["d"] {
        serde_json::Value::String(text) => text.clone(),
        _ => payload["t"].as_str().unwrap().to_owned(),
    }
}

/// What let a user in: the same token every time, unless a test says otherwise.
pub(crate) fn admission(token: u8, end: Option<u64>) -> Admission {
    let expires_at = end.map(Timestamp::from_millis);
    Admission { token: TokenId::of(&[token; 32]), expires_at }
}

pub(crate) struct Bench {
    pub(crate) deck: Deck<Wire>,
    pub(crate) policy: Arc<Puppet>,
    /// What is to be done outside.
    pub(crate) outputs: Vec<Output<Wire>>,
    /// The journal.
    pub(crate) records: Vec<Vec<u8>>,
    config: Config,
    now: Moment,
    links: BTreeMap<u64, (Wire, SessionRef)>,
    ids: u128,
}

fn config() -> Config {
    let log = Limits {
        entries_max: 10_000,
        bytes_max: 1 << 24,
        own_bytes_max: 1 << 23,
        age_max: Duration::from_secs(300),
    };
    Config {
        worker: 0,
        workers: 1,
        log,
        resume_window: Duration::from_secs(300),
        lag_events_max: 1_000,
        lag_bytes_max: 1 << 20,
        ranges_max: 5,
        lists_max: 5,
        relays_max: 10,
        stride: 32,
        move_slice: 100,
        degrade_attachments_min: 1_000,
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// Makes a deck with other bounds.
    pub(crate) fn with(set: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        set(&mut config);
        Self::configured(config)
    }

    fn configured(config: Config) -> Self {
        let (policy, wall) = (Arc::new(Puppet::default()), Timestamp::from_millis(BEGIN));
        let now = Moment { at: Instant::from_millis(1), wall };
        let deck = Deck::new(config.clone(), Arc::clone(&policy) as _, now);
        let (outputs, records, links) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { deck, policy, outputs, records, config, now, links, ids: 0 }
    }

    pub(crate) fn settle(&mut self) {
        while let Some(output) = self.deck.next_output() {
            self.outputs.push(output);
        }
        self.deck.take_records(|record| self.records.push(record.to_vec()));
    }

    /// Returns the session that has a name.
    pub(crate) fn named(&self, id: SessionId) -> SessionRef {
        self.deck.reference(self.deck.sessions().named(id).unwrap()).unwrap()
    }

    /// Lets time pass, and the deck look at it.
    pub(crate) fn wait(&mut self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.now.at = self.now.at.after(time);
        self.now.wall = Timestamp::from_millis(self.now.wall.millis() + millis);
        self.deck.at(self.now).tick();
        self.settle();
    }

    /// Takes what is to be done outside.
    pub(crate) fn outputs(&mut self) -> Vec<Output<Wire>> {
        self.settle();
        std::mem::take(&mut self.outputs)
    }

    /// Begins a session of a user on a link that has all the room there is.
    pub(crate) fn join(&mut self, user: u64) -> SessionId {
        self.join_as(user, |_| {})
    }

    /// As [`Self::join`], with another IDENTIFY.
    pub(crate) fn join_as(&mut self, user: u64, set: impl FnOnce(&mut Identity)) -> SessionId {
        self.ids += 1 << 80;
        let id = SessionId::new(self.ids, 0, 1);
        let line = Wire::default();
        line.0.room.set(usize::MAX);
        let mut identity = identity(user);
        set(&mut identity);
        let newcomer = Newcomer { id, identity, line: line.clone() };
        let session = self.deck.begin(newcomer, body(EventKind::Ready, GREETING), &[]).unwrap();
        self.links.insert(user, (line, session));
        self.settle();
        id
    }

    /// The user of a number, as [`Self::join`] takes it.
    pub(crate) const fn user(user: u64) -> UserId {
        UserId::new(user + 1)
    }

    /// The session that a user began or resumed last.
    pub(crate) fn reference(&self, user: u64) -> SessionRef {
        self.links[&user].1
    }

    pub(crate) fn slot(&self, user: u64) -> Slot {
        self.links[&user].1.slot
    }

    pub(crate) fn session(&self, user: u64) -> &Session<Wire> {
        self.deck.find(self.links[&user].1).unwrap()
    }

    pub(crate) fn tell(&mut self, user: u64, text: &str) {
        let session = self.links[&user].1;
        self.deck.own(
            session,
            EventKind::MessageCreate,
            None,
            body(EventKind::MessageCreate, text),
        );
        self.settle();
    }

    pub(crate) fn tell_everybody(&mut self, text: &str) {
        let users: Vec<u64> = self.links.keys().copied().collect();
        users.into_iter().for_each(|user| self.tell(user, text));
    }

    /// Begins a pass and visits some sessions; `false` when it has visited all.
    pub(crate) fn begin_pass(&mut self) -> bool {
        self.settle();
        self.deck.begin_pass();
        self.deck.pass()
    }

    pub(crate) fn pass(&mut self) {
        self.settle();
        self.deck.begin_pass();
        self.go_on();
    }

    /// Ends a pass that has begun.
    pub(crate) fn go_on(&mut self) {
        while self.deck.pass() {}
        self.deck.end_pass();
        self.settle();
    }

    pub(crate) fn room(&self, user: u64, room: usize) {
        self.links[&user].0.0.room.set(room);
    }

    /// Lets a link be gone, as nobody has noticed yet.
    pub(crate) fn cut(&self, user: u64) {
        self.links[&user].0.0.gone.set(true);
    }

    /// Lets a link take what it missed.
    pub(crate) fn beat(&mut self, user: u64) -> CaughtUp {
        let slot = self.links[&user].1.slot;
        self.deck.catch_up(slot)
    }

    pub(crate) fn count(&self, user: u64) -> usize {
        self.links[&user].0.0.taken.borrow().len()
    }

    /// Takes what a link has taken.
    pub(crate) fn read(&self, user: u64) -> Vec<(u32, String)> {
        self.links[&user].0.0.taken.take()
    }

    /// As [`Self::read`], without the numbers.
    pub(crate) fn texts(&self, user: u64) -> Vec<String> {
        self.read(user).into_iter().map(|(_, text)| text).collect()
    }

    /// Takes what the dispatches that a link has taken must keep in order with.
    pub(crate) fn lanes(&self, user: u64) -> Vec<Lane> {
        self.links[&user].0.0.lanes.take()
    }

    /// How often a link was offered something.
    pub(crate) fn calls(&self, user: u64) -> usize {
        self.links[&user].0.0.calls.get()
    }

    pub(crate) fn snapshot(&mut self) {
        self.records.clear();
        self.deck.snapshot(|record| self.records.push(record.to_vec()));
    }

    /// Begins anew from the journal.
    pub(crate) fn crash(self) -> Self {
        let mut story = Story::default();
        self.records.iter().for_each(|record| story.read(record));
        assert_eq!(story.unread(), 0);
        let mut survivors = Survivors::divide(vec![story.finish()], 1);
        let mut anew = Self::configured(self.config);
        anew.ids = self.ids;
        anew.deck.revive(survivors.remove(0));
        anew.settle();
        anew
    }

    /// Goes on with a session on a new link.
    pub(crate) fn resume(&mut self, user: u64, id: &SessionId, received: u32) -> Returned {
        self.resume_as(user, id, received, admission(0, None))
    }

    /// As [`Self::resume`], with another token.
    pub(crate) fn resume_as(
        &mut self,
        user: u64,
        id: &SessionId,
        received: u32,
        admission: Admission,
    ) -> Returned {
        let slot = self.deck.sessions().named(*id).unwrap();
        let session = self.deck.reference(slot).unwrap();
        let mut rewind = self.deck.begin_resume(session, received.into()).unwrap();
        let from = self.deck.log().step_back(&mut rewind, usize::MAX).unwrap().unwrap();
        let line = Wire::default();
        line.0.room.set(usize::MAX);
        let from = (from, received);
        let returned = self.deck.finish_resume(session, line.clone(), from, admission).unwrap();
        self.links.insert(user, (line, session));
        self.settle();
        returned
    }
}

fn body(kind: EventKind, text: &str) -> Body {
    Body::dispatch(kind.name(), &serde_json::json!(text).to_string())
}

fn identity(user: u64) -> Identity {
    Identity {
        user: UserId::new(user + 1),
        bot: false,
        intents: Intents::ALL,
        named: true,
        capabilities: 0,
        large_threshold: 50,
        shard: None,
        connection: Arc::new(Connection::default()),
        status: Status::Online,
        afk: false,
        activities: Activities::default(),
        pass: None,
        began_at: Timestamp::default(),
    }
}
