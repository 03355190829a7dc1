//! The members of a guild: packed, found by id and by the beginning of their names, and readable by
//! any thread as they were at one moment.
//!
//! # Algorithm
//!
//! Members lie in blocks of a few hundred, in order of their ids, and so do their names, in order
//! of the names. A change is kept beside the blocks and folded into them later, one block at a time
//! ([`Roster::fold`]). Blocks never change, so that a snapshot shares them.
//!
//! A member takes about 40 bytes, and 25 for each of its names in the index.
//!
//! # Invariants
//!
//! - S1: a snapshot never changes.
//! - S2: folding changes nothing that is read.
//! - S3: a search finds exactly those of whom a name begins with what is searched.

mod block;
mod builder;
mod names;
mod pack;
mod record;
mod shelf;

use std::collections::BTreeSet;
use std::ops::Deref;

use indexmap::{IndexMap, IndexSet};
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::Member;

pub use self::builder::Builder;
pub use self::record::Entry;
use self::record::Roles;
use self::shelf::{Shelf, Walk};

/// The members of a guild. Costs about 100 bytes per member.
#[derive(Debug, Default)]
pub struct Roster {
    members: Shelf,
    /// Keys are names with ids; there are no values.
    names: Shelf,
    roles: Roles,
    len: usize,
}

impl Roster {
    /// Returns how many members there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads a member where it lies. Costs about a microsecond.
    #[must_use]
    pub fn entry(&self, user: UserId) -> Option<Entry<'_>> {
        Entry::read(user, self.members.get(&record::key(user))?, &self.roles)
    }

    /// Decodes a member. Costs about a microsecond.
    #[must_use]
    pub fn get(&self, user: UserId) -> Option<Member> {
        self.entry(user).map(|entry| entry.member())
    }

    /// Tells whether a user is a member.
    #[must_use]
    pub fn contains(&self, user: UserId) -> bool {
        self.members.get(&record::key(user)).is_some()
    }

    /// Returns all members in order of their ids.
    #[must_use]
    pub fn iter(&self) -> Entries<'_> {
        self.starting(UserId::new(0))
    }

    /// Returns the members whose ids are greater than one, in their order.
    #[must_use]
    pub fn after(&self, user: UserId) -> Entries<'_> {
        match user.value().checked_add(1) {
            Some(next) => self.starting(UserId::new(next)),
            None => Entries { walk: None, roles: &self.roles },
        }
    }

    fn starting(&self, user: UserId) -> Entries<'_> {
        Entries { walk: Some(self.members.walk(&record::key(user))), roles: &self.roles }
    }

    /// Finds members of whom a name begins with a text, whatever its case: username, display name
    /// or nickname. In the order of those names; everybody by id when the text is empty.
    ///
    /// Costs about a microsecond for each member found, however many there are.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize) -> Vec<Member> {
        if query.is_empty() {
            return self.iter().take(limit).map(|entry| entry.member()).collect();
        }
        let prefix = names::folded(query);
        let mut walk = self.names.walk(prefix.as_bytes());
        let mut found = IndexSet::new();
        while found.len() < limit
            && let Some((key, _)) = walk.next()
            && key.starts_with(prefix.as_bytes())
        {
            found.insert(names::user(key));
        }
        found.into_iter().filter_map(|user| self.get(user)).collect()
    }

    /// Adds or replaces a member; `true` when it is new. Costs some microseconds.
    pub fn put(&mut self, member: &Member) -> bool {
        let old = self.get(member.user.id);
        let before: BTreeSet<_> = old.iter().flat_map(names::keys).collect();
        let after: BTreeSet<_> = names::keys(member).collect();
        for name in before.difference(&after) {
            self.names.remove(name.clone());
        }
        for name in after.difference(&before) {
            self.names.put(name.clone(), Box::default());
        }
        let value = record::encode(member, &mut self.roles);
        self.members.put(record::key(member.user.id), value);
        self.len += usize::from(old.is_none());
        old.is_none()
    }

    /// Takes a member away and returns it.
    pub fn remove(&mut self, user: UserId) -> Option<Member> {
        let old = self.get(user)?;
        for name in names::keys(&old) {
            self.names.remove(name);
        }
        self.members.remove(record::key(user));
        self.len -= 1;
        Some(old)
    }

    /// Takes a role from everybody. Costs nothing per member.
    pub fn drop_role(&mut self, role: RoleId) {
        if self.roles.contains_key(&role) {
            Roles::make_mut(&mut self.roles).insert(role, false);
        }
    }

    /// Takes from everybody the roles for which a question is answered with no.
    pub fn retain_roles(&mut self, exists: impl Fn(RoleId) -> bool) {
        for (role, kept) in Roles::make_mut(&mut self.roles) {
            *kept &= exists(*role);
        }
    }

    /// Folds recent changes into one block of members and one of names; `false` when there are no
    /// changes. Costs less than 0.1 ms.
    pub fn fold(&mut self) -> bool {
        let folded = self.members.fold();
        self.names.fold() || folded
    }

    /// Returns how many changes are not folded yet.
    #[must_use]
    pub fn recent(&self) -> usize {
        self.members.recent() + self.names.recent()
    }

    /// Returns the members as they are now, for any thread. Costs nothing.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Self {
            members: self.members.clone(),
            names: self.names.clone(),
            roles: Roles::clone(&self.roles),
            len: self.len,
        })
    }
}

impl FromIterator<Member> for Roster {
    fn from_iter<T: IntoIterator<Item = Member>>(members: T) -> Self {
        let mut builder = Builder::default();
        for member in members {
            builder.push(member);
        }
        builder.finish()
    }
}

impl<'a> IntoIterator for &'a Roster {
    type Item = Entry<'a>;
    type IntoIter = Entries<'a>;

    fn into_iter(self) -> Entries<'a> {
        self.iter()
    }
}

/// The members of a guild as they were when it was taken.
#[derive(Debug)]
pub struct Snapshot(Roster);

impl Deref for Snapshot {
    type Target = Roster;

    fn deref(&self) -> &Roster {
        &self.0
    }
}

/// Members in order of their ids. Costs about 0.2 us for each.
#[derive(Debug)]
pub struct Entries<'a> {
    walk: Option<Walk<'a>>,
    roles: &'a IndexMap<RoleId, bool>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (key, value) = self.walk.as_mut()?.next()?;
        Entry::read(record::user(key), value, self.roles)
    }
}
