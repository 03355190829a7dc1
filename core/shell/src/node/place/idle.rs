//! Those who hold a place and do nothing, and who of them gives way first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use throng_proto::id::UserId;
use tokio::sync::Notify;

use super::Place;

/// Part of all places that handshakes may hold before one of them gives way, as a divisor.
const HANDSHAKES: usize = 4;

/// The place of one who does nothing, and how it hears that it is gone.
pub(super) type Seat = (Place, Arc<Notify>);

/// Places by the order in which their holders began to do nothing.
type Resting = BTreeMap<u64, Seat>;

/// What a connection without a link is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Handshake,
    /// HTTP, and who has asked there last; nobody before a request with a valid token.
    Http(Option<UserId>),
}

/// Everybody who does nothing.
#[derive(Debug, Default)]
pub(super) struct Idle {
    handshakes: Resting,
    http: Guests,
}

impl Idle {
    pub(super) fn insert(&mut self, purpose: Purpose, turn: u64, seat: Seat) {
        match purpose {
            Purpose::Handshake => drop(self.handshakes.insert(turn, seat)),
            Purpose::Http(user) => self.http.insert(user, turn, seat),
        }
    }

    pub(super) fn remove(&mut self, purpose: Purpose, turn: u64) -> Option<Seat> {
        match purpose {
            Purpose::Handshake => self.handshakes.remove(&turn),
            Purpose::Http(user) => self.http.remove(user, turn),
        }
    }

    /// Takes out who gives way to anybody of so many connections.
    pub(super) fn pop(&mut self, connections_max: usize) -> Option<Seat> {
        let handshake = self.handshakes.keys().next().copied();
        let crowded = self.handshakes.len() > connections_max / HANDSHAKES;
        let older = |turn: u64| handshake.is_none_or(|other| turn < other);
        if !crowded && self.http.next().is_some_and(older) {
            return self.pop_http();
        }
        self.handshakes.pop_first().map(|(_, seat)| seat)
    }

    /// Takes out who gives way to another one that speaks HTTP.
    pub(super) fn pop_http(&mut self) -> Option<Seat> {
        let turn = self.http.next()?;
        self.http.remove(self.http.heaviest(), turn)
    }
}

/// Who speaks HTTP: those who have shown no token, and the connections of each user.
#[derive(Debug, Default)]
struct Guests {
    strangers: Resting,
    users: HashMap<UserId, Resting>,
    /// Users by how many connections of theirs rest.
    sizes: BTreeSet<(usize, UserId)>,
}

impl Guests {
    /// Returns whose connection is next: a stranger's, or one of who has the most.
    fn heaviest(&self) -> Option<UserId> {
        if !self.strangers.is_empty() {
            return None;
        }
        self.sizes.last().map(|(_, user)| *user)
    }

    fn next(&self) -> Option<u64> {
        let all = match self.heaviest() {
            None => Some(&self.strangers),
            Some(user) => self.users.get(&user),
        };
        all?.keys().next().copied()
    }

    fn insert(&mut self, user: Option<UserId>, turn: u64, seat: Seat) {
        let Some(user) = user else { return drop(self.strangers.insert(turn, seat)) };
        let all = self.users.entry(user).or_default();
        let before = all.len();
        all.insert(turn, seat);
        self.resize(user, before);
    }

    fn remove(&mut self, user: Option<UserId>, turn: u64) -> Option<Seat> {
        let Some(user) = user else { return self.strangers.remove(&turn) };
        let all = self.users.get_mut(&user)?;
        let before = all.len();
        let seat = all.remove(&turn);
        self.resize(user, before);
        seat
    }

    fn resize(&mut self, user: UserId, before: usize) {
        let now = self.users.get(&user).map_or(0, BTreeMap::len);
        self.sizes.remove(&(before, user));
        if now == 0 {
            self.users.remove(&user);
        } else {
            self.sizes.insert((now, user));
        }
    }
}
