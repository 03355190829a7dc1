//! What a worker writes into its journal, so that sessions survive the process.
//!
//! A record is a tag, then fixed numbers in little endian, then JSON or raw bytes. A segment begins
//! with a snapshot of all sessions, so that older segments can be discarded. What must survive
//! together, or not at all, is one record: a batch.

use std::collections::HashMap;
use std::io;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use throng_engine::replay::{Recipients, Replay, Slot};
use throng_ports::journal::Journal;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;

use super::session::{Identity, Membership};
use super::{Outgoing, SessionId, Sessions, Worker};
use crate::metrics::Refused;

pub(crate) const SNAPSHOT: u8 = 0;
pub(crate) const OPEN: u8 = 1;
pub(crate) const DISPATCH: u8 = 2;
pub(crate) const END: u8 = 3;
pub(crate) const STATE: u8 = 4;
pub(crate) const TOLD: u8 = 5;
pub(crate) const BATCH: u8 = 6;

/// Memory that records keep between two.
const SCRATCH_MAX: usize = 1 << 16;
/// How many times its snapshot a segment is at least.
const SNAPSHOT_SHARE: u64 = 4;

/// A session as the journal has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    pub(crate) guilds: SmallVec<[Membership; 1]>,
    /// Sequence before the dispatches that follow in the journal.
    pub(crate) sequence: u32,
    /// While no client has come back since a restart: the sequence that was known then.
    pub(crate) bound: Option<u32>,
}

/// What of a session changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StateRecord {
    pub(crate) identity: Identity,
    pub(crate) guilds: SmallVec<[Membership; 1]>,
    pub(crate) bound: Option<u32>,
}

/// Writes a worker's journal.
pub(crate) struct Recorder {
    journal: Box<dyn Journal>,
    scratch: Vec<u8>,
    batch: Vec<u8>,
    /// Batches that are open inside one another, and records in the outermost.
    depth: u32,
    batched: u32,
    /// The last flush failed.
    behind: bool,
    /// Records were dropped, and the journal tells nothing before the next snapshot.
    broken: bool,
    /// Bytes of the snapshot that the current segment begins with.
    snapshot_bytes: u64,
}

impl Recorder {
    pub(crate) const fn new(journal: Box<dyn Journal>) -> Self {
        Self {
            journal,
            scratch: Vec::new(),
            batch: Vec::new(),
            depth: 0,
            batched: 0,
            behind: false,
            broken: false,
            snapshot_bytes: 0,
        }
    }

    /// Lets everything that is written until [`Self::close_batch`] survive together or not at all.
    pub(crate) fn open_batch(&mut self) {
        self.depth += 1;
    }

    pub(crate) fn close_batch(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 || self.batched == 0 {
            return;
        }
        const LENGTH: usize = size_of::<u32>();
        // One alone needs no frame.
        let record =
            if self.batched == 1 { self.batch.get(1 + LENGTH..) } else { Some(&*self.batch) };
        self.journal.append(record.unwrap_or_default());
        self.batched = 0;
        self.batch.clear();
        // A peak must not keep its memory for good.
        self.batch.shrink_to(SCRATCH_MAX);
    }

    pub(crate) fn open(&mut self, slot: Slot, record: &SessionRecord) {
        self.begin(OPEN).extend_from_slice(&slot.to_le_bytes());
        self.finish_json(record);
    }

    pub(crate) fn end(&mut self, slot: Slot) {
        self.begin(END).extend_from_slice(&slot.to_le_bytes());
        self.finish();
    }

    pub(crate) fn state(&mut self, slot: Slot, sessions: &Sessions) {
        let Some(session) = sessions.get(slot as usize) else { return };
        self.begin(STATE).extend_from_slice(&slot.to_le_bytes());
        self.finish_json(&StateRecord {
            identity: Identity::clone(&session.identity),
            guilds: session.guilds.clone(),
            bound: session.past.bound(),
        });
    }

    pub(crate) fn told(&mut self, guild: GuildId, sequence: u64) {
        let record = self.begin(TOLD);
        record.extend_from_slice(&guild.value().to_le_bytes());
        record.extend_from_slice(&sequence.to_le_bytes());
        self.finish();
    }

    /// Writes one dispatch. What only begins a session is counted, but not kept: a client that lost
    /// it in a crash starts anew.
    pub(crate) fn dispatch(&mut self, outgoing: &Outgoing) {
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

    fn begin(&mut self, tag: u8) -> &mut Vec<u8> {
        self.scratch.clear();
        self.scratch.push(tag);
        &mut self.scratch
    }

    fn finish(&mut self) {
        if self.depth == 0 {
            return self.journal.append(&self.scratch);
        }
        if self.batched == 0 {
            self.batch.push(BATCH);
        }
        self.batched += 1;
        let length = u32::try_from(self.scratch.len()).unwrap_or(u32::MAX);
        self.batch.extend_from_slice(&length.to_le_bytes());
        self.batch.extend_from_slice(&self.scratch);
    }

    fn finish_json(&mut self, value: &impl Serialize) {
        let written = serde_json::to_writer(&mut self.scratch, value);
        debug_assert!(written.is_ok(), "memory takes any write");
        self.finish();
    }
}

impl Worker {
    /// Makes everything appended survive the process, as far as the disk allows.
    pub(crate) fn flush_journal(&mut self) {
        let flushed = self.recorder.journal.flush();
        self.recorder.broken |=
            flushed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::QuotaExceeded);
        if self.recorder.broken && self.recorder.journal.rotate().is_ok() {
            // Records were dropped, so the journal begins anew with what is known now.
            self.recorder.broken = false;
            self.snapshot();
        }
        self.note_flush(flushed);
    }

    /// Tells of a journal that cannot be written, and when it can be again.
    fn note_flush(&mut self, flushed: io::Result<()>) {
        let trouble = format!("journal:{}", self.index);
        match flushed {
            Ok(()) if std::mem::take(&mut self.recorder.behind) => {
                tracing::info!("the journal is written again");
                self.shared.troubles.clear(&trouble);
            }
            Ok(()) => {}
            Err(error) => {
                self.shared.metrics.refuse(Refused::Journal);
                if !std::mem::replace(&mut self.recorder.behind, true) {
                    tracing::warn!(
                        %error,
                        "the journal cannot be written; sessions would not survive a crash"
                    );
                }
                let text = format!("sessions would not survive a crash: {error}");
                self.shared.troubles.set(trouble, text);
            }
        }
    }

    /// Starts a new segment when the current one is full, and discards those nobody can need.
    pub(super) fn rotate_journal(&mut self) {
        // A segment is a few times larger than its snapshot, so that snapshots of very many
        // sessions do not become most of what is written.
        let full = self.shared.config.replay.segment_bytes;
        let full = full.max(self.recorder.snapshot_bytes.saturating_mul(SNAPSHOT_SHARE));
        if self.recorder.journal.segment_bytes() < full {
            return;
        }
        if let Err(error) = self.recorder.journal.rotate() {
            return tracing::debug!(%error, "the journal cannot begin a new segment");
        }
        self.snapshot();
        if let Err(error) = self.discard_segments() {
            tracing::warn!(%error, "old segments of the journal cannot be removed");
        }
    }

    fn discard_segments(&mut self) -> io::Result<()> {
        let (kept, each) = (self.replay.bytes() as u64, self.shared.config.replay.segment_bytes);
        // The log's bytes lie in this many segments, besides the one that begins now.
        let needed = usize::try_from(kept / each.max(1)).unwrap_or(usize::MAX).saturating_add(2);
        self.recorder.journal.discard(needed.saturating_add(1))
    }

    /// Writes down all sessions as they are at the end of the log.
    pub(super) fn snapshot(&mut self) {
        let pending = pending(&self.replay, self.sent);
        self.recorder.begin(SNAPSHOT);
        self.recorder.finish();
        let told: Vec<(GuildId, u64)> = self.told().collect();
        for (guild, sequence) in told {
            self.recorder.told(guild, sequence);
        }
        let Self { recorder, sessions, .. } = self;
        for (key, session) in sessions.iter() {
            let slot = Slot::try_from(key).unwrap_or(Slot::MAX);
            let ahead = pending.get(&slot).copied().unwrap_or(0);
            recorder.open(
                slot,
                &SessionRecord {
                    id: session.id,
                    identity: Identity::clone(&session.identity),
                    guilds: session.guilds.clone(),
                    sequence: session.sequence + ahead,
                    bound: session.past.bound(),
                },
            );
        }
        self.recorder.snapshot_bytes = self.recorder.journal.segment_bytes();
    }
}

/// Counts what each session was promised but not passed yet.
fn pending(replay: &Replay, sent: u64) -> HashMap<Slot, u32> {
    let mut counts = HashMap::new();
    for (_, entry) in replay.range(sent, replay.end()) {
        match &entry.to {
            Recipients::One(slot) => *counts.entry(*slot).or_default() += 1,
            Recipients::Many(slots) => {
                for slot in slots {
                    *counts.entry(slot).or_default() += 1;
                }
            }
        }
    }
    counts
}

fn write_recipients(record: &mut Vec<u8>, to: &Recipients) {
    match to {
        Recipients::One(slot) => {
            record.push(0);
            record.extend_from_slice(&slot.to_le_bytes());
        }
        Recipients::Many(slots) => {
            let mut slots = slots.clone();
            // Sessions of one guild mostly have neighbouring slots, so runs make the record small.
            slots.optimize();
            record.push(1);
            let bytes = u32::try_from(slots.serialized_size()).unwrap_or(u32::MAX);
            record.extend_from_slice(&bytes.to_le_bytes());
            let written = slots.serialize_into(&mut *record);
            debug_assert!(written.is_ok(), "memory takes any write");
        }
    }
}

/// Reads what [`Recorder::dispatch`] wrote about recipients, and returns the rest.
pub(crate) fn read_recipients(bytes: &[u8]) -> Option<(Recipients, &[u8])> {
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
