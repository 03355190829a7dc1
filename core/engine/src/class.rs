//! Role classes: members whose view of the channels is the same.
//!
//! Two members with the same roles and no overwrite of their own see the same channels, so
//! permission is computed once per class and channel, and kept until roles or overwrites change.
//!
//! # Invariants
//!
//! - K1: classes follow from who is there, not from who ever was: their table is swept before it
//!   holds more than twice as many as are in use, and a few.

use std::cell::RefCell;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::OverwriteKind;
use throng_proto::permissions::Permissions;

use crate::shape::Shape;

/// Number of a class in its table. Another class may get it when nobody has this one any more.
pub type ClassId = u32;

/// Classes that a table may hold whether they are in use or not.
const SWEEP_AT: usize = 64;

/// What makes members alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Sorted roles without @everyone.
    roles: Box<[RoleId]>,
    /// Set for who is like nobody else: the owner, and whoever an overwrite names.
    alone: Option<UserId>,
}

/// All classes of one relay.
#[derive(Debug, Default)]
pub struct Classes {
    ids: IndexMap<Arc<Key>, ClassId>,
    /// Keys by their numbers; `None` for numbers that nobody has.
    keys: Vec<Option<Arc<Key>>>,
    free: Vec<ClassId>,
    /// Classes in use when the table was swept last.
    used: usize,
    alone: IndexSet<UserId>,
    /// Answers by class and channel, computed on demand.
    visible: RefCell<IndexMap<(ClassId, ChannelId), bool>>,
}

impl Classes {
    /// Makes an empty table for a shape.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        Self { alone: alone(shape), ..Self::default() }
    }

    /// Returns the class of a member. Costs one look-up.
    pub fn of(&mut self, user: UserId, roles: &[RoleId]) -> ClassId {
        let alone = self.alone.contains(&user).then_some(user);
        let key = Key { roles: roles.into(), alone };
        if let Some(class) = self.ids.get(&key) {
            return *class;
        }
        let key = Arc::new(key);
        let class = self.free.pop().unwrap_or_else(|| {
            self.keys.push(None);
            ClassId::try_from(self.keys.len() - 1).unwrap_or(ClassId::MAX)
        });
        self.keys[class as usize] = Some(Arc::clone(&key));
        self.ids.insert(key, class);
        class
    }

    /// Tells whether so many classes were made since the last sweep that another one is due.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.ids.len() >= self.used * 2 + SWEEP_AT
    }

    /// Drops every class but those in use. Costs O(classes + answers).
    pub fn sweep(&mut self, used: impl IntoIterator<Item = ClassId>) {
        let used: IndexSet<ClassId> = used.into_iter().collect();
        let (keys, free) = (&mut self.keys, &mut self.free);
        self.ids.retain(|_, class| {
            let keep = used.contains(class);
            if !keep {
                keys[*class as usize] = None;
                free.push(*class);
            }
            keep
        });
        self.visible.get_mut().retain(|(class, _), _| used.contains(class));
        self.used = self.ids.len();
        self.ids.shrink_to(self.used * 2);
    }

    /// Returns how many classes there are, used or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Returns the class of a member whose roles stayed but whose overwrites may have changed.
    pub fn again(&mut self, user: UserId, class: ClassId) -> ClassId {
        let roles = self.key(class).map(|key| key.roles.clone()).unwrap_or_default();
        self.of(user, &roles)
    }

    /// Takes a new shape, and returns the users whose class must be computed again.
    pub fn reshape(&mut self, shape: &Shape) -> Vec<UserId> {
        let before = std::mem::replace(&mut self.alone, alone(shape));
        self.visible.get_mut().clear();
        before.symmetric_difference(&self.alone).copied().collect()
    }

    /// Tells whether members of a class may view a channel.
    pub fn can_view(&self, shape: &Shape, class: ClassId, channel: ChannelId) -> bool {
        if let Some(known) = self.visible.borrow().get(&(class, channel)) {
            return *known;
        }
        let answer = self.may(shape, class, channel, Permissions::VIEW_CHANNEL);
        self.visible.borrow_mut().insert((class, channel), answer);
        answer
    }

    /// Tells whether members of a class may do something in a channel. Nothing is kept of the
    /// answer.
    #[must_use]
    pub fn may(
        &self,
        shape: &Shape,
        class: ClassId,
        channel: ChannelId,
        needed: Permissions,
    ) -> bool {
        let (Some(key), Some(channel)) = (self.key(class), shape.channels.get(&channel)) else {
            return false;
        };
        // A user whom no overwrite names stands for all the others of the class.
        let user = key.alone.unwrap_or(UserId::new(0));
        let base = shape.base(user, &key.roles);
        shape.in_channel(base, user, &key.roles, channel).contains(needed)
    }

    /// Tells whether members of a class have a role.
    #[must_use]
    pub fn has_role(&self, class: ClassId, role: RoleId) -> bool {
        self.key(class).is_some_and(|key| key.roles.binary_search(&role).is_ok())
    }

    /// Returns the sorted roles of a class, without @everyone.
    #[must_use]
    pub fn roles(&self, class: ClassId) -> &[RoleId] {
        self.key(class).map_or(&[], |key| &key.roles)
    }

    fn key(&self, class: ClassId) -> Option<&Key> {
        self.keys.get(usize::try_from(class).ok()?)?.as_deref()
    }
}

fn alone(shape: &Shape) -> IndexSet<UserId> {
    let overwrites = shape.channels.values().flat_map(|channel| &channel.permission_overwrites);
    let named = overwrites.filter(|o| o.kind == OverwriteKind::Member).map(|o| o.id.cast());
    std::iter::once(shape.guild.owner_id).chain(named).collect()
}
