//! How much attachments receive: the policy is asked, and its verdict takes effect.

use std::time::Duration;

use throng_proto::gateway::PresenceUpdate;
use throng_proto::gateway::Subscription;
use throng_proto::id::GuildId;
use throng_proto::model::Status;

use super::timer::Key;
use super::{Deck, Line};
use crate::mode::Mode;
use crate::policy::{GuildFacts, Passivity};
use crate::replay::Slot;
use crate::time::Instant;

impl<L: Line> Deck<L> {
    /// Asks the policy how much a session receives in a guild; `None` when it is not there.
    #[must_use]
    pub fn verdict(&self, slot: Slot, guild: GuildId) -> Option<Passivity> {
        let session = self.sessions.get(slot)?;
        let membership = session.membership(guild)?;
        let relays = self.guilds.get(&guild)?;
        let attachment = relays.relay_of(membership)?.facts(slot, membership.subscribed)?;
        let facts = session.identity.facts();
        Some(self.policy.passivity(self.now.wall, &facts, &relays.facts, &attachment))
    }

    /// Asks the policy for an attachment's mode again.
    fn decide_mode(&mut self, slot: Slot, guild: GuildId) {
        let Some(verdict) = self.verdict(slot, guild) else { return };
        self.set_mode(slot, guild, verdict.mode);
        self.recheck_after(slot, guild, verdict.recheck);
    }

    /// Changes how much a session receives in all its guilds.
    pub(super) fn set_modes(&mut self, slot: Slot, mode: Mode) {
        let Some(session) = self.sessions.get(slot) else { return };
        let guilds: Vec<GuildId> = session.guilds.iter().map(|m| m.guild).collect();
        for guild in guilds {
            self.set_mode(slot, guild, mode);
        }
    }

    fn set_mode(&mut self, slot: Slot, guild: GuildId, mode: Mode) {
        let Some(relay) = self.relay_mut(guild, slot) else { return };
        let digests = relay.set_modes([(slot, mode)]);
        self.append_digests(digests.into_iter().map(|digest| (guild, digest)));
    }

    /// Notes when to ask about an attachment again, unless that is due earlier anyway.
    pub(super) fn recheck_after(&mut self, slot: Slot, guild: GuildId, after: Option<Duration>) {
        let Some(after) = after else { return };
        let deadline = self.now.at.after(after);
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let generation = session.generation;
        let Some(membership) = session.membership_mut(guild) else { return };
        if membership.recheck <= deadline {
            return;
        }
        membership.recheck = deadline;
        self.wheel.insert(Key::recheck(slot, generation, guild), deadline);
    }

    /// Lets an attachment be reviewed whose time has come.
    pub(super) fn fire_recheck(&mut self, slot: Slot, generation: u32, guild: GuildId) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        if session.generation != generation {
            return;
        }
        let Some(membership) = session.membership_mut(guild) else { return };
        let deadline = membership.recheck;
        if deadline == Instant::NEVER {
            return;
        }
        if deadline > self.now.at {
            return self.wheel.insert(Key::recheck(slot, generation, guild), deadline);
        }
        membership.recheck = Instant::NEVER;
        self.review_later(guild, slot);
    }

    /// Takes a guild's new size: its delivery table and its attachments are decided again.
    pub fn resized(&mut self, facts: GuildFacts) {
        if let Some(relays) = self.guilds.get_mut(&facts.guild) {
            relays.facts = facts;
            self.review_guild(facts.guild);
        }
    }

    /// Asks for the delivery table of a guild's relays again.
    pub(super) fn decide_delivery(&mut self, guild: GuildId) {
        let Some(relays) = self.guilds.get_mut(&guild) else { return };
        relays.branch.set_table(&self.policy.delivery(self.now.wall, &relays.facts));
    }

    /// Notes what a session shows from now on; guilds are told one by one, with [`Deck::show_in`].
    /// Returns whether that may change how much it receives.
    pub fn show(&mut self, slot: Slot, update: &PresenceUpdate) -> bool {
        let Some(session) = self.sessions.get_mut(slot) else { return false };
        let identity = &mut session.identity;
        let before = (identity.afk, identity.status);
        identity.afk = update.afk;
        identity.status = update.status;
        identity.activities = update.activities.clone();
        before != (update.afk, update.status)
    }

    /// Lets what a session shows take effect in one of its guilds. `changed` is what
    /// [`Deck::show`] returned.
    pub fn show_in(&mut self, slot: Slot, guild: GuildId, status: Status, changed: bool) {
        if let Some(relay) = self.relay_mut(guild, slot) {
            relay.set_hidden(slot, status == Status::Invisible);
        }
        if changed {
            self.decide_mode(slot, guild);
        }
    }

    /// Takes a client's subscription to one guild.
    pub fn subscribe(&mut self, slot: Slot, guild: GuildId, wanted: Subscription) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let Some(membership) = session.membership_mut(guild) else { return };
        if let Some(typing) = wanted.typing {
            membership.subscribed = typing;
        }
        if let Some(users) = wanted.members
            && let Some(relay) = self.relay_mut(guild, slot)
        {
            relay.set_watched(slot, users);
        }
        if let Some(channels) = wanted.channels {
            self.wish(slot, guild, channels);
        }
        self.decide_mode(slot, guild);
    }

    /// Writes down what changed of a session.
    pub fn write_state(&mut self, slot: Slot) {
        if let Some(session) = self.sessions.get(slot) {
            self.records.state(slot, session);
        }
    }
}
