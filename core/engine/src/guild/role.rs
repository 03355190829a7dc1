//! Making, changing and deleting roles.

use std::sync::Arc;

use throng_proto::command::{ColorsPatch, Reply, RolePatch};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{RoleChanged, RoleDeleted};
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Channel, Colors, Member, Role};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Decision, Draft, Effect, Plan};
use crate::shape::Shape;

impl Guild {
    /// Makes a role below the actor's own ones.
    pub(super) fn role_create(&self, who: &Authority, patch: RolePatch) -> Decided {
        who.need(Permissions::MANAGE_ROLES)?;
        let max = self.config.roles_max;
        if self.shape.roles.len() >= max {
            return Err(Refusal::TooMany { what: "guild roles", max, code: 30_005 });
        }
        let everyone = self.shape.roles.get(&self.shape.everyone());
        let permissions = everyone.map_or(Permissions::NONE, |everyone| everyone.permissions);
        let mut role = Role::new(self.config.ids.next(who.now), "new role", permissions);
        role.position = 1;
        // A position is the actor's wish; without one the new role is at the bottom, below
        // everybody's.
        let placed = patch.position.is_some();
        patch_role(who, &mut role, permissions, patch)?;
        if placed {
            who.need_above_role(&role)?;
        }
        self.put_role(EventKind::GuildRoleCreate, role).decided()
    }

    /// Changes a role. Of @everyone only the permissions can be changed.
    pub(super) fn role_patch(&self, who: &Authority, role: RoleId, patch: RolePatch) -> Decided {
        who.need(Permissions::MANAGE_ROLES)?;
        let old = self.shape.roles.get(&role).ok_or(Refusal::UnknownRole)?;
        who.need_above_role(old)?;
        let mut role = Role::clone(old);
        let patch = if role.id == self.shape.everyone() {
            RolePatch { permissions: patch.permissions, ..RolePatch::default() }
        } else {
            patch
        };
        patch_role(who, &mut role, old.permissions, patch)?;
        who.need_above_role(&role)?;
        self.put_role(EventKind::GuildRoleUpdate, role).decided()
    }

    fn put_role(&self, kind: EventKind, role: Role) -> Plan {
        let id = self.shape.id();
        let mut shape = Shape::clone(&self.shape);
        shape.roles.insert(role.id, Arc::new(role.clone()));
        let shape = Arc::new(shape);
        let payload = RoleChanged { guild_id: id, role: &role };
        let event = Draft::new(kind, Scope::Guild, &payload).changing(Self::reshaped(&shape));
        Plan {
            events: vec![event],
            reply: Reply::json(&role),
            writes: vec![Write::Role(id, role)],
            effect: Effect { shape: Some(shape), ..Effect::default() },
        }
    }

    /// Deletes a role, also from overwrites. Its holders lose it at once, whoever they are; they
    /// are looked for afterwards, to announce them if they are few.
    pub(super) fn role_delete(&self, who: &Authority, role: RoleId) -> Decided {
        who.need(Permissions::MANAGE_ROLES)?;
        let old = self.shape.roles.get(&role).ok_or(Refusal::UnknownRole)?;
        if role == self.shape.everyone() {
            return Err(Refusal::field("role_id", "ROLE_INVALID", "@everyone cannot be deleted"));
        }
        who.need_above_role(old)?;
        let id = self.shape.id();
        let channels = self.channels_without(role);
        let mut shape = Shape::clone(&self.shape);
        shape.roles.shift_remove(&role);
        let mut plan = Plan { writes: vec![Write::RoleDelete(id, role)], ..Plan::default() };
        for channel in &channels {
            shape.channels.insert(channel.id, Arc::new(channel.clone()));
            plan.writes.push(Write::Channel(channel.clone()));
        }
        let shape = Arc::new(shape);
        let payload = RoleDeleted { guild_id: id, role_id: role };
        let deleted = Draft::new(EventKind::GuildRoleDelete, Scope::Guild, &payload);
        plan.events.push(deleted.changing(Self::reshaped(&shape)));
        for channel in &channels {
            plan.events.push(Draft::new(EventKind::ChannelUpdate, Scope::Guild, channel));
        }
        plan.effect = Effect { shape: Some(shape), dropped: Some(role), ..Effect::default() };
        plan.decided()
    }

    /// Announces members that had a role which was deleted, unless they are many.
    pub(super) fn role_held(&self, holders: &[UserId]) -> Decided {
        let few = if holders.len() <= self.config.announce_max { holders } else { &[] };
        let members: Vec<Member> = few.iter().filter_map(|user| self.roster.get(*user)).collect();
        if members.is_empty() {
            return Ok(Decision::nothing());
        }
        let id = self.shape.id();
        Plan {
            events: members.iter().map(|member| self.member_update(member)).collect(),
            writes: members.into_iter().map(|member| Write::Member(id, member)).collect(),
            ..Plan::default()
        }
        .decided()
    }

    fn channels_without(&self, role: RoleId) -> Vec<Channel> {
        let named = |channel: &&Arc<Channel>| {
            channel.permission_overwrites.iter().any(|overwrite| overwrite.id == role.cast())
        };
        let channels = self.shape.channels.values().filter(named);
        let channels = channels.map(|channel| {
            let mut channel = self.current(channel);
            channel.permission_overwrites.retain(|overwrite| overwrite.id != role.cast());
            channel
        });
        channels.collect()
    }
}

/// Changes a role, granting nothing beyond `old` that the actor does not have itself.
fn patch_role(
    who: &Authority,
    role: &mut Role,
    old: Permissions,
    patch: RolePatch,
) -> Result<(), Refusal> {
    if let Some(name) = patch.name {
        role.name = name;
    }
    if let Some(permissions) = patch.permissions {
        let permissions = permissions & Permissions::ALL;
        who.may_grant(who.in_guild(), permissions & !old)?;
        role.permissions = permissions;
    }
    role.paint(painted(role.colors, patch.color, patch.colors));
    if let Some(position) = patch.position {
        role.position = position;
    }
    role.hoist = patch.hoist.unwrap_or(role.hoist);
    role.mentionable = patch.mentionable.unwrap_or(role.mentionable);
    Ok(())
}

/// Returns what colours a role has from now on. `color` alone makes it plain, unless it says what
/// the role has already: clients send keys back that they did not change.
fn painted(old: Colors, color: Option<u32>, colors: Option<ColorsPatch>) -> Colors {
    let Some(patch) = colors else {
        let plain = color.filter(|color| *color != old.primary_color).map(Colors::plain);
        return plain.unwrap_or(old);
    };
    Colors {
        primary_color: patch.primary_color.or(color).unwrap_or(old.primary_color),
        secondary_color: patch.secondary_color.unwrap_or(old.secondary_color),
        tertiary_color: patch.tertiary_color.unwrap_or(old.tertiary_color),
    }
}
