//! Reviews: attachments are asked about again, in slices beside everything else.
//!
//! A new policy, another size band of a guild, and the policy's own wish to be asked again all end
//! here, so that a million attachments that change at the same moment never hold up a delivery.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_engine::mode::Mode;
use throng_engine::replay::Slot;
use throng_proto::id::{GuildId, UserId};
use tokio::sync::Notify;

use super::passivity::ask;
use super::{Local, Worker};

/// Attachments asked about before other tasks of the worker get a turn: well below a millisecond.
const SLICE: u64 = 256;
/// Attachments that are to be asked about, by guild and relay.
#[derive(Debug, Default)]
pub(super) struct Review {
    todo: BTreeMap<(GuildId, u32), RoaringBitmap>,
    /// Whether what is to do belongs to a review of everything, whose progress is shown.
    shown: bool,
    work: Rc<Notify>,
}

/// Reviews as long as there is something to review, a slice at a time.
pub(super) async fn reviews(local: Local) {
    let (work, shared) = {
        let worker = local.borrow();
        (Rc::clone(&worker.review.work), Arc::clone(&worker.shared))
    };
    loop {
        // Workers take turns, so that a review leaves cores for everything else.
        let turn = shared.review.turn().await;
        let more = local.borrow_mut().review_slice();
        drop(turn);
        if more {
            tokio::task::yield_now().await;
        } else {
            work.notified().await;
        }
    }
}

impl Worker {
    /// Lets every attachment be asked about again, because the policy is another one.
    pub(super) fn review_all(&mut self) {
        let guilds: Vec<GuildId> = self.relays.keys().copied().collect();
        for guild in guilds {
            self.review_guild(guild);
        }
        let count = self.review.todo.values().map(RoaringBitmap::len).sum();
        self.shared.review.add(count);
        self.review.shown = true;
        self.review.work.notify_one();
    }

    /// Lets every attachment of a guild be asked about again.
    pub(super) fn review_guild(&mut self, guild: GuildId) {
        self.decide_delivery(guild);
        let Some(relays) = self.relays.get(&guild) else { return };
        for (number, relay) in &relays.by_number {
            self.review.todo.insert((guild, *number), relay.slots());
        }
        self.review.work.notify_one();
    }

    /// Lets a user's attachments be asked about again, because its roles may have changed.
    pub(super) fn review_user(&mut self, guild: GuildId, user: UserId) {
        let Some(relays) = self.relays.get(&guild) else { return };
        let found = relays.by_number.iter().filter_map(|(number, relay)| {
            relay.slots_of(user).map(|slots| ((guild, *number), slots.to_vec()))
        });
        for (place, slots) in found {
            self.review.todo.entry(place).or_default().extend(slots);
        }
        self.review.work.notify_one();
    }

    /// Lets one attachment be asked about again.
    pub(super) fn review_later(&mut self, guild: GuildId, relay: u32, slot: Slot) {
        self.review.todo.entry((guild, relay)).or_default().insert(slot);
        self.review.work.notify_one();
    }

    /// Asks about the next few attachments. `false` when there are none.
    fn review_slice(&mut self) -> bool {
        let Some(mut entry) = self.review.todo.first_entry() else {
            if std::mem::take(&mut self.review.shown) {
                self.shared.review.finish();
            }
            return false;
        };
        let (guild, number) = *entry.key();
        let slots: SmallVec<[Slot; SLICE as usize]> =
            entry.get().iter().take(SLICE as usize).collect();
        entry.get_mut().remove_smallest(SLICE);
        if entry.get().is_empty() {
            entry.remove();
        }
        let changed = self.review_slots(guild, number, &slots);
        if self.review.shown {
            self.shared.review.step(slots.len() as u64, changed);
        }
        true
    }

    /// Asks about some attachments of one relay, and returns how many changed.
    fn review_slots(&mut self, guild: GuildId, number: u32, slots: &[Slot]) -> u64 {
        let Self { sessions, relays, shared, .. } = self;
        let Some(relays) = relays.get_mut(&guild) else { return 0 };
        let facts = relays.facts;
        let Some(relay) = relays.get_mut(number) else { return 0 };
        let mut changes: SmallVec<[(Slot, Mode); SLICE as usize]> = SmallVec::new();
        let mut rechecks: Vec<(Slot, Duration)> = Vec::new();
        for slot in slots {
            let Some(session) = sessions.get(*slot as usize) else { continue };
            let Some(verdict) = ask(shared, session, &facts, relay, *slot) else { continue };
            if relay.attachment(*slot).is_some_and(|now| now.mode != verdict.mode) {
                changes.push((*slot, verdict.mode));
            }
            rechecks.extend(verdict.recheck.map(|after| (*slot, after)));
        }
        let changed = changes.len() as u64;
        for digest in relay.set_modes(changes) {
            self.append_digest(guild, digest);
        }
        for (slot, after) in rechecks {
            self.recheck_after(slot, guild, Some(after));
        }
        changed
    }
}
