//! Reviews: attachments are asked about again, in slices beside everything else.
//!
//! A new policy, another size band of a guild, and the policy's own wish to be asked again all end
//! here, so that a million attachments that change at the same moment never hold up a delivery.

use std::collections::BTreeMap;
use std::time::Duration;

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_proto::id::{GuildId, UserId};

use super::{Deck, Line};
use crate::mode::Mode;
use crate::planted::{self, Planted};
use crate::replay::Slot;

/// Attachments asked about in one call: about 0.1 ms.
const SLICE: u64 = 64;

/// Attachments that are to be asked about, by guild.
#[derive(Debug, Default)]
pub(super) struct Review {
    todo: BTreeMap<GuildId, RoaringBitmap>,
    /// Whether what is to do belongs to a review of everything.
    whole: bool,
}

/// What a slice of a review did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Attachments that were asked about.
    pub done: u64,
    /// Those of them that changed.
    pub changed: u64,
    /// Belongs to a review of everything.
    pub whole: bool,
}

impl<L: Line> Deck<L> {
    /// Lets every attachment be asked about again, because the policy is another one, and returns
    /// how many that are.
    pub fn review_all(&mut self) -> u64 {
        let guilds: Vec<GuildId> = self.guilds.keys().copied().collect();
        for guild in guilds {
            self.review_guild(guild);
        }
        self.look_at_relays();
        self.review.whole = true;
        self.review.todo.values().map(RoaringBitmap::len).sum()
    }

    /// Lets every attachment of a guild be asked about again, and asks how it is split.
    pub(super) fn review_guild(&mut self, guild: GuildId) {
        self.decide_delivery(guild);
        let Some(facts) = self.guilds.get(&guild).map(|relays| relays.facts) else { return };
        let plan = self.plan(&facts);
        let Some(relays) = self.guilds.get_mut(&guild) else { return };
        relays.branch.set_plan(plan);
        if relays.branch.look() {
            self.moves.insert(guild);
        }
        self.review.todo.insert(guild, relays.branch.slots());
    }

    /// Lets a user's attachments be asked about again, because its roles may have changed.
    pub(super) fn review_user(&mut self, guild: GuildId, user: UserId) {
        let Some(relays) = self.guilds.get(&guild) else { return };
        for slots in relays.iter().filter_map(|relay| relay.slots_of(user)) {
            self.review.todo.entry(guild).or_default().extend(slots.iter().copied());
        }
    }

    /// Lets one attachment be asked about again.
    pub(super) fn review_later(&mut self, guild: GuildId, slot: Slot) {
        self.review.todo.entry(guild).or_default().insert(slot);
    }

    /// Tells whether attachments are to be asked about, or a review of everything is to be ended.
    #[must_use]
    pub fn has_review(&self) -> bool {
        self.review.whole || !self.review.todo.is_empty()
    }

    /// Asks about the next few attachments. `None` when there are none.
    pub fn review_slice(&mut self) -> Option<Reviewed> {
        let mut entry = self.review.todo.first_entry()?;
        let guild = *entry.key();
        let skipped = usize::from(planted::has(Planted::ReviewSkipsFirst));
        let slots: SmallVec<[Slot; SLICE as usize]> =
            entry.get().iter().take(SLICE as usize).skip(skipped).collect();
        entry.get_mut().remove_smallest(SLICE);
        if entry.get().is_empty() {
            entry.remove();
        }
        let changed = self.review_slots(guild, &slots);
        Some(Reviewed { done: slots.len() as u64, changed, whole: self.review.whole })
    }

    /// Ends a review of everything; `false` when none was under way.
    pub fn end_review(&mut self) -> bool {
        std::mem::take(&mut self.review.whole)
    }

    /// Asks about some attachments of a guild, and returns how many changed.
    fn review_slots(&mut self, guild: GuildId, slots: &[Slot]) -> u64 {
        let mut changes: BTreeMap<u32, Vec<(Slot, Mode)>> = BTreeMap::new();
        let mut rechecks: Vec<(Slot, Duration)> = Vec::new();
        for slot in slots {
            let Some(verdict) = self.verdict(*slot, guild) else { continue };
            if let Some((number, mode)) = self.standing(*slot, guild)
                && mode != verdict.mode
            {
                changes.entry(number).or_default().push((*slot, verdict.mode));
            }
            rechecks.extend(verdict.recheck.map(|after| (*slot, after)));
        }
        let changed = changes.values().map(|changes| changes.len() as u64).sum();
        let Some(relays) = self.guilds.get_mut(&guild) else { return 0 };
        let mut digests = Vec::new();
        for (number, changes) in changes {
            if let Some(relay) = relays.branch.get_mut(number) {
                digests.extend(relay.set_modes(changes));
            }
        }
        self.append_digests(digests.into_iter().map(|digest| (guild, digest)));
        for (slot, after) in rechecks {
            self.recheck_after(slot, guild, Some(after));
        }
        changed
    }

    /// Returns the relay that a session is on, and how much it gets there.
    fn standing(&self, slot: Slot, guild: GuildId) -> Option<(u32, Mode)> {
        let number = self.sessions.get(slot)?.membership(guild)?.relay()?;
        let relay = self.guilds.get(&guild)?.branch.get(number)?;
        Some((number, relay.attachment(slot)?.mode))
    }
}
