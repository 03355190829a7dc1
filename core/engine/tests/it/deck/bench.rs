//! A deck, its journal, and a link for each user.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use throng_engine::deck::{
    Admission, CaughtUp, Config, Deck, Identity, Line, Moment, Newcomer, SessionId, SessionRef,
    Story, Survivors,
};
use throng_engine::policy::Native;
use throng_engine::replay::Limits;
use throng_engine::time::Instant;
use throng_proto::event::EventKind;
use throng_proto::gateway::Connection;
use throng_proto::id::UserId;
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status};
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;
use throng_proto::wire::{Body, Dispatch};

/// What READY says here.
pub(crate) const GREETING: &str = "welcome";

/// A link with room for some dispatches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Rc<State>);

#[derive(Debug, Default)]
struct State {
    room: Cell<usize>,
    taken: RefCell<Vec<(u32, String)>>,
}

impl Line for Wire {
    fn offer(&self, dispatches: &[Dispatch<'_>]) -> Option<usize> {
        let count = dispatches.len().min(self.0.room.get());
        self.0.room.set(self.0.room.get() - count);
        let mut taken = self.0.taken.borrow_mut();
        taken.extend(dispatches[..count].iter().map(|one| (one.sequence, text(one.body))));
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

pub(crate) struct Bench {
    deck: Deck<Wire>,
    /// The journal.
    pub(crate) records: Vec<Vec<u8>>,
    links: BTreeMap<u64, (Wire, SessionRef)>,
    ids: u128,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let log = Limits {
            entries_max: 10_000,
            bytes_max: 1 << 24,
            own_bytes_max: 1 << 23,
            age_max: Duration::from_secs(300),
        };
        let config = Config {
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
        };
        let policy = Arc::new(Native { relay_capacity: 1_000 });
        let deck = Deck::new(config, policy, moment());
        Self { deck, records: Vec::new(), links: BTreeMap::new(), ids: 0 }
    }

    fn settle(&mut self) {
        while self.deck.next_output().is_some() {}
        self.deck.take_records(|record| self.records.push(record.to_vec()));
    }

    /// Begins a session of a user on a link that has all the room there is.
    pub(crate) fn join(&mut self, user: u64) -> SessionId {
        self.ids += 1 << 80;
        let id = SessionId::new(self.ids, 0, 1);
        let line = Wire::default();
        line.0.room.set(usize::MAX);
        let newcomer = Newcomer { id, identity: identity(user), line: line.clone() };
        let session = self.deck.begin(newcomer, body(EventKind::Ready, GREETING), &[]).unwrap();
        self.links.insert(user, (line, session));
        self.settle();
        id
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
        self.deck.begin_pass();
        self.deck.pass()
    }

    pub(crate) fn pass(&mut self) {
        self.deck.begin_pass();
        while self.deck.pass() {}
        self.deck.end_pass();
        self.settle();
    }

    pub(crate) fn room(&self, user: u64, room: usize) {
        self.links[&user].0.0.room.set(room);
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
        let mut anew = Self::new();
        anew.ids = self.ids;
        anew.deck.revive(survivors.remove(0));
        anew.settle();
        anew
    }

    /// Goes on with a session on a new link.
    pub(crate) fn resume(&mut self, user: u64, id: &SessionId, received: u32) {
        let slot = self.deck.sessions().named(*id).unwrap();
        let session = self.deck.reference(slot).unwrap();
        let mut rewind = self.deck.begin_resume(session, received.into()).unwrap();
        let from = self.deck.log().step_back(&mut rewind, usize::MAX).unwrap().unwrap();
        let line = Wire::default();
        line.0.room.set(usize::MAX);
        let admission = Admission { token: TokenId::of(&[0; 32]), expires_at: None };
        self.deck.finish_resume(session, line.clone(), (from, received), admission).unwrap();
        self.links.insert(user, (line, session));
        self.settle();
    }
}

fn moment() -> Moment {
    Moment { at: Instant::from_millis(1), wall: Timestamp::from_millis(1_700_000_000_000) }
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
