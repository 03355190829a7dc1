//! Sessions on a branch of many relays, beside one relay that has them all.

use std::collections::BTreeMap;
use std::sync::Arc;

use throng_engine::branch::{Branch, Guide, Placing};
use throng_engine::event::{Change, Event};
use throng_engine::mode::{DeliveryTable, Mode};
use throng_engine::policy::{Placement, RelayFacts, SessionFacts, Split};
use throng_engine::relay::{Attachment, Audience, Digest, DigestKind, Interest, Relay};
use throng_engine::replay::Slot;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::Connection;
use throng_proto::id::{MessageId, RoleId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Profile, Status};
use throng_proto::wire::Body;

use crate::random::Random;
use crate::scene::{self, GUILD, OPEN, RED, SECRET};

const USERS: u64 = 9;
const SLOTS: u64 = 24;
/// Users from here on have one session each, for which relays are filled in order.
const NEWCOMERS: u64 = 1000;
const REGIONS: [&str; 3] = ["eu", "us", ""];

/// What one session received, in order.
type Received = BTreeMap<Slot, Vec<String>>;

pub(crate) struct Crowd {
    pub(crate) branch: Branch,
    pub(crate) random: Random,
    /// Has everybody.
    alone: Relay,
    seats: BTreeMap<Slot, u32>,
    sessions: Sessions,
    roles: BTreeMap<UserId, Vec<RoleId>>,
    received: Received,
    expected: Received,
    next: u64,
    degraded: bool,
}

/// What policies know of each session.
struct Sessions(BTreeMap<Slot, SessionFacts>);

impl Guide for Sessions {
    fn facts(&self, slot: Slot) -> Option<SessionFacts> {
        self.0.get(&slot).cloned()
    }

    fn place(&self, session: &SessionFacts, open: &[RelayFacts]) -> Placement {
        let first = open.first().map_or(Placement::New, |relay| Placement::Relay(relay.relay));
        // Some verdicts cannot be followed.
        match session.user.value() {
            user if user >= NEWCOMERS => first,
            user if user % 4 == 0 => Placement::New,
            user if user % 4 == 1 => Placement::Relay(99),
            _ => open.last().map_or(Placement::New, |relay| Placement::Relay(relay.relay)),
        }
    }
}

impl Crowd {
    pub(crate) fn new(seed: u64, plan: Split) -> Self {
        Self::bounded(seed, plan, 64)
    }

    pub(crate) fn bounded(seed: u64, plan: Split, relays_max: usize) -> Self {
        let shape = Arc::new(scene::shape());
        let table = DeliveryTable::default();
        Self {
            branch: Branch::new(Arc::clone(&shape), table.clone(), plan, relays_max),
            random: Random::new(seed),
            alone: Relay::new(shape, table),
            seats: BTreeMap::new(),
            sessions: Sessions(BTreeMap::new()),
            roles: (1..=USERS).map(|user| (UserId::new(user), Vec::new())).collect(),
            received: Received::new(),
            expected: Received::new(),
            next: 1000,
            degraded: false,
        }
    }

    /// Does one random thing to both alike.
    pub(crate) fn change(&mut self) {
        match self.random.below(10) {
            0..=3 => self.attach(),
            4 => self.detach(),
            5..=7 => self.set_mode(),
            8 => self.change_member(),
            _ => self.change_shape(),
        }
    }

    fn slot(&mut self) -> Slot {
        Slot::try_from(self.random.below(SLOTS)).unwrap()
    }

    pub(crate) fn attach(&mut self) {
        let (slot, user) = (self.slot(), 1 + self.random.below(USERS));
        if !self.seats.contains_key(&slot) {
            let mode = self.random.pick(&Mode::ALL);
            self.attach_as(slot, UserId::new(user), mode);
        }
    }

    pub(crate) fn attach_many(&mut self, count: u32) {
        for slot in 0..count {
            let user = UserId::new(NEWCOMERS + u64::from(slot));
            self.roles.entry(user).or_default();
            self.attach_as(slot, user, Mode::Active);
        }
    }

    fn attach_as(&mut self, slot: Slot, user: UserId, mode: Mode) {
        let region = self.random.pick(&REGIONS);
        let connection = Connection { region: region.into(), ..Connection::default() };
        let facts = SessionFacts {
            user,
            bot: self.random.one_in(2),
            capabilities: 0,
            intents: Intents::ALL,
            afk: false,
            status: Status::Online,
            connection: Arc::new(connection),
        };
        let attachment = Attachment {
            user,
            mode,
            interest: Interest { intents: Intents::ALL, named: self.random.one_in(2) },
            digest: self.random.pick(&[DigestKind::V1, DigestKind::V2]),
            watched: [UserId::new(1)].into(),
        };
        let roles = &self.roles[&user];
        self.alone.attach(slot, attachment.clone(), roles);
        let shard = self.branch.plan().key.of(&facts);
        let open = self.branch.candidates(shard);
        let placement = open.first().map_or(Placement::New, |relay| Placement::Relay(relay.relay));
        let number = self.branch.attach(placement, Placing { slot, attachment, roles, shard });
        self.seats.insert(slot, number);
        self.sessions.0.insert(slot, facts);
    }

    pub(crate) fn detach(&mut self) {
        let slot = self.slot();
        self.detach_slot(slot);
    }

    fn detach_slot(&mut self, slot: Slot) {
        let Some(number) = self.seats.remove(&slot) else { return };
        self.sessions.0.remove(&slot);
        assert_eq!(self.branch.detach(number, slot), self.alone.detach(slot));
    }

    /// Lets all but so many of the sessions go, those of all relays alike.
    pub(crate) fn keep(&mut self, count: usize) {
        while self.seats.len() > count {
            let fullest = self.branch.iter().max_by_key(|(_, relay)| relay.len()).unwrap().0;
            let slot = *self.seats.iter().find(|(_, number)| **number == fullest).unwrap().0;
            self.detach_slot(slot);
        }
    }

    fn set_mode(&mut self) {
        let (slot, mode) = (self.slot(), self.random.pick(&Mode::ALL));
        let Some(number) = self.seats.get(&slot) else { return };
        let told = self.branch.get_mut(*number).unwrap().set_modes([(slot, mode)]);
        let expected = self.alone.set_modes([(slot, mode)]);
        self.tell(&told, &expected);
    }

    fn change_member(&mut self) {
        let user = UserId::new(1 + self.random.below(USERS));
        let roles = if self.random.one_in(2) { vec![RED] } else { Vec::new() };
        self.roles.insert(user, roles.clone());
        let profile = Arc::new(Profile::new(scene::JOINED, roles));
        self.apply(&Change::Member(user, profile));
    }

    fn change_shape(&mut self) {
        let mut overwrites = vec![scene::deny_role(GUILD.cast())];
        if self.random.one_in(2) {
            overwrites.push(scene::allow_role(RED));
        }
        let user = UserId::new(1 + self.random.below(USERS));
        overwrites.push(scene::allow_member(user));
        let shape = scene::overwritten(&scene::shape(), SECRET, overwrites);
        self.apply(&Change::Shape(shape));
    }

    fn apply(&mut self, change: &Change) {
        self.branch.apply(change);
        self.alone.apply(change);
    }

    /// Moves up to `max` attachments.
    pub(crate) fn advance(&mut self, max: usize) -> Vec<(Slot, u32)> {
        let moved = self.branch.advance(max, &self.sessions);
        assert!(moved.len() <= max);
        self.seats.extend(moved.iter().copied());
        moved
    }

    /// Moves until everything is as planned.
    pub(crate) fn settle(&mut self) {
        while self.branch.look() {
            self.advance(4);
        }
    }

    /// Publishes something to everybody who may have it.
    pub(crate) fn publish(&mut self) {
        self.next += 1;
        let author = UserId::new(1 + self.random.below(USERS));
        let channel = self.random.pick(&[OPEN, SECRET]);
        let event = match self.random.below(3) {
            0 => scene::event(EventKind::PresenceUpdate, Scope::Guild, Some(author)),
            1 => scene::event(EventKind::TypingStart, Scope::Channel(channel), Some(author)),
            _ => {
                let user = UserId::new(1 + self.random.below(USERS));
                let everyone = self.random.one_in(4);
                let mentions = Mentions { users: vec![user], everyone, ..Mentions::default() };
                let change = Change::LastMessage(channel, MessageId::new(self.next));
                Event { change, ..scene::message(channel, author, mentions) }
            }
        };
        self.apply(&event.change);
        let name = format!("{:?} {}", event.kind, self.next);
        deliver(&mut self.received, &name, &self.branch.audience(&event));
        deliver(&mut self.expected, &name, &self.alone.audience(&event));
    }

    pub(crate) fn digest(&mut self) {
        let (told, expected) = (self.branch.digest(), self.alone.digest());
        self.tell(&told, &expected);
    }

    /// Degrades or goes back to normal.
    pub(crate) fn degrade(&mut self) {
        self.degrade_to(!self.degraded);
    }

    pub(crate) fn degrade_to(&mut self, degraded: bool) {
        self.degraded = degraded;
        let told = self.branch.set_degraded(degraded);
        let expected = self.alone.set_degraded(degraded);
        self.tell(&told, &expected);
    }

    fn tell(&mut self, told: &[Digest], expected: &[Digest]) {
        for (received, digests) in [(&mut self.received, told), (&mut self.expected, expected)] {
            for Digest { body, to, .. } in digests {
                let text = read(body);
                to.iter().for_each(|slot| received.entry(slot).or_default().push(text.clone()));
            }
        }
    }

    pub(crate) fn check_received(&self, seed: u64) {
        assert_eq!(self.received, self.expected, "seed {seed}");
        assert!(!self.received.is_empty());
    }

    /// Every session is on the relay that it was said to be on, and on no other.
    pub(crate) fn check_seats(&self) {
        let mut seats = BTreeMap::new();
        for (number, relay) in self.branch.iter() {
            assert!(!relay.is_empty(), "relay {number} should have ended");
            for slot in relay.slots() {
                assert_eq!(seats.insert(slot, number), None, "slot {slot} is on two relays");
            }
        }
        assert_eq!(seats, self.seats);
    }

    /// Every relay holds the members of its own sessions.
    pub(crate) fn check_members(&self) {
        for (number, relay) in self.branch.iter() {
            let own = self.seats.iter().filter(|(_, seat)| **seat == number);
            let mut users: Vec<UserId> = own.map(|(slot, _)| self.sessions.0[slot].user).collect();
            users.sort_unstable();
            users.dedup();
            assert_eq!(relay.member_count(), users.len());
            assert!(users.iter().all(|user| relay.slots_of(*user).is_some()));
        }
    }

    /// No relay is too full, none is mixed, and there are as many as there should be.
    pub(crate) fn check_plan(&self) {
        let plan = self.branch.plan();
        let mut kin: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (_, relay) in self.branch.iter() {
            assert!(relay.len() <= plan.capacity, "{} of {plan:?}", relay.len());
            let slots: Vec<Slot> = relay.slots().iter().collect();
            let shards: Vec<&str> =
                slots.iter().map(|s| plan.key.of(&self.sessions.0[s])).collect();
            assert!(shards.iter().all(|shard| *shard == shards[0]), "{shards:?} are mixed");
            let entry = kin.entry(shards[0]).or_default();
            *entry = (entry.0 + 1, entry.1 + relay.len());
        }
        for (relays, attachments) in kin.into_values() {
            let least = attachments.div_ceil(plan.capacity).max(plan.count.min(attachments));
            assert!(relays >= least, "{relays} relays of {attachments} under {plan:?}");
        }
    }

    pub(crate) fn loads(&self) -> Vec<usize> {
        self.branch.iter().map(|(_, relay)| relay.len()).collect()
    }
}

fn deliver(received: &mut Received, name: &str, audience: &Audience) {
    assert!(audience.full.is_disjoint(&audience.stripped));
    for (slots, variant) in [(&audience.full, "full"), (&audience.stripped, "stripped")] {
        for slot in slots {
            received.entry(slot).or_default().push(format!("{name} {variant}"));
        }
    }
}

/// Reads a digest; its channels have no order.
fn read(body: &Body) -> String {
    let mut payload = scene::payload(body);
    for key in ["channels", "updated_channels"] {
        if let Some(list) = payload["d"][key].as_array_mut() {
            list.sort_by_key(ToString::to_string);
        }
    }
    payload.to_string()
}
