//! All sessions of a worker, found by slot, by id and by user.
//!
//! The look-up tables hold slots alone and compare with the sessions themselves, so that a session
//! costs about ten bytes in each.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use hashbrown::HashTable;
use slab::Slab;
use smallvec::SmallVec;
use throng_engine::replay::Slot;
use throng_proto::id::UserId;

use super::{Session, SessionId};

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Slab<Session>,
    by_id: HashTable<Slot>,
    by_user: HashTable<Slot>,
    /// Clients do not choose the ids of users, but this costs little.
    users: RandomState,
}

impl Sessions {
    pub(crate) fn get(&self, slot: usize) -> Option<&Session> {
        self.all.get(slot)
    }

    pub(crate) fn get_mut(&mut self, slot: usize) -> Option<&mut Session> {
        self.all.get_mut(slot)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Session)> {
        self.all.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut Session)> {
        self.all.iter_mut()
    }

    /// Finds a session by its id.
    pub(crate) fn named(&self, id: SessionId) -> Option<Slot> {
        let found = self.by_id.find(id.hash(), |slot| self.is(*slot, |session| session.id == id));
        found.copied()
    }

    /// Finds the sessions of a user.
    pub(crate) fn of(&self, user: UserId) -> SmallVec<[Slot; 4]> {
        let alike = self.by_user.iter_hash(self.users.hash_one(user)).copied();
        alike.filter(|slot| self.is(*slot, |session| session.identity.user == user)).collect()
    }

    /// Finds sessions by the first digits of their ids.
    pub(crate) fn with_digits(&self, digits: u64) -> impl Iterator<Item = Slot> {
        // The first digits are what ids are found by.
        let alike = self.by_id.iter_hash(digits).copied();
        alike.filter(move |slot| self.is(*slot, |session| session.id.digits() == digits))
    }

    /// Lists all sessions by the first digits of their ids.
    pub(crate) fn all_digits(&self) -> impl Iterator<Item = (u64, Slot)> {
        let slot = |key| Slot::try_from(key).unwrap_or(Slot::MAX);
        self.all.iter().map(move |(key, session)| (session.id.digits(), slot(key)))
    }

    /// Adds a session, and returns its slot.
    pub(crate) fn insert(&mut self, session: Session) -> Slot {
        let (id, user) = (session.id, session.identity.user);
        // One worker has far fewer sessions than 2^32: each takes over 500 bytes.
        let slot = Slot::try_from(self.all.insert(session)).unwrap_or(Slot::MAX);
        let Self { all, by_id, by_user, users } = self;
        by_id.insert_unique(id.hash(), slot, |other| {
            all.get(*other as usize).map_or(0, |session| session.id.hash())
        });
        by_user.insert_unique(users.hash_one(user), slot, |other| {
            all.get(*other as usize).map_or(0, |session| users.hash_one(session.identity.user))
        });
        slot
    }

    /// Takes a session out.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Session> {
        let session = self.all.try_remove(slot as usize)?;
        let hashes = [session.id.hash(), self.users.hash_one(session.identity.user)];
        for (table, hash) in [&mut self.by_id, &mut self.by_user].into_iter().zip(hashes) {
            if let Ok(entry) = table.find_entry(hash, |other| *other == slot) {
                entry.remove();
            }
        }
        Some(session)
    }

    fn is(&self, slot: Slot, so: impl FnOnce(&Session) -> bool) -> bool {
        self.all.get(slot as usize).is_some_and(so)
    }
}
