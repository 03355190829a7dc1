//! Sessions in guilds: how they are attached, and how they leave.

use std::sync::Arc;

use throng_proto::event::EventKind;
use throng_proto::gateway::PresenceUpdate;
use throng_proto::gateway::payload::{self, GuildDeleted};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::Status;

use super::relays::{GuildRelays, Joining};
use super::{Ask, Attach, Deck, Grant, Identity, Line, Membership, Seat, View};
use crate::mode::Mode;
use crate::policy::AttachmentFacts;
use crate::relay::{Attachment, DigestKind};
use crate::replay::Slot;
use crate::welcome;

impl<L: Line> Deck<L> {
    /// Says what a session is to a guild; `None` when it has ended.
    pub(super) fn describe(
        &self,
        slot: Slot,
        presence: PresenceUpdate,
        initial: bool,
    ) -> Option<Attach> {
        let identity = &self.sessions.get(slot)?.identity;
        let (facts, interest) = (identity.facts(), identity.interest());
        let session = self.reference(slot)?;
        Some(Attach { session, facts, interest, presence, initial })
    }

    /// Asks a guild to take a session, unless it is there or waits already.
    pub(super) fn ask_attach(
        &mut self,
        slot: Slot,
        guild: GuildId,
        presence: PresenceUpdate,
        initial: bool,
    ) {
        if self.wait_for(slot, guild)
            && let Some(attach) = self.attach(slot, guild, presence, initial)
        {
            self.ask(guild, Ask::Attach(Box::new(attach)));
        }
    }

    /// Lets a session wait for a guild; `false` when it does already, or the guild is another
    /// shard's.
    fn wait_for(&mut self, slot: Slot, guild: GuildId) -> bool {
        let Some(session) = self.sessions.get_mut(slot) else { return false };
        let may = session.membership(guild).is_none() && session.identity.has(guild);
        if may {
            session.guilds.push(Membership::new(guild));
        }
        may
    }

    /// Takes what a guild granted.
    pub fn attached(&mut self, grant: Grant) {
        let Grant { seat, view, welcome, initial } = grant;
        let (session, guild) = (seat.session, view.shape.id());
        if !self.is_in(session, guild) {
            // The session ended, or its user left, while the guild granted.
            return self.give_back(guild, &seat);
        }
        if self.has_absent(guild) {
            // Others are to be told first what they missed; it is asked for again then.
            return self.wait(guild, session.slot);
        }
        let Some(found) = self.find(session) else { return };
        if found.membership(guild).is_some_and(|membership| membership.relay().is_some()) {
            // It was asked for twice, because the guild began anew in between.
            return;
        }
        let threshold = usize::from(found.identity.large_threshold);
        self.place(&seat, &view);
        if let Some(welcome) = welcome {
            let body = welcome::compose(&welcome, &seat.member, threshold, initial);
            self.own(session, EventKind::GuildCreate, Some(guild), body);
            let found = self.sessions.get_mut(session.slot);
            let membership = found.and_then(|found| found.membership_mut(guild));
            membership.into_iter().for_each(|membership| membership.welcomed = true);
        }
    }

    pub(super) fn give_back(&mut self, guild: GuildId, seat: &Seat) {
        let Seat { session, user, interest, .. } = *seat;
        self.ask(guild, Ask::Detach { session, user, interest });
    }

    /// Puts a session on a relay, in the mode that the policy says.
    pub(super) fn place(&mut self, seat: &Seat, view: &View) {
        let (slot, guild) = (seat.session.slot, view.shape.id());
        let (policy, now) = (Arc::clone(&self.policy), self.now.wall);
        let Some(session) = self.sessions.get(slot) else { return };
        let Some(membership) = session.membership(guild) else {
            return self.give_back(guild, seat);
        };
        let roles = &*seat.member.profile.roles;
        let known = AttachmentFacts {
            roles,
            permissions: view.shape.base(seat.user, roles),
            subscribed: membership.subscribed,
            mode: None,
        };
        let facts = session.identity.facts();
        let verdict = policy.passivity(now, &facts, &view.facts, &known);
        let attachment = attachment(&session.identity, verdict.mode);
        let hidden = session.identity.status == Status::Invisible;
        let plan = self.plan(&view.facts);
        let relays_max = self.config.relays_max;
        let fresh = || GuildRelays::new(view, policy.delivery(now, &view.facts), plan, relays_max);
        let relays = self.guilds.entry(guild).or_insert_with(fresh);
        relays.facts = view.facts;
        relays.told = relays.told.max(view.sequence);
        self.records.told(guild, relays.told);
        relays.branch.set_plan(plan);
        let newcomer = Joining { slot, facts: &facts, attachment, roles };
        let number = relays.join(&*policy, now, newcomer);
        if let Some(relay) = relays.branch.get_mut(number) {
            relay.set_hidden(slot, hidden);
        }
        if let Some(membership) = self.sessions.get_mut(slot).and_then(|s| s.membership_mut(guild))
        {
            membership.grant(number);
        }
        self.recheck_after(slot, guild, verdict.recheck);
        self.ask_lists(slot, guild);
    }

    /// Tells a user's sessions that it left a guild, and takes them off.
    pub(super) fn expel(&mut self, guild: GuildId, user: UserId) {
        for slot in self.sessions.of(user) {
            self.expel_session(guild, slot);
        }
    }

    /// Tells one session that its user left a guild, and takes it off.
    pub fn expel_session(&mut self, guild: GuildId, slot: Slot) {
        let Some(reference) = self.reference(slot) else { return };
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let Some(at) = session.guilds.iter().position(|m| m.guild == guild) else { return };
        let membership = session.guilds.remove(at);
        let identity = session.identity.clone();
        self.write_state(slot);
        self.leave_relay(&membership, reference, &identity);
        if identity.intents.intersects(Intents::GUILDS) {
            let body = payload::dispatch(EventKind::GuildDelete, &GuildDeleted { id: guild });
            self.own(reference, EventKind::GuildDelete, Some(guild), body);
        }
    }

    /// Takes everybody off a guild that is gone.
    pub(super) fn dissolve(&mut self, guild: GuildId) {
        self.guilds.remove(&guild);
        self.lists.remove(&guild);
        self.absent.remove(&guild);
        self.waiting.remove(&guild);
        let mut waiting = Vec::new();
        for (slot, session) in self.sessions.iter_mut() {
            let Some(at) = session.guilds.iter().position(|m| m.guild == guild) else { continue };
            if session.guilds[at].relay().is_some() {
                session.guilds.remove(at);
            } else {
                waiting.push(slot);
            }
        }
        // The event went to who is attached; others were told of the guild by READY alone.
        for slot in waiting {
            self.expel_session(guild, slot);
        }
    }

    /// Attaches a user's sessions to a guild that it joined.
    pub fn joined(&mut self, user: UserId, guild: GuildId) {
        for slot in self.sessions.of(user) {
            self.join_session(guild, slot);
        }
    }

    /// Attaches one session to a guild that its user joined.
    pub fn join_session(&mut self, guild: GuildId, slot: Slot) {
        let Some(session) = self.sessions.get(slot) else { return };
        let presence = session.identity.shows();
        self.ask_attach(slot, guild, presence, false);
        self.write_state(slot);
    }
}

fn attachment(identity: &Identity, mode: Mode) -> Attachment {
    Attachment {
        user: identity.user,
        mode,
        interest: identity.interest(),
        digest: DigestKind::from_capabilities(identity.capabilities),
        watched: Default::default(),
    }
}
