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

mod id;
mod list;
mod place;
mod range;
mod scribe;
mod viewer;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Channel, Member};
use throng_proto::permissions::Permissions;
use throng_proto::wire::Body;

pub use self::id::{ListId, murmur3};
use self::list::{Filled, List};
pub use self::place::GroupId;
use self::place::{Name, group_of, groups};
pub use self::range::{BLOCK, Blocks, Wish, rows_of};
use self::scribe::Scribe;
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

    /// Takes new roles, channels or settings. Costs O(channels + viewers), and lists whose groups
    /// or members may be others must be filled again.
    pub fn reshape(&mut self, shape: Arc<Shape>) {
        let old = std::mem::replace(&mut self.shape, shape);
        let groups = groups(&self.shape);
        let regroup = groups != self.groups || ranks(&old) != ranks(&self.shape);
        let anew = regroup || grants(&old) != grants(&self.shape);
        self.groups = groups;
        let named = self.named();
        for (id, list) in &mut self.lists {
            if let Some(channel) = named.get(id) {
                list.channel = Arc::clone(channel);
            }
            if anew {
                list.restart(&self.groups);
            }
        }
        if anew || views(&old) != views(&self.shape) {
            self.pending.extend(self.viewers.keys().copied());
            self.prepare();
        }
    }

    /// Returns a channel of each list that there could be.
    fn named(&self) -> IndexMap<ListId, Arc<Channel>> {
        let channels = self.shape.channels.values();
        let mut named = IndexMap::new();
        for channel in channels {
            let id = ListId::of(&self.shape, channel);
            named.entry(id).or_insert_with(|| Arc::clone(channel));
        }
        named
    }

    /// Puts up to `count` people, at least one, into lists that are not full yet. `false` when there are none.
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

    /// Tells everybody what is new to them. Lists that are not full yet wait.
    ///
    /// Costs O(watched blocks) at most, and one encoding for each set of blocks that is watched.
    pub fn flush(&mut self) -> Vec<Output<V>> {
        let mut out = Vec::new();
        self.withdraw(&mut out);
        let mut seen: IndexMap<UserId, IndexSet<(ListId, u32)>> = IndexMap::new();
        let ids: Vec<ListId> = self.lists.keys().copied().collect();
        for id in ids {
            self.note_seen(id, &mut seen);
            self.tell(id, &mut out);
            self.note_seen(id, &mut seen);
        }
        for (user, seen) in seen {
            if let Some(Some(body)) = self.changed.get(&user) {
                let (seen, body) = (seen.into_iter().collect(), body.clone());
                out.push(Output::Presence { user, seen, body });
            }
        }
        self.changed.clear();
        self.settle(&mut out);
        if self.pending.is_empty() {
            self.lists.retain(|_, list| list.is_watched());
        }
        out
    }

    fn note_seen(&self, id: ListId, seen: &mut IndexMap<UserId, IndexSet<(ListId, u32)>>) {
        let Some(list) = self.lists.get(&id) else { return };
        if !self.changed.values().any(Option::is_some) {
            return;
        }
        for (block, rows) in list.seen() {
            for name in rows.iter().filter_map(|row| row.name.as_ref()) {
                if self.changed.get(&name.user()).is_some_and(Option::is_some) {
                    seen.entry(name.user()).or_default().insert((id, block));
                }
            }
        }
    }

    fn tell(&mut self, id: ListId, out: &mut Vec<Output<V>>) {
        let Some(list) = self.lists.get_mut(&id).filter(|list| list.is_full()) else { return };
        let changed = &self.changed;
        let changes = list.tell(|user| changed.contains_key(&user));
        if changes.is_empty() {
            return;
        }
        let scribe = self.scribe();
        let Some(list) = self.lists.get(&id) else { return };
        let texts: Vec<(u32, String)> =
            changes.iter().map(|(block, ops)| (*block, scribe.ops(list, ops))).collect();
        let head = scribe.head(id, list);
        for blocks in list.holders() {
            let own = texts.iter().filter(|(block, _)| blocks.binary_search(block).is_ok());
            let own: Vec<&str> = own.map(|(_, text)| text.as_str()).collect();
            if !own.is_empty() {
                let body = scribe.body(&head, &own.join(","));
                out.push(Output::Shared { list: id, blocks: blocks.clone(), body });
            }
        }
        self.operations += changes.iter().map(|(_, ops)| ops.len() as u64).sum::<u64>();
    }

    fn scribe(&self) -> Scribe<'_> {
        Scribe {
            guild: self.shape.id(),
            people: &self.people,
            member_count: self.member_count,
            online_count: self.online_count,
        }
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

fn may_view(shape: &Shape, member: &Member, channel: &Channel) -> bool {
    let (user, roles) = (member.user.id, &member.profile.roles);
    let may = shape.in_channel(shape.base(user, roles), user, roles, channel);
    may.contains(Permissions::VIEW_CHANNEL)
}

/// What decides a member's group: order of the roles that are shown apart.
fn ranks(shape: &Shape) -> Vec<(RoleId, u32)> {
    let hoisted = shape.roles.values().filter(|role| role.hoist);
    hoisted.map(|role| (role.id, role.position)).collect()
}

/// What decides who may view a channel, besides its overwrites.
fn grants(shape: &Shape) -> (UserId, Vec<(RoleId, Permissions)>) {
    let deciding = Permissions::VIEW_CHANNEL | Permissions::ADMINISTRATOR;
    let roles = shape.roles.values().map(|role| (role.id, role.permissions & deciding));
    (shape.guild.owner_id, roles.collect())
}

/// Which list each channel has.
fn views(shape: &Shape) -> Vec<(ChannelId, ListId)> {
    let channels = shape.channels.values();
    channels.map(|channel| (channel.id, ListId::of(shape, channel))).collect()
}
