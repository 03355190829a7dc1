//! The branch: all relays of one guild on one worker, which come and go while the guild runs.
//!
//! A plan says how many attachments a relay takes, how many relays there should be, and what
//! attachments of one relay have in common. Where the relays are not as the plan says, attachments
//! move from one to another, some at a time, so that a plan for a million of them holds up nothing.
//!
//! # Algorithm
//!
//! A relay that starts is made from one that runs: it has the same shape, the same delivery table
//! and the same news before the first attachment is on it. Every event is applied to all relays of
//! the branch in one call, and every move is one call, too; so a move is never in the middle of an
//! event, and an attachment is told of each by the relay that has it then. What an attachment was
//! told by digests moves with it.
//!
//! # Invariants
//!
//! - A1: a relay has room when an attachment is placed on it, unless there are as many relays as
//!   may be.
//! - L5: whatever moves, attachments get what one relay that had them all would give them.

mod moving;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;
use throng_proto::id::{ChannelId, MessageId, RoleId};

pub use moving::Guide;

use crate::event::{Change, Event};
use crate::mode::DeliveryTable;
use crate::policy::{Placement, RelayFacts, ShardKey, Split};
use crate::relay::{Attachment, Audience, Digest, Relay};
use crate::replay::Slot;
use crate::shape::Shape;

/// Relays that a policy chooses among, so that a choice costs the same however many there are.
pub const CANDIDATES_MAX: usize = 64;

/// Counts since the branch began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Relays that started.
    pub started: u64,
    /// Relays that ended.
    pub ended: u64,
    /// Attachments that moved.
    pub moved: u64,
    /// Attachments that went to a relay without room, because there are as many as may be.
    pub crowded: u64,
}

/// The relays of one guild on one worker.
#[derive(Debug)]
pub struct Branch {
    /// What a relay is made of when none runs.
    shape: Arc<Shape>,
    table: DeliveryTable,
    relays: BTreeMap<u32, Stand>,
    next: u32,
    plan: Split,
    relays_max: usize,
    degraded: bool,
    tally: Tally,
}

/// A relay with its place in the plan.
#[derive(Debug)]
struct Stand {
    relay: Relay,
    key: ShardKey,
    /// Value of the key that its attachments have in common.
    shard: Box<str>,
    /// Attachments that are still to move away.
    leaving: usize,
}

/// A session on its way to a relay.
#[derive(Debug)]
pub struct Placing<'a> {
    /// Its place on the worker.
    pub slot: Slot,
    /// What it is.
    pub attachment: Attachment,
    /// Sorted roles of its member, without @everyone.
    pub roles: &'a [RoleId],
    /// Its value of the plan's key.
    pub shard: &'a str,
}

impl Branch {
    /// Makes a branch without relays, of which there will be `relays_max` at most.
    #[must_use]
    pub fn new(shape: Arc<Shape>, table: DeliveryTable, plan: Split, relays_max: usize) -> Self {
        let (relays, relays_max, tally) = (BTreeMap::new(), relays_max.max(1), Tally::default());
        Self { shape, table, relays, next: 0, plan, relays_max, degraded: false, tally }
    }

    /// Returns how many relays there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.relays.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relays.is_empty()
    }

    /// Returns the counts since the last call.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Returns all relays with their numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Relay)> {
        self.relays.iter().map(|(number, stand)| (*number, &stand.relay))
    }

    /// Returns a relay.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Relay> {
        self.relays.get(&number).map(|stand| &stand.relay)
    }

    /// Returns a relay.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Relay> {
        self.relays.get_mut(&number).map(|stand| &mut stand.relay)
    }

    /// Returns the slots of all attachments. Costs set operations per group.
    #[must_use]
    pub fn slots(&self) -> RoaringBitmap {
        self.iter().fold(RoaringBitmap::new(), |all, (_, relay)| all | relay.slots())
    }

    /// Returns relays that could take a session, in the order in which they should.
    ///
    /// At most [`CANDIDATES_MAX`]; none while fewer than the plan's `count` run, so that a new one
    /// starts. Costs a look per relay.
    #[must_use]
    pub fn candidates(&self, shard: &str) -> Vec<RelayFacts> {
        let Split { capacity, count, .. } = self.plan;
        let alike = self.relays.iter().filter(|(_, stand)| self.suits(stand, shard));
        let (mut open, mut running) = (Vec::new(), 0);
        for (relay, stand) in alike {
            running += 1;
            let load = stand.relay.len();
            if stand.leaving == 0 && load < capacity {
                open.push(RelayFacts { relay: *relay, load });
            }
        }
        if running < count && count > 1 {
            return Vec::new();
        }
        if count > 1 {
            open.sort_by_key(|relay| relay.load);
        }
        open.truncate(CANDIDATES_MAX);
        open
    }

    fn suits(&self, stand: &Stand, shard: &str) -> bool {
        stand.key == self.plan.key && *stand.shard == *shard
    }

    /// Adds a session where a verdict says, or on a new relay, and returns the relay's number.
    pub fn attach(&mut self, placement: Placement, seat: Placing<'_>) -> u32 {
        let number = match placement {
            Placement::Relay(number) if self.has_room(number) => number,
            Placement::Relay(_) | Placement::New => self.start(seat.shard),
        };
        if let Some(relay) = self.get_mut(number) {
            relay.attach(seat.slot, seat.attachment, seat.roles);
        }
        number
    }

    fn has_room(&self, number: u32) -> bool {
        let stand = self.relays.get(&number);
        stand.is_some_and(|stand| stand.relay.len() < self.plan.capacity)
    }

    /// Removes a session; its relay ends with its last one.
    pub fn detach(&mut self, number: u32, slot: Slot) -> Option<Attachment> {
        let attachment = self.get_mut(number)?.detach(slot);
        self.end_if_empty(number);
        attachment
    }

    /// Starts a relay, ready before anybody is on it. Where there are as many as may be, returns
    /// the one with the fewest attachments instead.
    fn start(&mut self, shard: &str) -> u32 {
        if self.relays.len() >= self.relays_max {
            let fewest = self.relays.iter().min_by_key(|(_, stand)| stand.relay.len());
            self.tally.crowded += 1;
            return fewest.map_or(0, |(number, _)| *number);
        }
        let relay = match self.relays.values().next() {
            Some(running) => running.relay.sibling(),
            None => self.first(),
        };
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let stand = Stand { relay, key: self.plan.key, shard: shard.into(), leaving: 0 };
        self.relays.insert(number, stand);
        self.tally.started += 1;
        number
    }

    fn first(&self) -> Relay {
        let mut relay = Relay::new(Arc::clone(&self.shape), self.table.clone());
        relay.set_degraded(self.degraded);
        relay
    }

    fn end_if_empty(&mut self, number: u32) {
        if self.relays.get(&number).is_some_and(|stand| stand.relay.is_empty()) {
            self.relays.remove(&number);
            self.tally.ended += 1;
        }
    }

    /// Replaces the delivery table.
    pub fn set_table(&mut self, table: &DeliveryTable) {
        self.table = table.clone();
        for stand in self.relays.values_mut() {
            stand.relay.set_table(table.clone());
        }
    }

    /// Gives digests to everybody who would get messages, or messages again. Returns what those who
    /// get messages again have missed.
    pub fn set_degraded(&mut self, degraded: bool) -> Vec<Digest> {
        self.degraded = degraded;
        self.relays.values_mut().flat_map(|stand| stand.relay.set_degraded(degraded)).collect()
    }

    /// Tells whether everybody gets digests.
    #[must_use]
    pub const fn is_degraded(&self) -> bool {
        self.degraded
    }

    /// Applies what an event changes, before the event is delivered.
    pub fn apply(&mut self, change: &Change) {
        if let Change::Shape(shape) = change {
            self.shape = Arc::clone(shape);
        }
        for stand in self.relays.values_mut() {
            stand.relay.apply(change);
        }
    }

    /// Computes who gets an event. Costs O(groups) set operations, not O(sessions).
    #[must_use]
    pub fn audience(&self, event: &Event) -> Audience {
        let mut audience = Audience::default();
        for stand in self.relays.values() {
            audience |= stand.relay.audience(event);
        }
        audience
    }

    /// Makes the digests that are due and counts everything as told.
    pub fn digest(&mut self) -> Vec<Digest> {
        self.relays.values_mut().flat_map(|stand| stand.relay.digest()).collect()
    }

    /// Makes digests of messages that some attachments missed while they were on no relay.
    pub(crate) fn digest_missed(
        &self,
        slots: &RoaringBitmap,
        missed: &[(ChannelId, MessageId)],
    ) -> Vec<Digest> {
        let relays = self.relays.values();
        relays.flat_map(|stand| stand.relay.digest_missed(slots, missed)).collect()
    }
}
