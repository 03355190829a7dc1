//! The relays of a guild on one worker, as sessions join and leave them.

use throng_proto::id::{GuildId, RoleId};
use throng_proto::time::Timestamp;
use throng_proto::wire::Body;

use super::{Ask, Deck, Identity, Line, Membership, Refusal, SessionRef, View};
use crate::branch::{Branch, Placing, Tally};
use crate::mode::DeliveryTable;
use crate::planted::{self, Planted};
use crate::policy::{GuildFacts, Policy, SessionFacts, Split};
use crate::relay::{Attachment, Relay, Variant};
use crate::replay::Slot;

/// The relays of one guild on one worker.
#[derive(Debug)]
pub struct GuildRelays {
    pub(super) branch: Branch,
    pub(super) facts: GuildFacts,
    /// Guild's sequence up to which sessions here were told.
    pub(super) told: u64,
    /// What many sessions were sent last, by variant.
    pub(super) last: [Option<Body>; Variant::ALL.len()],
    /// How many relays the guild knows of.
    reported: usize,
}

/// A session that joins a relay.
#[derive(Debug)]
pub(super) struct Joining<'a> {
    pub(super) slot: Slot,
    pub(super) facts: &'a SessionFacts,
    pub(super) attachment: Attachment,
    pub(super) roles: &'a [RoleId],
}

impl GuildRelays {
    /// Makes a guild's place on a worker, without relays.
    pub(super) fn new(view: &View, table: DeliveryTable, plan: Split, relays_max: usize) -> Self {
        let branch = Branch::new(view.shape.clone(), table, plan, relays_max);
        Self {
            branch,
            facts: view.facts,
            told: 0,
            last: [const { None }; Variant::ALL.len()],
            reported: 0,
        }
    }

    /// Walks over the relays.
    pub fn iter(&self) -> impl Iterator<Item = &Relay> {
        self.branch.iter().map(|(_, relay)| relay)
    }

    /// Returns how many relays there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.branch.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.branch.is_empty()
    }

    /// Returns what policies know of the guild.
    #[must_use]
    pub const fn facts(&self) -> &GuildFacts {
        &self.facts
    }

    /// Returns the relay that a session is on, by its place in the guild.
    #[must_use]
    pub fn relay_of(&self, membership: &Membership) -> Option<&Relay> {
        self.branch.get(membership.relay()?)
    }

    /// Puts a session where the policy says, and returns the relay's number.
    pub(super) fn join(&mut self, policy: &dyn Policy, now: Timestamp, who: Joining<'_>) -> u32 {
        let Joining { slot, facts, attachment, roles } = who;
        let shard = self.branch.plan().key.of(facts);
        let open = self.branch.candidates(shard);
        let placement = policy.relay(now, facts, &self.facts, &open);
        self.branch.attach(placement, Placing { slot, attachment, roles, shard })
    }
}

impl<L: Line> Deck<L> {
    /// Asks for a guild's plan, of which each worker follows its share.
    pub(super) fn plan(&self, guild: &GuildFacts) -> Split {
        let plan = self.policy.relays(self.now.wall, guild);
        Split { count: plan.count.div_ceil(self.config.workers.max(1)), ..plan }
    }

    /// Returns the relay that a session is on, to change it.
    pub(super) fn relay_mut(&mut self, guild: GuildId, slot: Slot) -> Option<&mut Relay> {
        let number = self.sessions.get(slot)?.membership(guild)?.relay()?;
        self.guilds.get_mut(&guild)?.branch.get_mut(number)
    }

    /// Takes a session off its relay and tells the guild.
    pub(super) fn leave_relay(
        &mut self,
        membership: &Membership,
        session: SessionRef,
        identity: &Identity,
    ) {
        let (guild, slot) = (membership.guild, session.slot);
        self.unwatch(guild, slot);
        self.no_longer_absent(guild, slot);
        if let Some(number) = membership.relay()
            && let Some(relays) = self.guilds.get_mut(&guild)
        {
            if !planted::has(Planted::LeaverStays) {
                relays.branch.detach(number, slot);
            }
            if relays.branch.is_empty() {
                let tally = relays.branch.take_tally();
                self.guilds.remove(&guild);
                // Nobody here watches its lists either.
                self.lists.remove(&guild);
                self.count_relays(tally);
            }
        }
        // Also of who waits: the guild may have granted a place that nobody has taken.
        let (user, interest) = (identity.user, identity.interest());
        self.ask(guild, Ask::Detach { session, user, interest });
    }

    /// Looks whether relays are as planned, lets attachments move where they are not, and tells
    /// guilds how many relays they have. Costs a look per relay.
    pub fn look_at_relays(&mut self) {
        let mut reports: Vec<(GuildId, usize)> = Vec::new();
        let (mut sum, mut leaving) = (Tally::default(), 0);
        for (guild, relays) in &mut self.guilds {
            if relays.branch.look() {
                leaving += relays.branch.leaving();
                self.moves.insert(*guild);
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
        self.counts.relay_leaving = leaving as u64;
        for (guild, relays) in reports {
            self.ask(guild, Ask::Relays(relays));
        }
    }

    fn count_relays(&mut self, tally: Tally) {
        self.counts.relays_started += tally.started;
        self.counts.relays_ended += tally.ended;
        self.counts.relay_moves += tally.moved;
        self.refuse(Refusal::RelayCount, tally.crowded);
    }
}
