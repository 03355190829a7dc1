//! All sessions of a worker, found by slot, by id and by user.
//!
//! The look-up tables hold slots alone and compare with the sessions themselves, so that a session
//! costs about ten bytes in each.

use hashbrown::HashTable;
use slab::Slab;
use smallvec::SmallVec;
use throng_proto::id::UserId;

use super::{Session, SessionId};
use crate::replay::Slot;

/// All sessions.
#[derive(Debug)]
pub struct Sessions<L> {
    all: Slab<Session<L>>,
    by_id: HashTable<Slot>,
    by_user: HashTable<Slot>,
}

impl<L> Default for Sessions<L> {
    fn default() -> Self {
        Self { all: Slab::new(), by_id: HashTable::new(), by_user: HashTable::new() }
    }
}

/// Mixes the id of a user, always in the same way, so that equal histories walk in equal orders.
/// Clients do not choose their ids.
const fn hash_of(user: UserId) -> u64 {
    let mixed = user.value().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

impl<L> Sessions<L> {
    /// Returns a session.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Session<L>> {
        self.all.get(slot as usize)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Session<L>> {
        self.all.get_mut(slot as usize)
    }

    /// Walks over all, in order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Session<L>)> {
        self.all.iter().map(|(key, session)| (slot_of(key), session))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Session<L>)> {
        self.all.iter_mut().map(|(key, session)| (slot_of(key), session))
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Finds a session by its id.
    #[must_use]
    pub fn named(&self, id: SessionId) -> Option<Slot> {
        let found = self.by_id.find(id.hash(), |slot| self.is(*slot, |session| session.id == id));
        found.copied()
    }

    /// Finds the sessions of a user.
    #[must_use]
    pub fn of(&self, user: UserId) -> SmallVec<[Slot; 4]> {
        let alike = self.by_user.iter_hash(hash_of(user)).copied();
        alike.filter(|slot| self.is(*slot, |session| session.identity.user == user)).collect()
    }

    /// Finds sessions by the first digits of their ids.
    pub fn with_digits(&self, digits: u64) -> impl Iterator<Item = Slot> {
        // The first digits are what ids are found by.
        let alike = self.by_id.iter_hash(digits).copied();
        alike.filter(move |slot| self.is(*slot, |session| session.id.digits() == digits))
    }

    /// Lists all sessions by the first digits of their ids.
    pub fn all_digits(&self) -> impl Iterator<Item = (u64, Slot)> {
        self.iter().map(|(slot, session)| (session.id.digits(), slot))
    }

    /// Adds a session, and returns its slot.
    pub(super) fn insert(&mut self, session: Session<L>) -> Slot {
        let (id, user) = (session.id, session.identity.user);
        let slot = slot_of(self.all.insert(session));
        let Self { all, by_id, by_user } = self;
        by_id.insert_unique(id.hash(), slot, |other| {
            all.get(*other as usize).map_or(0, |session| session.id.hash())
        });
        by_user.insert_unique(hash_of(user), slot, |other| {
            all.get(*other as usize).map_or(0, |session| hash_of(session.identity.user))
        });
        slot
    }

    /// Takes a session out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Session<L>> {
        let session = self.all.try_remove(slot as usize)?;
        let hashes = [session.id.hash(), hash_of(session.identity.user)];
        for (table, hash) in [&mut self.by_id, &mut self.by_user].into_iter().zip(hashes) {
            if let Ok(entry) = table.find_entry(hash, |other| *other == slot) {
                entry.remove();
            }
        }
        Some(session)
    }

    fn is(&self, slot: Slot, so: impl FnOnce(&Session<L>) -> bool) -> bool {
        self.all.get(slot as usize).is_some_and(so)
    }
}

/// One worker has far fewer sessions than 2^32: each takes over 500 bytes.
fn slot_of(key: usize) -> Slot {
    Slot::try_from(key).unwrap_or(Slot::MAX)
}
