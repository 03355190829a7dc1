//! Adding, changing and removing members.

use std::collections::BTreeSet;
use std::sync::Arc;

use throng_proto::command::{MemberPatch, Reply};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{MemberChanged, MemberRemoved};
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Member, Profile, User};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Decision, Draft, Effect, Plan};
use crate::event::Change;

/// Mute members in voice channels.
const MUTE_MEMBERS: Permissions = Permissions::from_bits(1 << 22);
/// Deafen members in voice channels.
const DEAFEN_MEMBERS: Permissions = Permissions::from_bits(1 << 23);

impl Guild {
    /// Adds a user; nothing when it is a member already. What it is to have beyond that needs the
    /// permissions for it.
    pub(super) fn member_put(&self, who: &Authority, user: User, patch: MemberPatch) -> Decided {
        who.need(Permissions::CREATE_INSTANT_INVITE)?;
        let wanted = [
            (patch.nick.is_some(), Permissions::MANAGE_NICKNAMES),
            (patch.mute.is_some(), MUTE_MEMBERS),
            (patch.deaf.is_some(), DEAFEN_MEMBERS),
            (patch.communication_disabled_until.is_some(), Permissions::MODERATE_MEMBERS),
        ];
        for (_, permission) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
            who.need(permission)?;
        }
        if self.roster.contains(user.id) {
            return Ok(Decision::nothing());
        }
        let mut member = Member { user, profile: Profile::new(who.now, Vec::new()) };
        self.patch_member(who, &mut member, patch)?;
        let member = Arc::new(member);
        Plan {
            writes: vec![Write::Member(self.shape.id(), Member::clone(&member))],
            events: vec![self.member_event(EventKind::GuildMemberAdd, &member)],
            reply: Reply::json(&member).created(),
            effect: Effect {
                joined: vec![member.user.id],
                members: vec![member],
                ..Effect::default()
            },
        }
        .decided()
    }

    /// Changes a member; answers with it.
    pub(super) fn member_patch(
        &self,
        who: &Authority,
        user: UserId,
        patch: MemberPatch,
    ) -> Decided {
        let old = self.roster.get(user).ok_or(Refusal::UnknownMember)?;
        permit(who, &old, &patch)?;
        let mut member = old.clone();
        self.patch_member(who, &mut member, patch)?;
        if member == old {
            return Ok(Decision::json(&member));
        }
        let mut plan = self.put_member(member);
        plan.reply = Reply::json(&plan.effect.members.first());
        plan.decided()
    }

    fn patch_member(
        &self,
        who: &Authority,
        member: &mut Member,
        patch: MemberPatch,
    ) -> Result<(), Refusal> {
        let profile = &mut member.profile;
        if let Some(nick) = patch.nick {
            profile.nick = nick.filter(|nick| !nick.is_empty());
        }
        if let Some(roles) = patch.roles {
            let new: BTreeSet<RoleId> = roles.into_iter().collect();
            let old: BTreeSet<RoleId> = profile.roles.iter().copied().collect();
            for role in new.symmetric_difference(&old) {
                self.permit_role(who, *role)?;
            }
            profile.roles = new.into_iter().collect();
        }
        if let Some(until) = patch.communication_disabled_until {
            self.check_time_out(who.now, until)?;
            profile.communication_disabled_until = until;
        }
        profile.mute = patch.mute.unwrap_or(profile.mute);
        profile.deaf = patch.deaf.unwrap_or(profile.deaf);
        Ok(())
    }

    fn check_time_out(&self, now: Timestamp, until: Option<Timestamp>) -> Result<(), Refusal> {
        let max = self.config.time_out_max;
        if until.is_none_or(|until| until.since(now) <= max) {
            return Ok(());
        }
        let message = format!("Must be at most {} days ahead.", max.as_secs() / (24 * 3600));
        Err(Refusal::field("communication_disabled_until", "DATE_TIME_TYPE_MAX", message))
    }

    /// Asks that a role exists, can be given, and is below the actor's own.
    fn permit_role(&self, who: &Authority, role: RoleId) -> Result<(), Refusal> {
        let role = self.shape.roles.get(&role).ok_or(Refusal::UnknownRole)?;
        if role.id == self.shape.everyone() {
            let message = "Everybody has @everyone; it cannot be given or taken";
            return Err(Refusal::field("roles", "ROLE_INVALID", message));
        }
        who.need(Permissions::MANAGE_ROLES)?;
        who.need_above_role(role)
    }

    /// Gives or takes one role; nothing when that is how it is.
    pub(super) fn member_role(
        &self,
        who: &Authority,
        user: UserId,
        role: RoleId,
        given: bool,
    ) -> Decided {
        who.need(Permissions::MANAGE_ROLES)?;
        let mut member = self.roster.get(user).ok_or(Refusal::UnknownMember)?;
        self.permit_role(who, role)?;
        let roles = &mut member.profile.roles;
        match (roles.binary_search(&role), given) {
            (Ok(index), false) => _ = roles.remove(index),
            (Err(index), true) => roles.insert(index, role),
            _ => return Ok(Decision::nothing()),
        }
        self.put_member(member).decided()
    }

    /// Removes a member, or lets the actor leave.
    pub(super) fn member_delete(&self, who: &Authority, user: UserId) -> Decided {
        let old = self.roster.get(user).ok_or(Refusal::UnknownMember)?;
        if user == self.shape.guild.owner_id {
            return Err(Refusal::MissingPermissions);
        }
        if !who.is(user) {
            who.need(Permissions::KICK_MEMBERS)?;
            who.need_above(&old)?;
        }
        let id = self.shape.id();
        let payload = MemberRemoved { guild_id: id, user: &old.user };
        let event = Draft::new(EventKind::GuildMemberRemove, Scope::Guild, &payload).by(user);
        Plan {
            writes: vec![Write::MemberDelete(id, user)],
            events: vec![event.changing(Change::Left(user))],
            effect: Effect { left: Some(user), ..Effect::default() },
            ..Plan::default()
        }
        .decided()
    }

    fn put_member(&self, member: Member) -> Plan {
        let member = Arc::new(member);
        Plan {
            writes: vec![Write::Member(self.shape.id(), Member::clone(&member))],
            events: vec![self.member_update(&member)],
            effect: Effect { members: vec![member], ..Effect::default() },
            ..Plan::default()
        }
    }

    /// Announces a changed member, also to relays.
    pub(super) fn member_update(&self, member: &Member) -> Draft {
        let profile = Arc::new(member.profile.clone());
        self.member_event(EventKind::GuildMemberUpdate, member)
            .changing(Change::Member(member.user.id, profile))
    }

    /// Announces a member, who counts as the author, because relays tell the member itself apart.
    pub(super) fn member_event(&self, kind: EventKind, member: &Member) -> Draft {
        let guild_id = self.shape.id();
        Draft::new(kind, Scope::Guild, &MemberChanged { guild_id, member }).by(member.user.id)
    }
}

/// Asks for the permissions that changing a member needs. Roles are asked for one by one.
fn permit(who: &Authority, target: &Member, patch: &MemberPatch) -> Result<(), Refusal> {
    let own = who.is(target.user.id);
    let may = who.in_guild();
    let own_nick = own && may.contains(Permissions::CHANGE_NICKNAME);
    let needs = [
        (patch.nick.is_some() && !own_nick, Permissions::MANAGE_NICKNAMES, !own),
        (patch.mute.is_some(), MUTE_MEMBERS, !own),
        (patch.deaf.is_some(), DEAFEN_MEMBERS, !own),
        (patch.roles.is_some(), Permissions::MANAGE_ROLES, !own),
        // Nobody times itself out, or back in.
        (patch.communication_disabled_until.is_some(), Permissions::MODERATE_MEMBERS, true),
    ];
    for (_, permission, above) in needs.into_iter().filter(|(needed, ..)| *needed) {
        who.need(permission)?;
        if above {
            who.need_above(target)?;
        }
    }
    let silenced = patch.communication_disabled_until.flatten().is_some();
    let roles = &target.profile.roles;
    let immune = who.shape.base(target.user.id, roles).contains(Permissions::ADMINISTRATOR);
    if silenced && immune { Err(Refusal::MissingPermissions) } else { Ok(()) }
}
