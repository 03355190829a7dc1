//! Where a member stands in a list: its group, and its name in there.

use std::sync::Arc;

use throng_proto::gateway::payload::GroupId;
use throng_proto::id::UserId;
use throng_proto::model::{Member, Role};

use super::Person;
use crate::shape::Shape;

/// Bytes of a name that lie beside its id.
const HEAD: usize = 16;

/// Order within a group: the name that is shown, without regard to case, then the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// First bytes of the name, which mostly are all of it, and decide without another look.
    head: u128,
    /// The other bytes; empty ones take no memory.
    rest: Arc<[u8]>,
    user: UserId,
}

impl Name {
    pub(super) fn of(member: &Member) -> Self {
        let user = &member.user;
        let shown = member.profile.nick.as_ref().or(user.global_name.as_ref());
        let folded = shown.unwrap_or(&user.username).to_lowercase();
        let (start, rest) = folded.as_bytes().split_at(folded.len().min(HEAD));
        let mut head = [0; HEAD];
        for (to, from) in head.iter_mut().zip(start) {
            *to = *from;
        }
        Self { head: u128::from_be_bytes(head), rest: rest.into(), user: user.id }
    }

    pub(super) const fn user(&self) -> UserId {
        self.user
    }
}

/// Returns all groups of a guild in the order of its lists. Costs O(roles).
pub(super) fn groups(shape: &Shape) -> Vec<GroupId> {
    let mut hoisted: Vec<&Arc<Role>> = shape.roles.values().filter(|role| role.hoist).collect();
    hoisted.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
    let roles = hoisted.into_iter().map(|role| GroupId::Role(role.id));
    roles.chain([GroupId::Online, GroupId::Offline]).collect()
}

/// Returns a person's group. Costs one look-up per role.
pub(super) fn group_of(shape: &Shape, person: &Person) -> GroupId {
    if !person.shown.status.is_online() {
        return GroupId::Offline;
    }
    let roles = person.member.profile.roles.iter();
    let hoisted = roles.filter_map(|role| shape.roles.get(role)).filter(|role| role.hoist);
    let highest = hoisted.min_by_key(|role| (std::cmp::Reverse(role.position), role.id));
    highest.map_or(GroupId::Online, |role| GroupId::Role(role.id))
}
