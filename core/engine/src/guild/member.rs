//! Members.

use std::sync::Arc;

use serde_json::json;
use throng_proto::command::{Actor, MemberPatch, Outcome, Reply};
use throng_proto::event::EventKind;
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Member, MemberEvent, Profile, User};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::Guild;
use super::form::length;
use super::plan::{Effect, Happening, Plan};
use crate::event::Change;

/// Members of one answer.
const LIST_MAX: usize = 1_000;
/// Mute members in voice.
const MUTE_MEMBERS: Permissions = Permissions::from_bits(1 << 22);
/// Deafen members in voice.
const DEAFEN_MEMBERS: Permissions = Permissions::from_bits(1 << 23);

impl Guild {
    pub(super) fn member_object(&self, actor: &Actor, user: UserId) -> Outcome {
        self.in_guild(actor)?;
        let member = self.members.get(&user).ok_or(Refusal::UnknownMember)?;
        Ok(Reply::json(member))
    }

    pub(super) fn member_list(&self, actor: &Actor, after: UserId, limit: usize) -> Outcome {
        self.in_guild(actor)?;
        let after = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let members = self.members.range(after).map(|(_, member)| member);
        Ok(Reply::json(&members.take(limit.clamp(1, LIST_MAX)).collect::<Vec<_>>()))
    }

    pub(super) fn member_search(&self, actor: &Actor, query: &str, limit: usize) -> Outcome {
        self.in_guild(actor)?;
        let query = query.to_lowercase();
        let found = self.members.values().filter(|member| crate::chunk::matches(member, &query));
        Ok(Reply::json(&found.take(limit.clamp(1, LIST_MAX)).collect::<Vec<_>>()))
    }

    pub(super) fn member_put(
        &self,
        now: Timestamp,
        actor: &Actor,
        user: User,
        draft: MemberPatch,
    ) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_GUILD)?;
        if self.members.contains_key(&user.id) {
            return Ok(Plan::default());
        }
        let roles = draft.roles.unwrap_or_default();
        for role in &roles {
            self.below(actor, *role)?;
        }
        let mut profile = Profile::new(now, roles);
        profile.nick = nick(draft.nick.unwrap_or_default())?;
        let member = Member { user, profile };
        let mut plan = self.plan_import(vec![member.clone()]);
        plan.reply = Reply::json(&member).created();
        Ok(plan)
    }

    /// Adds members that are not there yet.
    pub(super) fn plan_import(&self, members: Vec<Member>) -> Plan {
        let mut plan = Plan::default();
        let fresh: Vec<Member> =
            members.into_iter().filter(|m| !self.members.contains_key(&m.user.id)).collect();
        plan.reply = Reply::json(&json!({"imported": fresh.len()}));
        let announced = fresh.len() <= self.limits.announced_max;
        for member in fresh {
            let (guild_id, user) = (self.shape.id(), member.user.id);
            if announced {
                let payload = MemberEvent { guild_id, member: &member };
                let kind = EventKind::GuildMemberAdd;
                plan.happenings.push(Happening::guild(kind, &payload, Change::Nothing).by(user));
            }
            plan.writes.push(Write::Member(guild_id, member.clone()));
            plan.effects.push(Effect::Member(Arc::new(member)));
            plan.effects.push(Effect::Joined(user));
        }
        plan
    }

    pub(super) fn member_patch(
        &self,
        now: Timestamp,
        actor: &Actor,
        user: UserId,
        patch: MemberPatch,
    ) -> Result<Plan, Refusal> {
        let own = matches!(actor, Actor::User(actor) if actor.id == user);
        let member = self.members.get(&user).ok_or(Refusal::UnknownMember)?;
        let mut changed = Member::clone(member);
        let profile = &mut changed.profile;
        if let Some(name) = patch.nick {
            let (needed, free) = if own {
                (Permissions::CHANGE_NICKNAME, true)
            } else {
                (Permissions::MANAGE_NICKNAMES, false)
            };
            self.may_change(actor, user, needed, free)?;
            profile.nick = nick(name)?;
        }
        if let Some(roles) = patch.roles {
            self.need(actor, Permissions::MANAGE_ROLES)?;
            self.check_roles(actor, &profile.roles, &roles)?;
            profile.roles = Profile::new(now, roles).roles;
        }
        if let Some(mute) = patch.mute {
            self.may_change(actor, user, MUTE_MEMBERS, own)?;
            profile.mute = mute;
        }
        if let Some(deaf) = patch.deaf {
            self.may_change(actor, user, DEAFEN_MEMBERS, own)?;
            profile.deaf = deaf;
        }
        if let Some(until) = patch.communication_disabled_until {
            self.may_change(actor, user, Permissions::MODERATE_MEMBERS, false)?;
            if until.is_some_and(|until| until.since(now) > self.limits.timeout_max) {
                let text = "Must be at most 28 days ahead.";
                let field = "communication_disabled_until";
                return Err(Refusal::field(field, "BASE_TYPE_RANGE", text));
            }
            profile.communication_disabled_until = until;
        }
        let mut plan = Plan { reply: Reply::json(&changed), ..Plan::default() };
        self.put_member(changed, &mut plan);
        Ok(plan)
    }

    /// Checks a permission and, unless rank does not matter, that the actor outranks the member.
    fn may_change(
        &self,
        actor: &Actor,
        user: UserId,
        needed: Permissions,
        any_rank: bool,
    ) -> Result<(), Refusal> {
        self.need(actor, needed)?;
        if any_rank { Ok(()) } else { self.outranks(actor, user).map(|_| ()) }
    }

    /// Checks that every role that comes or goes is the actor's to give.
    fn check_roles(
        &self,
        actor: &Actor,
        before: &[RoleId],
        after: &[RoleId],
    ) -> Result<(), Refusal> {
        let came = after.iter().filter(|role| !before.contains(role));
        let went = before.iter().filter(|role| !after.contains(role));
        for role in came.chain(went) {
            self.giveable(actor, *role)?;
        }
        Ok(())
    }

    fn giveable(&self, actor: &Actor, role: RoleId) -> Result<(), Refusal> {
        if role == self.shape.everyone() {
            return Err(Refusal::UnknownRole);
        }
        self.below(actor, role)
    }

    /// Writes a changed member and tells about it.
    pub(super) fn put_member(&self, member: Member, plan: &mut Plan) {
        let (guild_id, user) = (self.shape.id(), member.user.id);
        let member = Arc::new(member);
        let payload = MemberEvent { guild_id, member: &member };
        let change = Change::Member(user, Arc::new(member.profile.clone()));
        let kind = EventKind::GuildMemberUpdate;
        plan.happenings.push(Happening::guild(kind, &payload, change).by(user));
        plan.writes.push(Write::Member(guild_id, Member::clone(&member)));
        plan.effects.push(Effect::Member(member));
    }

    pub(super) fn member_delete(&self, actor: &Actor, user: UserId) -> Result<Plan, Refusal> {
        self.in_guild(actor)?;
        let own = matches!(actor, Actor::User(actor) if actor.id == user);
        let member = self.members.get(&user).ok_or(Refusal::UnknownMember)?;
        if user == self.shape.guild.owner_id {
            return Err(Refusal::MissingPermissions);
        }
        if !own {
            self.need(actor, Permissions::KICK_MEMBERS)?;
            self.outranks(actor, user)?;
        }
        let guild = self.shape.id();
        let payload = json!({"guild_id": guild, "user": member.user});
        let kind = EventKind::GuildMemberRemove;
        Ok(Plan {
            writes: vec![Write::MemberDelete(guild, user)],
            happenings: vec![Happening::guild(kind, &payload, Change::Left(user)).by(user)],
            effects: vec![Effect::Left(user)],
            ..Plan::default()
        })
    }

    pub(super) fn member_role(
        &self,
        actor: &Actor,
        user: UserId,
        role: RoleId,
        wanted: bool,
    ) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_ROLES)?;
        self.giveable(actor, role)?;
        let member = self.members.get(&user).ok_or(Refusal::UnknownMember)?;
        let mut plan = Plan::default();
        if member.profile.roles.contains(&role) == wanted {
            return Ok(plan);
        }
        let mut changed = Member::clone(member);
        changed.profile.roles.retain(|other| *other != role);
        if wanted {
            changed.profile.roles.push(role);
            changed.profile.roles.sort_unstable();
        }
        self.put_member(changed, &mut plan);
        Ok(plan)
    }
}

/// Reads a nickname; an empty one is none.
fn nick(name: Option<String>) -> Result<Option<String>, Refusal> {
    let name = name.filter(|name| !name.is_empty());
    length("nick", name.as_deref().unwrap_or_default(), 0, 32)?;
    Ok(name)
}
