//! Records: what of a deck survives the process, as data for its journal.
//!
//! A record is a tag, then fixed numbers in little endian, then JSON or raw bytes. A segment begins
//! with a snapshot of all sessions, so that older segments can be discarded. What must survive
//! together, or not at all, is one record: a batch.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::json;

use super::{Deck, Identity, Line, Membership, Outgoing, Session, SessionId};
use crate::planted::{self, Planted};
use crate::replay::{Recipients, Slot};

pub(super) const SNAPSHOT: u8 = 0;
pub(super) const OPEN: u8 = 1;
pub(super) const DISPATCH: u8 = 2;
pub(super) const END: u8 = 3;
pub(super) const STATE: u8 = 4;
pub(super) const TOLD: u8 = 5;
pub(super) const BATCH: u8 = 6;
pub(super) const SINCE: u8 = 7;
pub(super) const SETTLED: u8 = 8;

/// Memory that records keep when they were taken.
const KEPT_BYTES: usize = 1 << 16;
/// Bytes of the length before each record of a batch.
const LENGTH: usize = size_of::<u32>();

/// A session as the journal has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub(super) id: SessionId,
    pub(super) identity: Identity,
    pub(super) guilds: SmallVec<[Membership; 1]>,
    /// Sequence before the dispatches that follow in the journal.
    pub(super) sequence: u32,
    /// While no client has come back since a restart: the sequence that was known then.
    pub(super) bound: Option<u32>,
}

/// What of a session changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StateRecord {
    pub(super) identity: Identity,
    pub(super) guilds: SmallVec<[Membership; 1]>,
    pub(super) bound: Option<u32>,
}

/// Records that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    /// Where each record ends.
    ends: Vec<usize>,
    /// Batches that are open inside one another, and records in the outermost.
    depth: u32,
    batched: u32,
    /// Where the record under way begins.
    start: usize,
}

impl Records {
    pub(super) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Hands over what is complete, and forgets it.
    pub(super) fn take(&mut self, mut write: impl FnMut(&[u8])) {
        let mut begin = 0;
        let late = usize::from(planted::has(Planted::RecordLate) && !self.ends.is_empty());
        let count = self.ends.len() - late;
        for end in self.ends.drain(..count) {
            write(self.bytes.get(begin..end).unwrap_or_default());
            begin = end;
        }
        self.bytes.drain(..begin);
        self.ends.iter_mut().for_each(|end| *end -= begin);
        // A peak must not keep its memory for good.
        self.bytes.shrink_to(KEPT_BYTES);
        self.ends.shrink_to(KEPT_BYTES);
    }

    /// Lets everything that is written until [`Self::close_batch`] survive together or not at all.
    pub(super) fn open_batch(&mut self) {
        self.depth += 1;
    }

    pub(super) fn close_batch(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 || self.batched == 0 {
            return;
        }
        if self.batched == 1 {
            // One alone needs no frame.
            let start = self.complete();
            self.bytes.drain(start..start + 1 + LENGTH);
        }
        self.batched = 0;
        self.ends.push(self.bytes.len());
    }

    pub(super) fn open(&mut self, slot: Slot, record: &SessionRecord) {
        self.begin(OPEN).extend_from_slice(&slot.to_le_bytes());
        self.finish_json(record);
    }

    pub(super) fn end(&mut self, slot: Slot) {
        self.begin(END).extend_from_slice(&slot.to_le_bytes());
        self.finish();
    }

    pub(super) fn state<L>(&mut self, slot: Slot, session: &Session<L>) {
        self.begin(STATE).extend_from_slice(&slot.to_le_bytes());
        self.finish_json(&StateRecord {
            identity: Identity::clone(&session.identity),
            guilds: session.guilds.clone(),
            bound: session.past.bound(),
        });
    }

    pub(super) fn told(&mut self, guild: GuildId, sequence: u64) {
        let record = self.begin(TOLD);
        record.extend_from_slice(&guild.value().to_le_bytes());
        record.extend_from_slice(&sequence.to_le_bytes());
        self.finish();
    }

    /// Notes up to where sessions were told that a guild has to take back.
    pub(super) fn since(&mut self, guild: GuildId, since: u64, slots: &RoaringBitmap) {
        let record = self.begin(SINCE);
        record.extend_from_slice(&guild.value().to_le_bytes());
        record.extend_from_slice(&since.to_le_bytes());
        write_many(record, slots);
        self.finish();
    }

    /// Notes that a guild has taken sessions back, and that they know what all others there know.
    pub(super) fn settled(&mut self, guild: GuildId, slots: &RoaringBitmap) {
        let record = self.begin(SETTLED);
        record.extend_from_slice(&guild.value().to_le_bytes());
        write_many(record, slots);
        self.finish();
    }

    /// Writes one dispatch. What only begins a session is counted, but not kept: a client that lost
    /// it in a crash starts anew.
    pub(super) fn dispatch(&mut self, outgoing: &Outgoing) {
        let Outgoing { kind, guild, sequence, body, to } = outgoing;
        let record = self.begin(DISPATCH);
        record.push(*kind as u8);
        record.extend_from_slice(&guild.map_or(0, GuildId::value).to_le_bytes());
        record.extend_from_slice(&sequence.to_le_bytes());
        write_recipients(record, to);
        if !matches!(kind, EventKind::Ready | EventKind::GuildCreate | EventKind::GuildMembersChunk)
        {
            for segment in body.segments() {
                record.extend_from_slice(segment.text());
            }
        }
        self.finish();
    }

    /// Where the last complete record ends.
    fn complete(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn begin(&mut self, tag: u8) -> &mut Vec<u8> {
        if self.depth > 0 {
            if self.batched == 0 {
                self.bytes.push(BATCH);
            }
            self.bytes.extend_from_slice(&[0; LENGTH]);
        }
        self.start = self.bytes.len();
        self.bytes.push(tag);
        &mut self.bytes
    }

    fn finish(&mut self) {
        if self.depth == 0 {
            return self.ends.push(self.bytes.len());
        }
        self.batched += 1;
        let length = u32::try_from(self.bytes.len() - self.start).unwrap_or(u32::MAX);
        let place = self.bytes.get_mut(self.start - LENGTH..self.start);
        place.into_iter().for_each(|place| place.copy_from_slice(&length.to_le_bytes()));
    }

    fn finish_json(&mut self, value: &impl Serialize) {
        json::append(&mut self.bytes, value);
        self.finish();
    }
}

impl<L: Line> Deck<L> {
    /// Writes down all sessions as they are at the end of the log, record by record: with them a
    /// journal begins anew. What waits to be written goes before.
    pub fn snapshot(&mut self, mut write: impl FnMut(&[u8])) {
        self.records.take(&mut write);
        let pending = self.pending();
        let mut records = Records::default();
        records.begin(SNAPSHOT);
        records.finish();
        for (guild, relays) in &self.guilds {
            records.told(*guild, relays.told);
        }
        for (slot, session) in self.sessions.iter() {
            let ahead = pending.get(&slot).copied().unwrap_or(0);
            records.open(
                slot,
                &SessionRecord {
                    id: session.id,
                    identity: Identity::clone(&session.identity),
                    guilds: session.guilds.clone(),
                    sequence: session.sequence + ahead,
                    bound: session.past.bound(),
                },
            );
            records.take(&mut write);
        }
        for (guild, absences) in &self.absent {
            for absence in absences {
                records.since(*guild, absence.since, &absence.slots);
            }
        }
        records.take(&mut write);
    }

    /// Counts what each session was promised but not passed yet; a pass may be under way.
    fn pending(&self) -> BTreeMap<Slot, u32> {
        let mut counts = BTreeMap::new();
        let mut count = |position, slot| {
            if position >= self.visited_end(slot) || planted::has(Planted::SnapshotCountsTwice) {
                *counts.entry(slot).or_default() += 1;
            }
        };
        let from = match planted::has(Planted::SnapshotForgetsPending) {
            true => self.log.end(),
            false => self.sent,
        };
        for (position, entry) in self.log.range(from, self.log.end()) {
            match &entry.to {
                Recipients::One(slot) => count(position, *slot),
                Recipients::Many(slots) => slots.iter().for_each(|slot| count(position, slot)),
            }
        }
        counts
    }
}

fn write_recipients(record: &mut Vec<u8>, to: &Recipients) {
    match to {
        Recipients::One(slot) => {
            record.push(0);
            record.extend_from_slice(&slot.to_le_bytes());
        }
        Recipients::Many(slots) => write_many(record, slots),
    }
}

fn write_many(record: &mut Vec<u8>, slots: &RoaringBitmap) {
    let mut slots = slots.clone();
    // Sessions of one guild mostly have neighbouring slots, so runs make the record small.
    slots.optimize();
    record.push(1);
    let bytes = u32::try_from(slots.serialized_size()).unwrap_or(u32::MAX);
    record.extend_from_slice(&bytes.to_le_bytes());
    let written = slots.serialize_into(&mut *record);
    debug_assert!(written.is_ok(), "memory takes any write");
}

/// Reads what [`Records::dispatch`] wrote about recipients, and returns the rest.
pub(super) fn read_recipients(bytes: &[u8]) -> Option<(Recipients, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (number, rest) = rest.split_first_chunk::<4>()?;
    let number = u32::from_le_bytes(*number);
    if *tag == 0 {
        return Some((Recipients::One(number), rest));
    }
    let (slots, rest) = rest.split_at_checked(usize::try_from(number).ok()?)?;
    let slots = RoaringBitmap::deserialize_from(slots).ok()?;
    Some((Recipients::Many(slots), rest))
}
