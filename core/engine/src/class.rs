//! Role classes: members whose view of the channels is the same.
//!
//! Two members with the same roles and no overwrite of their own see the same channels, so
//! permission is computed once per class and channel, and kept until roles or overwrites change.

use std::cell::RefCell;

use indexmap::{IndexMap, IndexSet};
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::OverwriteKind;
use throng_proto::permissions::Permissions;

use crate::shape::Shape;

/// Number of a class in its table.
pub type ClassId = u32;

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
    keys: IndexSet<Key>,
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
        let (index, _) = self.keys.insert_full(Key { roles: roles.into(), alone });
        ClassId::try_from(index).unwrap_or(ClassId::MAX)
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
        let answer = self.compute(shape, class, channel);
        self.visible.borrow_mut().insert((class, channel), answer);
        answer
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

    fn compute(&self, shape: &Shape, class: ClassId, channel: ChannelId) -> bool {
        let (Some(key), Some(channel)) = (self.key(class), shape.channels.get(&channel)) else {
            return false;
        };
        // A user whom no overwrite names stands for all the others of the class.
        let user = key.alone.unwrap_or(UserId::new(0));
        let base = shape.base(user, &key.roles);
        shape.in_channel(base, user, &key.roles, channel).contains(Permissions::VIEW_CHANNEL)
    }

    fn key(&self, class: ClassId) -> Option<&Key> {
        self.keys.get_index(usize::try_from(class).ok()?)
    }
}

fn alone(shape: &Shape) -> IndexSet<UserId> {
    let overwrites = shape.channels.values().flat_map(|channel| &channel.permission_overwrites);
    let named = overwrites.filter(|o| o.kind == OverwriteKind::Member).map(|o| o.id.cast());
    std::iter::once(shape.guild.owner_id).chain(named).collect()
}
