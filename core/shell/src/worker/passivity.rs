//! How much attachments receive: the policy is asked, and its verdict takes effect.

use std::sync::Arc;
use std::time::Duration;

use throng_engine::mode::Mode;
use throng_engine::policy::{GuildFacts, Passivity};
use throng_engine::relay::Relay;
use throng_engine::replay::Slot;
use throng_engine::time::Instant;
use throng_proto::id::GuildId;

use super::session::Session;
use super::{Worker, timer};
use crate::clock;
use crate::node::Shared;

impl Worker {
    /// Asks the policy for an attachment's mode again.
    pub(crate) fn decide_mode(&mut self, slot: Slot, guild: GuildId) {
        let Some(session) = self.sessions.get(slot as usize) else { return };
        let Some(relays) = self.relays.get(&guild) else { return };
        let Some(relay) = relays.with(slot) else { return };
        let Some(verdict) = ask(&self.shared, session, &relays.facts, relay, slot) else { return };
        self.set_mode(slot, guild, verdict.mode);
        self.recheck_after(slot, guild, verdict.recheck);
    }

    /// Changes how much a session receives in all its guilds.
    pub(crate) fn set_modes(&mut self, slot: Slot, mode: Mode) {
        let Some(session) = self.sessions.get(slot as usize) else { return };
        for membership in session.guilds.clone() {
            self.set_mode(slot, membership.guild, mode);
        }
    }

    fn set_mode(&mut self, slot: Slot, guild: GuildId, mode: Mode) {
        let Some(relays) = self.relays.get_mut(&guild) else { return };
        let Some(relay) = relays.with_mut(slot) else { return };
        let digests = relay.set_modes([(slot, mode)]);
        for digest in digests {
            self.append_digest(guild, digest);
        }
    }

    /// Notes when to ask about an attachment again, unless that is due earlier anyway.
    pub(super) fn recheck_after(&mut self, slot: Slot, guild: GuildId, after: Option<Duration>) {
        let Some(after) = after else { return };
        let deadline = clock::now().after(after);
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let generation = session.generation;
        let Some(membership) = session.guilds.iter_mut().find(|m| m.guild == guild) else { return };
        if membership.recheck <= deadline {
            return;
        }
        membership.recheck = deadline;
        self.wheel.insert(timer::Key::recheck(slot, generation, guild), deadline);
    }

    /// Lets an attachment be reviewed whose time has come.
    pub(super) fn fire_recheck(&mut self, slot: Slot, generation: u32, guild: GuildId) {
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let Some(membership) = session.guilds.iter_mut().find(|m| m.guild == guild) else { return };
        let deadline = membership.recheck;
        if session.generation != generation || deadline == Instant::NEVER {
            return;
        }
        if deadline > clock::now() {
            return self.wheel.insert(timer::Key::recheck(slot, generation, guild), deadline);
        }
        membership.recheck = Instant::NEVER;
        self.review_later(guild, slot);
    }

    /// Takes a guild's new size: its delivery table and its attachments are decided again.
    pub(super) fn resized(&mut self, facts: GuildFacts) {
        if let Some(relays) = self.relays.get_mut(&facts.guild) {
            relays.facts = facts;
            self.review_guild(facts.guild);
        }
    }

    /// Asks for the delivery table of a guild's relays again.
    pub(super) fn decide_delivery(&mut self, guild: GuildId) {
        let policy = Arc::clone(&self.shared.policy);
        let Some(relays) = self.relays.get_mut(&guild) else { return };
        relays.branch.set_table(&policy.delivery(clock::wall(), &relays.facts));
    }
}

/// Asks the policy how much a session receives on a relay; `None` when it is not there.
pub(super) fn ask(
    shared: &Shared,
    session: &Session,
    guild: &GuildFacts,
    relay: &Relay,
    slot: Slot,
) -> Option<Passivity> {
    let membership = session.guilds.iter().find(|membership| membership.guild == guild.guild)?;
    let attachment = relay.facts(slot, membership.subscribed)?;
    let facts = session.identity.facts();
    Some(shared.policy.passivity(clock::wall(), &facts, guild, &attachment))
}
