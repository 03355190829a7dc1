//! Those who hold a place and do nothing, and who of them gives way first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use throng_proto::id::UserId;

/// Part of all places that handshakes may hold before one of them gives way, as a divisor.
const HANDSHAKES: usize = 4;

/// Places by the order in which their holders began to do nothing.
type Resting<S> = BTreeMap<u64, S>;

/// What a connection without a link is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Handshake,
    /// HTTP, and who has asked there last; nobody before a request with a valid token.
    Http(Option<UserId>),
}

/// Everybody who does nothing, each with the place that it holds.
#[derive(Debug)]
pub(super) struct Idle<S> {
    handshakes: Resting<S>,
    http: Guests<S>,
}

impl<S> Default for Idle<S> {
    fn default() -> Self {
        Self { handshakes: Resting::new(), http: Guests::default() }
    }
}

impl<S> Idle<S> {
    pub(super) fn insert(&mut self, purpose: Purpose, turn: u64, held: S) {
        match purpose {
            Purpose::Handshake => drop(self.handshakes.insert(turn, held)),
            Purpose::Http(user) => self.http.insert(user, turn, held),
        }
    }

    pub(super) fn remove(&mut self, purpose: Purpose, turn: u64) -> Option<S> {
        match purpose {
            Purpose::Handshake => self.handshakes.remove(&turn),
            Purpose::Http(user) => self.http.remove(user, turn),
        }
    }

    /// Takes out who gives way to anybody of so many connections.
    pub(super) fn pop(&mut self, connections_max: usize) -> Option<S> {
        let handshake = self.handshakes.keys().next().copied();
        let crowded = self.handshakes.len() > connections_max / HANDSHAKES;
        let older = |turn: u64| handshake.is_none_or(|other| turn < other);
        if !crowded && self.http.next().is_some_and(older) {
            return self.pop_http();
        }
        self.handshakes.pop_first().map(|(_, held)| held)
    }

    /// Takes out who gives way to another one that speaks HTTP.
    pub(super) fn pop_http(&mut self) -> Option<S> {
        let turn = self.http.next()?;
        self.http.remove(self.http.heaviest(), turn)
    }
}

/// How many connections of a user rest, and since which turn.
type Weight = (usize, Reverse<u64>, UserId);

/// Who speaks HTTP: those who have shown no token, and the connections of each user.
#[derive(Debug)]
struct Guests<S> {
    strangers: Resting<S>,
    users: HashMap<UserId, Resting<S>>,
    /// Users by how many connections of theirs rest, and of as many by who has rested longest.
    weights: BTreeSet<Weight>,
}

impl<S> Default for Guests<S> {
    fn default() -> Self {
        Self { strangers: Resting::new(), users: HashMap::new(), weights: BTreeSet::new() }
    }
}

impl<S> Guests<S> {
    /// Returns whose connection is next: a stranger's, or one of who has the most.
    fn heaviest(&self) -> Option<UserId> {
        if !self.strangers.is_empty() {
            return None;
        }
        self.weights.last().map(|(.., user)| *user)
    }

    fn next(&self) -> Option<u64> {
        let all = match self.heaviest() {
            None => Some(&self.strangers),
            Some(user) => self.users.get(&user),
        };
        all?.keys().next().copied()
    }

    fn insert(&mut self, user: Option<UserId>, turn: u64, held: S) {
        let Some(user) = user else { return drop(self.strangers.insert(turn, held)) };
        let before = self.weight(user);
        self.users.entry(user).or_default().insert(turn, held);
        self.weigh(user, before);
    }

    fn remove(&mut self, user: Option<UserId>, turn: u64) -> Option<S> {
        let Some(user) = user else { return self.strangers.remove(&turn) };
        let before = self.weight(user);
        let held = self.users.get_mut(&user)?.remove(&turn);
        self.weigh(user, before);
        held
    }

    fn weight(&self, user: UserId) -> Option<Weight> {
        let all = self.users.get(&user)?;
        all.keys().next().map(|first| (all.len(), Reverse(*first), user))
    }

    fn weigh(&mut self, user: UserId, before: Option<Weight>) {
        before.into_iter().for_each(|before| _ = self.weights.remove(&before));
        match self.weight(user) {
            Some(now) => _ = self.weights.insert(now),
            None => _ = self.users.remove(&user),
        }
    }
}
