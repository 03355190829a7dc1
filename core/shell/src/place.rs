//! Places for connections: how many may be open at the same time, from one address and in all, and
//! who gives way when there are no more.
//!
//! # Invariants
//!
//! - P1: as many places are taken as there are connections that hold one, never more than there
//!   are, but for HTTP that is on its way from a handshake to its own place.
//! - P2: who does nothing (a handshake under way, HTTP between two requests) gives way to a new
//!   connection, the longest idle first; a link never does. HTTP gives way to HTTP: who has shown
//!   no token first, then whoever has the most. Where handshakes hold more than a quarter of all
//!   places, one of them gives way.

mod idle;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use idle::{Idle, Purpose};
use parking_lot::Mutex;
use throng_ports::link::Network;
use throng_proto::id::UserId;
use tokio::sync::Notify;

/// Connections accepted so far.
static ACCEPTED: AtomicU64 = AtomicU64::new(0);

/// How many connections may be open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceLimits {
    /// In all.
    pub connections_max: usize,
    /// Of them, those that speak HTTP.
    pub http_max: usize,
    /// Of one address; 0 for any number. Loopback has no bound.
    pub per_address_max: usize,
    /// Proxies, which have none either: their clients have.
    pub proxies: Vec<Network>,
}

/// The places of a listener, or of several. Clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: PlaceLimits,
    open: AtomicUsize,
    http: AtomicUsize,
    addresses: Mutex<Addresses>,
    idle: Mutex<Idle<Held>>,
    turns: AtomicU64,
}

/// The place of one who does nothing, and how it hears that it is gone.
type Held = (Place, Arc<Notify>);

/// Who counts for which address. Not in each place, because links are many and this is rare.
#[derive(Debug, Default)]
struct Addresses {
    counts: HashMap<IpAddr, usize>,
    /// By the order of their places.
    owners: HashMap<u64, IpAddr>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    Connections,
    /// All that speak HTTP are busy.
    Http,
    /// The address has as many as it may.
    Address,
}

impl Full {
    /// Says so, with the setting.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Connections => {
                "This gateway has all the connections it takes (limits.connections_max)."
            }
            Self::Http => {
                "This gateway has all the HTTP connections it takes (limits.http_connections_max)."
            }
            Self::Address => {
                "Too many connections come from your address (limits.connections_per_address)."
            }
        }
    }
}

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    inner: Arc<Inner>,
    order: u64,
}

impl Place {
    /// Returns the connection's place in the order of accepting.
    pub(crate) const fn order(&self) -> u64 {
        self.order
    }

    /// Counts for the address that the handshake has shown, unless it counts for one already.
    pub(crate) fn belong_to(&mut self, address: IpAddr) -> Result<(), Full> {
        if !self.inner.is_counted(address) || self.inner.enter(self.order, address) {
            return Ok(());
        }
        Err(Full::Address)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.inner.open.fetch_sub(1, Ordering::AcqRel);
        if self.inner.limits.per_address_max > 0 {
            self.inner.leave(self.order);
        }
    }
}

impl Inner {
    fn is_counted(&self, address: IpAddr) -> bool {
        self.limits.per_address_max > 0
            && !address.to_canonical().is_loopback()
            && !self.limits.proxies.iter().any(|network| network.contains(address))
    }

    fn enter(&self, order: u64, address: IpAddr) -> bool {
        let mut addresses = self.addresses.lock();
        if addresses.owners.contains_key(&order) {
            return true;
        }
        let count = addresses.counts.entry(address).or_default();
        let room = *count < self.limits.per_address_max;
        *count += usize::from(room);
        if room {
            addresses.owners.insert(order, address);
        }
        room
    }

    fn leave(&self, order: u64) {
        let mut addresses = self.addresses.lock();
        let Some(address) = addresses.owners.remove(&order) else { return };
        if let Some(count) = addresses.counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                addresses.counts.remove(&address);
            }
        }
    }

    /// Ends a connection that does nothing, perhaps only of those that speak HTTP.
    fn evict(&self, only_http: bool) -> bool {
        let mut idle = self.idle.lock();
        let evicted =
            if only_http { idle.pop_http() } else { idle.pop(self.limits.connections_max) };
        drop(idle);
        let Some((place, gone)) = evicted else { return false };
        drop(place);
        gone.notify_one();
        true
    }
}

impl Places {
    /// Makes places, all of them free.
    #[must_use]
    pub fn new(limits: PlaceLimits) -> Self {
        Self(Arc::new(Inner {
            limits,
            open: AtomicUsize::new(0),
            http: AtomicUsize::new(0),
            addresses: Mutex::default(),
            idle: Mutex::default(),
            turns: AtomicU64::new(0),
        }))
    }

    /// Returns how many are taken.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Takes a place; whoever is idle gives way.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let mut place = self.count();
        while self.open() > self.0.limits.connections_max {
            if !self.0.evict(false) {
                return Err(Full::Connections);
            }
        }
        place.belong_to(address)?;
        Ok(place)
    }

    fn count(&self) -> Place {
        self.0.open.fetch_add(1, Ordering::AcqRel);
        let order = ACCEPTED.fetch_add(1, Ordering::Relaxed);
        Place { inner: Arc::clone(&self.0), order }
    }

    /// Lets a connection with a place be idle or busy.
    pub(crate) fn visit(&self, place: Place) -> Visit {
        self.stay(place, Purpose::Handshake)
    }

    fn stay(&self, place: Place, purpose: Purpose) -> Visit {
        let gone = Arc::new(Notify::new());
        let stay = Mutex::new((Stay::Busy(place), purpose));
        Visit { places: self.clone(), stay, gone }
    }

    /// Takes a place for a connection that speaks HTTP and was counted until now as a handshake, or
    /// not at all.
    ///
    /// # Errors
    ///
    /// All who speak HTTP are busy, or the address has too many.
    pub fn visit_http(&self, address: IpAddr) -> Result<Visit, Full> {
        let before = self.0.http.fetch_add(1, Ordering::AcqRel);
        let mut place = self.count();
        let visit = |place| self.stay(place, Purpose::Http(None));
        if before >= self.0.limits.http_max && !self.0.evict(true) {
            drop(visit(place));
            return Err(Full::Http);
        }
        let belongs = place.belong_to(address);
        let visit = visit(place);
        belongs.map(|()| visit)
    }
}

/// A connection that is no link: idle, it gives its place to who needs one.
#[derive(Debug)]
pub struct Visit {
    places: Places,
    stay: Mutex<(Stay, Purpose)>,
    gone: Arc<Notify>,
}

#[derive(Debug)]
enum Stay {
    Busy(Place),
    /// Its place lies with those of the idle, under this turn.
    Idle(u64),
    Gone,
}

impl Visit {
    /// Begins to do nothing.
    pub fn rest(&self) {
        let (stay, purpose) = &mut *self.stay.lock();
        let turn = self.places.0.turns.fetch_add(1, Ordering::Relaxed);
        match std::mem::replace(stay, Stay::Idle(turn)) {
            Stay::Busy(place) => {
                let held = (place, Arc::clone(&self.gone));
                self.places.0.idle.lock().insert(*purpose, turn, held);
            }
            other => *stay = other,
        }
    }

    /// Begins to do something; `false` when the place is gone.
    pub fn work(&self) -> bool {
        let (stay, purpose) = &mut *self.stay.lock();
        if let Stay::Idle(turn) = *stay {
            let kept = self.places.0.idle.lock().remove(*purpose, turn);
            *stay = kept.map_or(Stay::Gone, |(place, _)| Stay::Busy(place));
        }
        matches!(*stay, Stay::Busy(_))
    }

    /// Notes whose request has come: who is known gives way after strangers. Nothing changes for
    /// who is no HTTP or does nothing.
    pub fn know(&self, user: UserId) {
        if let (Stay::Busy(_), Purpose::Http(known)) = &mut *self.stay.lock() {
            *known = Some(user);
        }
    }

    /// Waits until the place was given to somebody else.
    pub async fn evicted(&self) {
        self.gone.notified().await;
    }

    /// Ends the visit and keeps its place, if that is still there.
    pub(crate) fn into_place(self) -> Option<Place> {
        self.work();
        match std::mem::replace(&mut self.stay.lock().0, Stay::Gone) {
            Stay::Busy(place) => Some(place),
            Stay::Idle(_) | Stay::Gone => None,
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let (stay, purpose) = self.stay.get_mut();
        if let Stay::Idle(turn) = *stay {
            self.places.0.idle.lock().remove(*purpose, turn);
        }
        if matches!(purpose, Purpose::Http(_)) {
            self.places.0.http.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn places(connections_max: usize, http_max: usize) -> Places {
        Places::new(PlaceLimits {
            connections_max,
            http_max,
            per_address_max: 2,
            proxies: vec!["198.51.100.0/24".parse().unwrap()],
        })
    }

    #[tokio::test]
    async fn the_longest_idle_gives_way_and_links_never_do() {
        let places = places(3, 3);
        let link = places.take(HERE).unwrap();
        let (first, second) = (places.visit_http(HERE).unwrap(), places.visit_http(HERE).unwrap());
        second.rest();
        first.rest();
        let newcomer = places.take(HERE).unwrap();
        second.evicted().await;
        assert!(first.work() && !second.work());
        assert_eq!(places.take(HERE).err(), Some(Full::Connections), "nobody is idle");
        drop((link, newcomer, first, second));
        assert_eq!(places.open(), 0);
    }

    #[test]
    fn http_has_a_share_of_the_places() {
        let places = places(10, 2);
        let (one, two) = (places.visit_http(HERE).unwrap(), places.visit_http(HERE).unwrap());
        assert_eq!(places.visit_http(HERE).err(), Some(Full::Http));
        one.rest();
        let three = places.visit_http(HERE).unwrap();
        assert!(!one.work(), "its place is taken");
        drop((one, two, three));
        assert_eq!(places.open(), 0);
        assert!(places.visit_http(HERE).is_ok());
    }

    #[test]
    fn strangers_give_way_first_and_then_who_has_the_most() {
        let places = places(10, 5);
        let rest = |user: Option<u64>| {
            let visit = places.visit_http(HERE).unwrap();
            user.into_iter().for_each(|user| visit.know(UserId::new(user)));
            visit.rest();
            visit
        };
        let honest = rest(Some(1));
        let greedy: Vec<_> = (0..2).map(|_| rest(Some(2))).collect();
        let strangers: Vec<_> = (0..9).map(|_| rest(None)).collect();
        assert_eq!(strangers.iter().filter(|visit| visit.work()).count(), 2, "two places are left");
        drop(strangers);
        let more: Vec<_> = (0..9).map(|_| rest(Some(2))).collect();
        assert!(greedy.iter().all(|visit| !visit.work()), "the longest idle of the greedy");
        assert!(honest.work(), "it is older than all of them");
        drop((greedy, more, honest));
        assert_eq!((places.open(), rest(Some(3)).work()), (0, true));
    }

    #[test]
    fn of_users_with_as_many_the_longest_idle_gives_way() {
        let places = places(10, 3);
        let rest = |user: u64| {
            let visit = places.visit_http(HERE).unwrap();
            visit.know(UserId::new(user));
            visit.rest();
            visit
        };
        let visits = [2, 3, 1].map(rest);
        let newcomer = places.visit_http(HERE).unwrap();
        assert_eq!(visits.each_ref().map(Visit::work), [false, true, true]);
        drop(newcomer);
    }

    #[test]
    fn handshakes_that_are_many_give_way_to_each_other_and_http_only_to_http() {
        let places = places(8, 1);
        let http = places.visit_http(HERE).unwrap();
        http.rest();
        let handshake = || {
            let visit = places.visit(places.take(HERE).unwrap());
            visit.rest();
            visit
        };
        let many: Vec<_> = (0..20).map(|_| handshake()).collect();
        assert_eq!(many.iter().filter(|visit| visit.work()).count(), 7, "the last ones stay");
        assert!(http.work(), "it is older than all of them");
        drop(many);
        let few: Vec<_> = (0..2).map(|_| handshake()).collect();
        http.rest();
        let other = places.visit_http(HERE).unwrap();
        assert!(!http.work() && few.iter().all(Visit::work));
        drop((http, other, few));
        assert_eq!(places.open(), 0);
    }

    #[test]
    fn an_address_has_a_share_and_loopback_any() {
        let places = places(10, 10);
        let two = [places.take(THERE).unwrap(), places.take(THERE).unwrap()];
        assert_eq!(places.take(THERE).err(), Some(Full::Address));
        assert_eq!(places.visit_http(THERE).err(), Some(Full::Address));
        let proxy = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
        let mut many: Vec<_> = (0..4).map(|_| places.take(HERE).unwrap()).collect();
        many.extend((0..4).map(|_| places.take(proxy).unwrap()));
        assert_eq!(many[7].belong_to(THERE), Err(Full::Address), "a proxy's client has a bound");
        drop((two, many));
        assert_eq!(places.open(), 0);
        assert!(places.take(THERE).is_ok());
    }

    #[test]
    fn who_becomes_a_link_keeps_the_place() {
        let places = places(1, 1);
        let visit = places.visit(places.take(HERE).unwrap());
        visit.rest();
        let place = visit.into_place().unwrap();
        assert_eq!(places.take(HERE).err(), Some(Full::Connections));
        drop(place);
        assert_eq!(places.open(), 0);
    }
}
