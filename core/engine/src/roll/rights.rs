//! What roles and channels decide about lists: their groups, and who may view them.

use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Channel, Member};
use throng_proto::permissions::Permissions;

use super::place::groups;
use super::{ListId, Roll};
use crate::shape::Shape;

impl<V: Copy + Eq + Hash> Roll<V> {
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
            let everybody: Vec<V> = self.viewers.keys().copied().collect();
            self.pending.extend(everybody.iter().copied());
            self.prepare(&everybody);
        }
    }

    /// Returns a channel of each list that there could be.
    pub(super) fn named(&self) -> IndexMap<ListId, Arc<Channel>> {
        let channels = self.shape.channels.values();
        let mut named = IndexMap::new();
        for channel in channels {
            let id = ListId::of(&self.shape, channel);
            named.entry(id).or_insert_with(|| Arc::clone(channel));
        }
        named
    }
}

pub(super) fn may_view(shape: &Shape, member: &Member, channel: &Channel) -> bool {
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
