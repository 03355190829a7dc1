//! Roles.

use std::sync::Arc;

use serde_json::json;
use throng_proto::command::{Actor, Outcome, Reply, RolePatch};
use throng_proto::event::EventKind;
use throng_proto::id::RoleId;
use throng_proto::model::{Channel, Colors, Role};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::form::{length, range};
use super::plan::{Effect, Happening, Plan};
use super::{Guild, Ticket};
use crate::event::Change;
use crate::shape::Shape;

impl Guild {
    pub(super) fn roles(&self, actor: &Actor) -> Outcome {
        self.in_guild(actor)?;
        Ok(Reply::json(&self.shape.roles.values().collect::<Vec<_>>()))
    }

    pub(super) fn role_create(
        &self,
        actor: &Actor,
        ticket: Ticket,
        draft: RolePatch,
    ) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_ROLES)?;
        let max = self.limits.roles_max;
        if self.shape.roles.len() >= max {
            return Err(Refusal::TooMany { what: "guild roles", max, code: 30_005 });
        }
        let everyone = self.shape.roles.get(&self.shape.everyone());
        let default = everyone.map_or(Permissions::NONE, |role| role.permissions);
        let fresh = Role::new(RoleId::new(ticket.0), "new role", default);
        let position = draft.position;
        let role = self.patched_role(actor, fresh, draft)?;
        // A new role goes to the bottom unless the actor says otherwise and outranks the place.
        let position = position.map_or(1, |position| position.min(self.rank(actor)));
        Ok(self.put_role(EventKind::GuildRoleCreate, Role { position, ..role }))
    }

    pub(super) fn role_patch(
        &self,
        actor: &Actor,
        id: RoleId,
        patch: RolePatch,
    ) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_ROLES)?;
        self.below(actor, id)?;
        let role = self.shape.roles.get(&id).ok_or(Refusal::UnknownRole)?;
        let role = self.patched_role(actor, Role::clone(role), patch)?;
        Ok(self.put_role(EventKind::GuildRoleUpdate, role))
    }

    fn patched_role(
        &self,
        actor: &Actor,
        mut role: Role,
        patch: RolePatch,
    ) -> Result<Role, Refusal> {
        if let Some(permissions) = patch.permissions {
            // What the role had already need not be the actor's to give.
            self.grants(actor, permissions & !role.permissions)?;
            role.permissions = permissions;
        }
        role.name = patch.name.unwrap_or(role.name);
        length("name", &role.name, 1, 100)?;
        role.color = patch.color.unwrap_or(role.color);
        range("color", u64::from(role.color), 0, 0x00ff_ffff)?;
        role.colors = Colors { primary_color: role.color, ..Colors::default() };
        role.hoist = patch.hoist.unwrap_or(role.hoist);
        role.mentionable = patch.mentionable.unwrap_or(role.mentionable);
        if let Some(position) = patch.position.filter(|_| role.id != self.shape.everyone()) {
            range("position", u64::from(position), 1, u64::from(self.rank(actor)))?;
            role.position = position;
        }
        Ok(role)
    }

    fn put_role(&self, kind: EventKind, role: Role) -> Plan {
        let mut shape = Shape::clone(&self.shape);
        shape.roles.insert(role.id, Arc::new(role.clone()));
        let shape = Arc::new(shape);
        let payload = json!({"guild_id": self.shape.id(), "role": role});
        Plan {
            reply: Reply::json(&role),
            writes: vec![Write::Role(self.shape.id(), role)],
            happenings: vec![Happening::guild(kind, &payload, Change::Shape(Arc::clone(&shape)))],
            effects: vec![Effect::Shape(shape)],
            joins: None,
        }
    }

    pub(super) fn role_delete(&self, actor: &Actor, id: RoleId) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_ROLES)?;
        self.below(actor, id)?;
        if id == self.shape.everyone() {
            return Err(Refusal::MissingPermissions);
        }
        let guild = self.shape.id();
        let mut shape = Shape::clone(&self.shape);
        shape.roles.shift_remove(&id);
        let mut writes = vec![Write::RoleDelete(guild, id)];
        for channel in shape.channels.values_mut() {
            if channel.permission_overwrites.iter().any(|o| o.id == id.cast()) {
                let mut changed = Channel::clone(channel);
                changed.permission_overwrites.retain(|o| o.id != id.cast());
                *channel = Arc::new(changed.clone());
                writes.push(Write::Channel(changed));
            }
        }
        let shape = Arc::new(shape);
        let payload = json!({"guild_id": guild, "role_id": id});
        let change = Change::Shape(Arc::clone(&shape));
        let mut plan = Plan {
            writes,
            happenings: vec![Happening::guild(EventKind::GuildRoleDelete, &payload, change)],
            effects: vec![Effect::Shape(shape)],
            ..Plan::default()
        };
        self.strip_role(id, &mut plan);
        Ok(plan)
    }

    /// Takes a deleted role from its holders.
    fn strip_role(&self, id: RoleId, plan: &mut Plan) {
        for member in self.members.values().filter(|m| m.profile.roles.contains(&id)) {
            let mut changed = throng_proto::model::Member::clone(member);
            changed.profile.roles.retain(|role| *role != id);
            self.put_member(changed, plan);
        }
    }
}
