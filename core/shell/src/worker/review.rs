//! Reviews: attachments are asked about again, in slices beside everything else.
//!
//! A new policy, another size band of a guild, and the policy's own wish to be asked again all end
//! here, so that a million attachments that change at the same moment never hold up a delivery.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_engine::mode::Mode;
use throng_engine::relay::Relay;
use throng_engine::replay::Slot;
use throng_proto::id::{GuildId, UserId};
use tokio::sync::Notify;

use super::passivity::ask;
use super::relays::{self, Relays};
use super::turns::slices;
use super::{Local, Session, Worker};
use crate::clock;

/// Attachments asked about before other tasks of the worker, and other threads, get a turn: about
/// 0.1 ms.
const SLICE: u64 = 64;

/// Attachments that are to be asked about, by guild.
#[derive(Debug, Default)]
pub(super) struct Review {
    todo: BTreeMap<GuildId, RoaringBitmap>,
    /// Whether what is to do belongs to a review of everything, whose progress is shown.
    shown: bool,
    work: Rc<Notify>,
}

/// Reviews as long as there is something to review, a slice at a time.
pub(super) async fn reviews(local: Local) {
    let work = Rc::clone(&local.borrow().review.work);
    slices(local, work, Worker::review_slice).await;
}

impl Worker {
    /// Lets every attachment be asked about again, because the policy is another one.
    pub(super) fn review_all(&mut self) {
        let guilds: Vec<GuildId> = self.relays.keys().copied().collect();
        for guild in guilds {
            self.review_guild(guild);
        }
        self.look_at_relays();
        let count = self.review.todo.values().map(RoaringBitmap::len).sum();
        self.shared.review.add(count);
        self.review.shown = true;
        self.review.work.notify_one();
    }

    /// Lets every attachment of a guild be asked about again, and asks how it is split.
    pub(super) fn review_guild(&mut self, guild: GuildId) {
        self.decide_delivery(guild);
        let Some(relays) = self.relays.get_mut(&guild) else { return };
        relays.branch.set_plan(relays::plan(&self.shared, clock::wall(), &relays.facts));
        if relays.branch.look() {
            self.moves.begin(guild);
        }
        self.review.todo.insert(guild, relays.branch.slots());
        self.review.work.notify_one();
    }

    /// Lets a user's attachments be asked about again, because its roles may have changed.
    pub(super) fn review_user(&mut self, guild: GuildId, user: UserId) {
        let Some(relays) = self.relays.get(&guild) else { return };
        for slots in relays.iter().filter_map(|relay| relay.slots_of(user)) {
            self.review.todo.entry(guild).or_default().extend(slots.iter().copied());
        }
        self.review.work.notify_one();
    }

    /// Lets one attachment be asked about again.
    pub(super) fn review_later(&mut self, guild: GuildId, slot: Slot) {
        self.review.todo.entry(guild).or_default().insert(slot);
        self.review.work.notify_one();
    }

    /// Asks about the next few attachments. `false` when there are none.
    fn review_slice(&mut self) -> bool {
        let Some(mut entry) = self.review.todo.first_entry() else {
            if std::mem::take(&mut self.review.shown) {
                // Whoever waits for the end reads what came of it next.
                self.observe();
                self.shared.review.finish();
            }
            return false;
        };
        let guild = *entry.key();
        let slots: SmallVec<[Slot; SLICE as usize]> =
            entry.get().iter().take(SLICE as usize).collect();
        entry.get_mut().remove_smallest(SLICE);
        if entry.get().is_empty() {
            entry.remove();
        }
        let changed = self.review_slots(guild, &slots);
        if self.review.shown {
            self.shared.review.step(slots.len() as u64, changed);
        }
        true
    }

    /// Asks about some attachments of a guild, and returns how many changed.
    fn review_slots(&mut self, guild: GuildId, slots: &[Slot]) -> u64 {
        let Self { sessions, relays, shared, .. } = self;
        let Some(relays) = relays.get_mut(&guild) else { return 0 };
        let mut changes: BTreeMap<u32, Vec<(Slot, Mode)>> = BTreeMap::new();
        let mut rechecks: Vec<(Slot, Duration)> = Vec::new();
        for slot in slots {
            let Some(session) = sessions.get(*slot as usize) else { continue };
            let Some((number, relay)) = seat(session, relays) else { continue };
            let facts = &relays.facts;
            let Some(verdict) = ask(shared, session, facts, relay, *slot) else { continue };
            if relay.attachment(*slot).is_some_and(|now| now.mode != verdict.mode) {
                changes.entry(number).or_default().push((*slot, verdict.mode));
            }
            rechecks.extend(verdict.recheck.map(|after| (*slot, after)));
        }
        let changed = changes.values().map(|changes| changes.len() as u64).sum();
        let mut digests = Vec::new();
        for (number, changes) in changes {
            if let Some(relay) = relays.branch.get_mut(number) {
                digests.extend(relay.set_modes(changes));
            }
        }
        for digest in digests {
            self.append_digest(guild, digest);
        }
        for (slot, after) in rechecks {
            self.recheck_after(slot, guild, Some(after));
        }
        changed
    }
}

/// Finds the relay that a session is on.
fn seat<'a>(session: &Session, relays: &'a Relays) -> Option<(u32, &'a Relay)> {
    let guild = relays.facts.guild;
    let number = session.guilds.iter().find(|membership| membership.guild == guild)?.relay()?;
    Some((number, relays.branch.get(number)?))
}
