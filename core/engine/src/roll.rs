//! The member lists of a guild: who is in them, in which order, and who watches which part.
//!
//! Channels that the same members may view share a list. A list is filled in slices when the first
//! viewer asks for it, kept up while somebody watches, and dropped after. Viewers are told all
//! changes since the last time at once, whenever the shell asks for a [`Roll::flush`].
//!
//! # Invariants
//!
//! - M1: a client that follows the operations it is sent sees in its blocks what a SYNC would show.
//! - M2: nobody is in the list of a channel that it may not view, nor watches one.
//! - M3: an operation names a row of a block that its recipients watch.

mod change;
mod id;
mod list;
mod place;
mod range;
mod rights;
mod scribe;
mod tell;
mod viewer;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use throng_proto::gateway::payload::GroupId;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::wire::Body;

pub use self::id::{ListId, murmur3};
use self::list::{Filled, List};
use self::place::{Name, group_of, groups};
pub use self::range::{BLOCK, Blocks, Wish, rows_of};
use self::rights::may_view;
use self::viewer::Viewer;
use crate::attendance::Shown;
use crate::shape::Shape;

/// What a roll wants sent. `V` names a session.
#[derive(Clone, Debug)]
pub enum Output<V> {
    /// To everybody who watches exactly these blocks of a list.
    Shared {
        /// List.
        list: ListId,
        /// Blocks.
        blocks: Blocks,
        /// GUILD_MEMBER_LIST_UPDATE.
        body: Body,
    },
    /// To one session, which from now on watches these blocks of a list, and no others of it.
    Own {
        /// Session.
        viewer: V,
        /// The number that came with what the session asked for last.
        stamp: u32,
        /// What it watches; `None` when this is about no list.
        watches: Option<(ListId, Blocks)>,
        /// GUILD_MEMBER_LIST_UPDATE.
        body: Body,
    },
    /// To everybody who watches one of these blocks.
    Presence {
        /// Whose it is.
        user: UserId,
        /// Blocks that the user is or was in.
        seen: Vec<(ListId, u32)>,
        /// PRESENCE_UPDATE.
        body: Body,
    },
}

/// A member in the lists.
#[derive(Clone, Debug)]
struct Person {
    member: Arc<Member>,
    shown: Shown,
    name: Name,
}

/// All lists of a guild.
#[derive(Debug)]
pub struct Roll<V> {
    shape: Arc<Shape>,
    groups: Vec<GroupId>,
    /// Leaves out who is offline.
    large: bool,
    people: BTreeMap<UserId, Person>,
    member_count: usize,
    online_count: usize,
    lists: IndexMap<ListId, List>,
    viewers: IndexMap<V, Viewer>,
    /// Viewers of each user.
    watching: IndexMap<UserId, IndexSet<V>>,
    /// Viewers whose lists may have to change.
    pending: IndexSet<V>,
    /// Whose rows read otherwise since the last time, with their new presence if it is one.
    changed: IndexMap<UserId, Option<Body>>,
    operations: u64,
}

impl<V: Copy + Eq + Hash> Roll<V> {
    /// Makes the lists of a guild without anybody; `large` leaves out who is offline.
    #[must_use]
    pub fn new(shape: Arc<Shape>, large: bool) -> Self {
        Self {
            groups: groups(&shape),
            shape,
            large,
            people: BTreeMap::new(),
            member_count: 0,
            online_count: 0,
            lists: IndexMap::new(),
            viewers: IndexMap::new(),
            watching: IndexMap::new(),
            pending: IndexSet::new(),
            changed: IndexMap::new(),
            operations: 0,
        }
    }

    /// Returns the guild's id.
    #[must_use]
    pub fn guild(&self) -> GuildId {
        self.shape.id()
    }

    /// Takes a member as it is now, and the PRESENCE_UPDATE if that is what changed.
    ///
    /// Costs O(log n) for each list that is watched.
    pub fn put(&mut self, member: Arc<Member>, shown: Shown, presence: Option<Body>) {
        let user = member.user.id;
        self.recheck(&member);
        let person = Person { name: Name::of(&member), member, shown };
        let online = person.shown.status.is_online();
        let stays = online || !self.large;
        self.online_count += usize::from(online);
        let old = if stays {
            self.people.insert(user, person.clone())
        } else {
            self.people.remove(&user)
        };
        self.online_count -=
            usize::from(old.as_ref().is_some_and(|old| old.shown.status.is_online()));
        self.place(user, old.as_ref(), stays.then_some(&person));
        let earlier = self.changed.entry(user).or_default();
        *earlier = presence.or_else(|| earlier.take());
    }

    /// Takes a member out who has left.
    pub fn remove(&mut self, user: UserId) {
        let Some(old) = self.people.remove(&user) else { return };
        self.online_count -= usize::from(old.shown.status.is_online());
        self.place(user, Some(&old), None);
    }

    /// Moves a person from one place to another in every list.
    fn place(&mut self, user: UserId, old: Option<&Person>, new: Option<&Person>) {
        let shape = &self.shape;
        let at = |person: &Person| (group_of(shape, person), person.name.clone());
        let (before, after) = (old.map(at), new.map(at));
        for list in self.lists.values_mut().filter(|list| list.has_passed(user)) {
            let goes_in = new.is_some_and(|person| may_view(shape, &person.member, &list.channel));
            let after = after.as_ref().filter(|_| goes_in);
            let was_in = old.is_some_and(|person| may_view(shape, &person.member, &list.channel));
            let before = before.as_ref().filter(|_| was_in);
            match (before, after) {
                (Some(before), Some(after)) if before == after => list.touch(after.0, &after.1),
                (before, after) => {
                    if let Some((group, name)) = before {
                        list.remove(*group, name);
                    }
                    if let Some((group, name)) = after {
                        list.insert(*group, name.clone());
                    }
                }
            }
        }
    }

    /// Takes how many members the guild has.
    pub const fn count(&mut self, members: usize) {
        self.member_count = members;
    }

    /// Leaves out who is offline from now on, because the guild has become large.
    pub fn enlarge(&mut self) {
        self.large = true;
        let offline = self.people.iter().filter(|(_, person)| !person.shown.status.is_online());
        for user in offline.map(|(user, _)| *user).collect::<Vec<_>>() {
            self.remove(user);
        }
    }

    /// Puts up to `count` people, at least one, into lists that are not full yet. `false` when all
    /// of them are.
    pub fn fill(&mut self, count: usize) -> bool {
        let mut unfilled = self.lists.values_mut().filter(|list| !list.is_full());
        let Some(list) = unfilled.next() else { return false };
        let after = match list.filled {
            Filled::UpTo(last) => Bound::Excluded(last),
            Filled::Not | Filled::Whole => Bound::Unbounded,
        };
        let mut some = self.people.range((after, Bound::Unbounded)).take(count.max(1)).peekable();
        if some.peek().is_none() {
            list.filled = Filled::Whole;
        }
        for (user, person) in some {
            if may_view(&self.shape, &person.member, &list.channel) {
                list.insert(group_of(&self.shape, person), person.name.clone());
            }
            list.filled = Filled::UpTo(*user);
        }
        self.lists.values().any(|list| !list.is_full())
    }

    /// Returns how many lists there are.
    #[must_use]
    pub fn lists(&self) -> usize {
        self.lists.len()
    }

    /// Returns how many sessions watch.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.viewers.len()
    }

    /// Returns how many operations were told so far, each once however many watch.
    #[must_use]
    pub const fn operations(&self) -> u64 {
        self.operations
    }
}
