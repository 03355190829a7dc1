//! The relays of a guild on one worker, as sessions join and leave them.

use throng_engine::branch::{Branch, Seat, Tally};
use throng_engine::policy::{GuildFacts, Policy, Relays as Plan, SessionFacts};
use throng_engine::relay::{Attachment, Relay};
use throng_engine::replay::Slot;
use throng_proto::id::{GuildId, RoleId};
use throng_proto::time::Timestamp;
use throng_proto::wire::Body;

use super::session::{Identity, Membership};
use super::{SessionRef, View, Worker};
use crate::guild::Request;
use crate::metrics::Refused;
use crate::node::Shared;

/// The relays of one guild on one worker.
#[derive(Debug)]
pub(crate) struct Relays {
    pub(super) branch: Branch,
    pub(super) facts: GuildFacts,
    /// Guild's sequence up to which sessions here were told.
    pub(super) told: u64,
    /// What many sessions were sent last, with and without content.
    pub(super) last: [Option<Body>; 4],
    /// How many relays the guild knows of.
    reported: usize,
}

/// A session that joins a relay.
#[derive(Debug)]
pub(super) struct Newcomer<'a> {
    pub(super) slot: Slot,
    pub(super) facts: &'a SessionFacts,
    pub(super) attachment: Attachment,
    pub(super) roles: &'a [RoleId],
}

impl Relays {
    /// Makes a guild's place on a worker, without relays.
    pub(super) fn new(shared: &Shared, now: Timestamp, view: &View) -> Self {
        let table = shared.policy.delivery(now, &view.facts);
        let plan = plan(shared, now, &view.facts);
        let relays_max = shared.config.relay.count_max;
        let branch = Branch::new(view.shape.clone(), table, plan, relays_max);
        Self { branch, facts: view.facts, told: 0, last: [const { None }; 4], reported: 0 }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Relay> {
        self.branch.iter().map(|(_, relay)| relay)
    }

    pub(super) fn number_of(&self, slot: Slot) -> Option<u32> {
        let mut relays = self.branch.iter();
        relays.find(|(_, relay)| relay.attachment(slot).is_some()).map(|(number, _)| number)
    }

    pub(super) fn with(&self, slot: Slot) -> Option<&Relay> {
        self.iter().find(|relay| relay.attachment(slot).is_some())
    }

    pub(super) fn with_mut(&mut self, slot: Slot) -> Option<&mut Relay> {
        let number = self.number_of(slot)?;
        self.branch.get_mut(number)
    }

    /// Puts a session where the policy says, and returns the relay's number.
    pub(super) fn join(&mut self, policy: &dyn Policy, now: Timestamp, who: Newcomer<'_>) -> u32 {
        let Newcomer { slot, facts, attachment, roles } = who;
        let shard = self.branch.plan().key.of(facts);
        let open = self.branch.candidates(shard);
        let placement = policy.relay(now, facts, &self.facts, &open);
        self.branch.attach(placement, Seat { slot, attachment, roles, shard })
    }
}

/// Asks for a guild's plan, of which each worker follows its share.
pub(super) fn plan(shared: &Shared, now: Timestamp, guild: &GuildFacts) -> Plan {
    let plan = shared.policy.relays(now, guild);
    Plan { count: plan.count.div_ceil(shared.worker_count().max(1)), ..plan }
}

impl Worker {
    /// Takes a session off its relay and tells the guild.
    pub(super) fn leave_relay(
        &mut self,
        membership: &Membership,
        session: SessionRef,
        identity: &Identity,
    ) {
        let (guild, Some(number)) = (membership.guild, membership.relay()) else { return };
        let slot = session.slot;
        self.unwatch(guild, slot);
        if let Some(relays) = self.relays.get_mut(&guild) {
            relays.branch.detach(number, slot);
            if relays.branch.is_empty() {
                let tally = relays.branch.take_tally();
                self.relays.remove(&guild);
                // Nobody here watches its lists either.
                self.lists.remove(&guild);
                self.count_relays(tally);
            }
        }
        let (user, interest) = (identity.user, identity.interest());
        self.ask_guild(guild, Request::Detach { session, user, interest });
    }

    /// Looks whether relays are as planned, lets attachments move where they are not, and tells
    /// guilds how many relays they have. Costs a look per relay.
    pub(super) fn look_at_relays(&mut self) {
        let mut reports: Vec<(GuildId, usize)> = Vec::new();
        let (mut sum, mut leaving) = (Tally::default(), 0);
        for (guild, relays) in &mut self.relays {
            if relays.branch.look() {
                leaving += relays.branch.leaving();
                self.moves.begin(*guild);
            }
            let tally = relays.branch.take_tally();
            sum.started += tally.started;
            sum.ended += tally.ended;
            sum.moved += tally.moved;
            sum.crowded += tally.crowded;
            if relays.reported != relays.branch.len() {
                relays.reported = relays.branch.len();
                reports.push((*guild, relays.reported));
            }
        }
        self.count_relays(sum);
        self.metrics().relay_leaving.set(leaving as u64);
        for (guild, relays) in reports {
            self.ask_guild(guild, Request::Relays { worker: self.index, relays });
        }
    }

    fn count_relays(&self, tally: Tally) {
        let metrics = self.metrics();
        metrics.relays_started.add(tally.started);
        metrics.relays_ended.add(tally.ended);
        metrics.relay_moves.add(tally.moved);
        self.shared.metrics.refuse_many(Refused::RelayCount, tally.crowded);
    }
}
