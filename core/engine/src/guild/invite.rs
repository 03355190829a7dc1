//! Making, showing, using and deleting invites.

use std::sync::Arc;

use throng_proto::command::{Actor, Command, Reply};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{InviteCreated, InviteDeleted};
use throng_proto::id::ChannelId;
use throng_proto::model::{
    Channel, ChannelKind, Invite, InviteBody, InviteCode, InviteDraft, Member, Profile, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::authority::Authority;
use super::invites::InviteChange;
use super::plan::{Decided, Decision, Draft, Effect, Plan};
use super::{Guild, form};

/// Seconds that one lasts by default: a day.
const MAX_AGE_DEFAULT: u32 = 86_400;

impl Guild {
    /// Returns the codes of all invites.
    pub fn invite_codes(&self) -> impl Iterator<Item = &InviteCode> {
        self.invites.codes()
    }

    /// Decides what needs no membership; `None` for everything else.
    pub(super) fn decide_open(
        &self,
        now: Timestamp,
        actor: &Actor,
        command: &Command,
    ) -> Option<Decided> {
        match command {
            Command::InviteGet { code, counts } => Some(self.invite_get(now, code, *counts)),
            Command::InviteAccept(code) => Some(self.invite_accept(now, actor, code)),
            _ => None,
        }
    }

    /// Makes an invite to a channel, or answers with one like it.
    pub(super) fn invite_create(
        &self,
        who: &Authority,
        channel: ChannelId,
        draft: InviteDraft,
    ) -> Decided {
        let channel = who.need_in(channel, Permissions::CREATE_INSTANT_INVITE)?;
        if channel.kind == ChannelKind::CATEGORY {
            return Err(Refusal::WrongChannelKind);
        }
        let unique = draft.unique == Some(true);
        let invite = read(who, &channel, draft)?;
        let same = self.invites.all_live(who.now).find(|known| stands_for(who.now, known, &invite));
        if let Some(same) = same.filter(|_| !unique) {
            return Ok(Decision::json(&self.listed(same)));
        }
        let spent = self.invites.spent(who.now);
        let max = self.config.invites_max;
        if self.invites.codes().count() - spent.len() >= max {
            return Err(Refusal::TooMany { what: "invites", max, code: 30_016 });
        }
        let mut plan = Plan::default();
        for code in spent {
            self.end_invite(&mut plan, code);
        }
        plan.reply = Reply::json(&self.listed(&invite));
        plan.events.push(created(&invite));
        plan.writes.push(Write::Invite(Box::new(invite.clone())));
        plan.effect.invites.push(InviteChange::Put(Arc::new(invite)));
        plan.decided()
    }

    /// Answers with the invites of a channel, or with all of them.
    pub(super) fn invite_list(&self, who: &Authority, channel: Option<ChannelId>) -> Decided {
        match channel {
            Some(channel) => _ = who.need_in(channel, Permissions::MANAGE_CHANNELS)?,
            None => who.need(Permissions::MANAGE_GUILD)?,
        }
        let wanted = |invite: &&Arc<Invite>| channel.is_none_or(|id| invite.channel_id == id);
        let live = self.invites.all_live(who.now).filter(wanted);
        Ok(Decision::json(&live.map(|invite| self.listed(invite)).collect::<Vec<_>>()))
    }

    /// Answers with an invite as whoever knows its code sees it.
    fn invite_get(&self, now: Timestamp, code: &InviteCode, counts: bool) -> Decided {
        let shown = self.shown(self.invites.live(code, now)?);
        let counted = || shown.counting(self.roster.len(), self.online);
        Ok(Decision::json(&if counts { counted() } else { shown }))
    }

    /// Adds the actor. A use counts once for each who comes in, and not for members.
    fn invite_accept(&self, now: Timestamp, actor: &Actor, code: &InviteCode) -> Decided {
        let Actor::User(user) = actor else { return Err(Refusal::MissingAccess) };
        let invite = self.invites.live(code, now)?;
        let new = !self.roster.contains(user.id);
        let shown = self.shown(invite).used_by(new);
        if !new {
            return Ok(Decision::json(&shown));
        }
        let used = Invite { uses: invite.uses.saturating_add(1), ..Invite::clone(invite) };
        let mut plan = self.admit(now, user);
        plan.reply = Reply::json(&shown);
        if used.is_spent(now) {
            plan.events.push(deleted(&used));
            self.end_invite(&mut plan, used.code);
        } else {
            plan.writes.push(Write::Invite(Box::new(used.clone())));
            plan.effect.invites.push(InviteChange::Put(Arc::new(used)));
        }
        plan.decided()
    }

    fn admit(&self, now: Timestamp, user: &User) -> Plan {
        let profile = Profile::new(now, Vec::new());
        let member = Arc::new(Member { user: user.clone(), profile });
        Plan {
            writes: vec![Write::Member(self.shape.id(), Member::clone(&member))],
            events: vec![self.member_event(EventKind::GuildMemberAdd, &member)],
            effect: Effect { joined: vec![user.id], members: vec![member], ..Effect::default() },
            ..Plan::default()
        }
    }

    /// Deletes an invite, and answers with it.
    pub(super) fn invite_delete(&self, who: &Authority, code: &InviteCode) -> Decided {
        let invite = self.invites.live(code, who.now)?;
        let channel = self.shape.channels.get(&invite.channel_id);
        let manages =
            |channel: &Arc<Channel>| who.in_channel(channel).contains(Permissions::MANAGE_CHANNELS);
        if !channel.is_some_and(manages) {
            who.need(Permissions::MANAGE_GUILD)?;
        }
        let mut plan = Plan { reply: Reply::json(&self.shown(invite)), ..Plan::default() };
        plan.events.push(deleted(invite));
        self.end_invite(&mut plan, invite.code.clone());
        plan.decided()
    }

    fn end_invite(&self, plan: &mut Plan, code: InviteCode) {
        plan.writes.push(Write::InviteDelete(self.shape.id(), code.clone()));
        plan.effect.invites.push(InviteChange::Gone(code));
    }

    /// Shows an invite as whoever knows its code sees it.
    fn shown<'a>(&'a self, invite: &'a Invite) -> InviteBody<'a> {
        let channel = self.shape.channels.get(&invite.channel_id).map(|channel| &**channel);
        InviteBody::new(invite, &self.shape.guild, channel)
    }

    /// Shows an invite as whoever manages it sees it.
    fn listed<'a>(&'a self, invite: &'a Invite) -> InviteBody<'a> {
        self.shown(invite).with_metadata(invite)
    }
}

/// Checks a draft, and makes the invite that it asks for.
fn read(who: &Authority, channel: &Channel, draft: InviteDraft) -> Result<Invite, Refusal> {
    let max_age = draft.max_age.unwrap_or(MAX_AGE_DEFAULT);
    let max_uses = draft.max_uses.unwrap_or(0);
    if draft.temporary == Some(true) {
        let message = "Temporary membership is not supported.";
        return Err(Refusal::field("temporary", "INVITE_TEMPORARY_UNSUPPORTED", message));
    }
    if draft.target_type.is_some() {
        let message = "Invites to streams and activities are not supported.";
        return Err(Refusal::field("target_type", "INVITE_TARGET_UNSUPPORTED", message));
    }
    // Randomness is an input, so whoever sends the command brings the code.
    let code = draft.code.ok_or_else(|| form::required("code"))?;
    Ok(Invite {
        code,
        guild_id: channel.guild_id,
        channel_id: channel.id,
        inviter: who.member().ok().map(|member| member.user.clone()),
        created_at: who.now,
        max_age,
        max_uses,
        uses: 0,
    })
}

/// Tells whether an invite can be given to who asked for another one: it was asked for by the same
/// user with the same limits, is unused if uses are limited, and has half of its time left.
fn stands_for(now: Timestamp, known: &Invite, wanted: &Invite) -> bool {
    let key = |invite: &Invite| {
        let inviter = invite.inviter.as_ref().map(|user| user.id);
        (invite.channel_id, inviter, invite.max_age, invite.max_uses)
    };
    let age = now.since(known.created_at).as_secs();
    let fresh = known.max_age == 0 || age * 2 <= u64::from(known.max_age);
    key(known) == key(wanted) && fresh && (known.max_uses == 0 || known.uses == 0)
}

/// Tells those who manage the channel of a new invite.
fn created(invite: &Invite) -> Draft {
    let scope = Scope::Managers(invite.channel_id);
    Draft::new(EventKind::InviteCreate, scope, &InviteCreated::from(invite))
}

/// Tells those who manage the channel of one that has ended.
fn deleted(invite: &Invite) -> Draft {
    let scope = Scope::Managers(invite.channel_id);
    Draft::new(EventKind::InviteDelete, scope, &InviteDeleted::from(invite))
}
