//! The relay: fan-out of one guild for the attachments of one worker.
//!
//! It knows the guild's shape and its own sessions' members, nothing else. For an event it computes
//! who gets which variant, as sets of slots; writing is the worker's.
//!
//! # Invariants
//!
//! - L1: nobody gets an event of a channel that its roles and overwrites do not let it view.
//! - L2: nobody gets an event whose intents it did not name.
//! - L3: a relay holds the members of its own attachments, and no others.
//! - L4: a digest names each change once: it is the difference to what the attachment was told
//!   before.

mod attachment;
mod audience;
mod digest;
mod moving;
mod seen;

use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_proto::event::EventClass;
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};

pub use attachment::{Attachment, DigestKind, Interest};
pub use audience::{Audience, Variant};
pub use digest::Digest;

use crate::class::{ClassId, Classes};
use crate::event::Change;
use crate::mode::{Delivery, DeliveryTable, Mode};
use crate::planted::{self, Planted};
use crate::policy::AttachmentFacts;
use crate::replay::Slot;
use crate::shape::Shape;

/// Fan-out unit of one guild on one worker.
#[derive(Debug)]
pub struct Relay {
    shape: Arc<Shape>,
    table: DeliveryTable,
    classes: Classes,
    attachments: IndexMap<Slot, Attachment>,
    members: IndexMap<UserId, RelayMember>,
    groups: IndexMap<GroupKey, RoaringBitmap>,
    /// Who named users to watch.
    watchful: RoaringBitmap,
    /// Attachments of sessions that others do not see as online.
    hidden: RoaringBitmap,
    news: digest::News,
}

/// A member with attachments here.
#[derive(Debug)]
struct RelayMember {
    class: ClassId,
    /// Few users have more than one or two.
    slots: SmallVec<[Slot; 4]>,
}

/// What attachments share that get the same events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct GroupKey {
    class: ClassId,
    mode: Mode,
    interest: Interest,
    digest: DigestKind,
}

/// Makes room for one more entry, and an eighth. Maps double of themselves, and then up to half of
/// a full relay is empty.
fn make_room<K: Hash + Eq, V>(map: &mut IndexMap<K, V>) {
    if map.len() == map.capacity() {
        map.reserve_exact(1 + map.len() / 8);
    }
}

impl Relay {
    /// Makes a relay without attachments.
    #[must_use]
    pub fn new(shape: Arc<Shape>, table: DeliveryTable) -> Self {
        Self {
            classes: Classes::new(&shape),
            shape,
            table,
            attachments: IndexMap::new(),
            members: IndexMap::new(),
            groups: IndexMap::new(),
            watchful: RoaringBitmap::new(),
            hidden: RoaringBitmap::new(),
            news: digest::News::default(),
        }
    }

    /// Returns the guild's id.
    #[must_use]
    pub fn guild(&self) -> GuildId {
        self.shape.id()
    }

    /// Returns how many attachments there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.attachments.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attachments.is_empty()
    }

    /// Returns how many members the relay holds.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Counts the attachments of each mode.
    #[must_use]
    pub fn modes(&self) -> [u64; Mode::ALL.len()] {
        let mut counts = [0; Mode::ALL.len()];
        for (key, slots) in &self.groups {
            counts[key.mode as usize] += slots.len();
        }
        counts
    }

    /// Returns the attachment of a session.
    #[must_use]
    pub fn attachment(&self, slot: Slot) -> Option<&Attachment> {
        self.attachments.get(&slot)
    }

    /// Returns the slots of a user's sessions here.
    #[must_use]
    pub fn slots_of(&self, user: UserId) -> Option<&[Slot]> {
        self.members.get(&user).map(|member| &*member.slots)
    }

    /// Replaces the delivery table.
    pub fn set_table(&mut self, table: DeliveryTable) {
        self.table = table;
    }

    /// Adds a session. A second call for the same slot replaces the first.
    ///
    /// `roles` are those of its member, sorted, without @everyone.
    pub fn attach(&mut self, slot: Slot, attachment: Attachment, roles: &[RoleId]) {
        self.detach(slot);
        let user = attachment.user;
        self.reclass(user, Some(roles));
        self.sweep_classes();
        let class = self.classes.of(user, roles);
        let fresh = || RelayMember { class, slots: SmallVec::new() };
        make_room(&mut self.members);
        self.members.entry(user).or_insert_with(fresh).slots.push(slot);
        if self.effective(attachment.mode) == Mode::Passive {
            self.news.begin(slot);
        }
        if !attachment.watched.is_empty() {
            self.watchful.insert(slot);
        }
        self.join(slot, class, &attachment);
        make_room(&mut self.attachments);
        self.attachments.insert(slot, attachment);
    }

    /// Removes a session; its member goes with its last one.
    pub fn detach(&mut self, slot: Slot) -> Option<Attachment> {
        let attachment = self.attachments.swap_remove(&slot)?;
        self.news.end(slot);
        self.watchful.remove(slot);
        self.hidden.remove(slot);
        if let Some(member) = self.members.get_mut(&attachment.user) {
            member.slots.retain(|other| *other != slot);
            let (class, empty) = (member.class, member.slots.is_empty());
            if empty {
                self.members.swap_remove(&attachment.user);
            }
            self.leave(slot, class, &attachment);
        }
        Some(attachment)
    }

    /// Notes whether others see a session as online: if not, @here does not notify it.
    pub fn set_hidden(&mut self, slot: Slot, hidden: bool) {
        if hidden && self.attachments.contains_key(&slot) {
            self.hidden.insert(slot);
        } else {
            self.hidden.remove(slot);
        }
    }

    /// Returns the slots of all attachments.
    #[must_use]
    pub fn slots(&self) -> RoaringBitmap {
        self.groups.values().fold(RoaringBitmap::new(), |all, slots| all | slots)
    }

    /// Returns what policies know of an attachment. Costs one look-up per role.
    #[must_use]
    pub fn facts(&self, slot: Slot, subscribed: bool) -> Option<AttachmentFacts<'_>> {
        let attachment = self.attachments.get(&slot)?;
        let roles = self.classes.roles(self.members.get(&attachment.user)?.class);
        let permissions = self.shape.base(attachment.user, roles);
        Some(AttachmentFacts { roles, permissions, subscribed, mode: Some(attachment.mode) })
    }

    /// Returns what an attachment gets of a class of events now: its mode, the table and pressure
    /// decide.
    #[must_use]
    pub fn delivery(&self, slot: Slot, class: EventClass) -> Option<Delivery> {
        let attachment = self.attachments.get(&slot)?;
        Some(self.table.of(self.effective(attachment.mode), class))
    }

    /// Tells whether an attachment is told of messages by digests now.
    #[must_use]
    pub fn gets_digests(&self, slot: Slot) -> bool {
        self.attachments.get(&slot).is_some_and(|attachment| self.news.hides(attachment.mode))
    }

    /// Changes how much sessions receive. Returns what those that were passive missed so far.
    ///
    /// Many changes at once cost set operations per group, and those with the same news share
    /// their digest.
    pub fn set_modes(&mut self, changes: impl IntoIterator<Item = (Slot, Mode)>) -> Vec<Digest> {
        let mut woken = RoaringBitmap::new();
        let mut moves: IndexMap<(GroupKey, GroupKey), RoaringBitmap> = IndexMap::new();
        for (slot, mode) in changes {
            let Some(attachment) = self.attachments.get_mut(&slot) else { continue };
            let Some(member) = self.members.get(&attachment.user) else { continue };
            if attachment.mode == mode {
                continue;
            }
            let before = attachment.group(member.class);
            if self.news.hides(attachment.mode) && !self.news.hides(mode) {
                woken.insert(slot);
            }
            attachment.mode = mode;
            moves.entry((before, attachment.group(member.class))).or_default().insert(slot);
        }
        let woken = if planted::has(Planted::WokenUntold) { RoaringBitmap::new() } else { woken };
        let digests = self.digest_of(&woken);
        for ((before, after), slots) in moves {
            self.regroup(before, after, &slots);
        }
        digests
    }

    fn regroup(&mut self, before: GroupKey, after: GroupKey, moved: &RoaringBitmap) {
        if let Some(slots) = self.groups.get_mut(&before) {
            *slots -= moved;
            if slots.is_empty() {
                self.groups.swap_remove(&before);
            }
        }
        *self.groups.entry(after).or_default() |= moved;
        for slot in moved {
            self.news.change(slot, before.mode, after.mode);
        }
    }

    /// Sets whose presences and updates a user's own client wants to see.
    pub fn set_watched(&mut self, slot: Slot, users: Vec<UserId>) {
        if let Some(attachment) = self.attachments.get_mut(&slot) {
            attachment.watched = users.into();
            if attachment.watched.is_empty() {
                self.watchful.remove(slot);
            } else {
                self.watchful.insert(slot);
            }
        }
    }

    /// Applies what an event changes, before the event is delivered.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Shape(shape) => self.reshape(shape),
            Change::Member(user, profile) => self.reclass(*user, Some(&profile.roles)),
            Change::LastMessage(channel, message) => self.note(*channel, *message),
            Change::Nothing | Change::Left(_) | Change::Gone => {}
        }
    }

    fn note(&mut self, channel: ChannelId, message: MessageId) {
        self.news.note(channel, message);
    }

    fn reshape(&mut self, shape: &Arc<Shape>) {
        self.shape = Arc::clone(shape);
        for user in self.classes.reshape(shape) {
            self.reclass(user, None);
        }
    }

    /// Computes a member's class again, with new roles or because overwrites changed.
    fn reclass(&mut self, user: UserId, roles: Option<&[RoleId]>) {
        let Some(before) = self.members.get(&user).map(|member| member.class) else { return };
        self.sweep_classes();
        let after = match roles {
            Some(roles) => self.classes.of(user, roles),
            None => self.classes.again(user, before),
        };
        let Some(member) = self.members.get_mut(&user) else { return };
        member.class = after;
        if before == after {
            return;
        }
        for slot in member.slots.clone() {
            if let Some(attachment) = self.attachments.get(&slot).cloned() {
                self.leave(slot, before, &attachment);
                self.join(slot, after, &attachment);
            }
        }
    }

    /// Drops classes that nobody has any more, when many were made: every member has attachments,
    /// and each of those is in a group of the member's class.
    fn sweep_classes(&mut self) {
        if self.classes.is_crowded() {
            self.classes.sweep(self.groups.keys().map(|key| key.class));
        }
    }

    /// Returns how many role classes there are, in use or not: at most twice as many as members
    /// have, and a few.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    fn join(&mut self, slot: Slot, class: ClassId, attachment: &Attachment) {
        self.groups.entry(attachment.group(class)).or_default().insert(slot);
    }

    fn leave(&mut self, slot: Slot, class: ClassId, attachment: &Attachment) {
        let key = attachment.group(class);
        if let Some(slots) = self.groups.get_mut(&key) {
            slots.remove(slot);
            if slots.is_empty() {
                self.groups.swap_remove(&key);
            }
        }
    }
}
