//! Reads journals after a restart: which sessions there were, and what they were sent.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::wire::{Body, Segment};

use super::record::{
    BATCH, DISPATCH, END, OPEN, SETTLED, SINCE, SNAPSHOT, STATE, SessionRecord, StateRecord, TOLD,
    read_recipients,
};
use crate::replay::{Recipients, Slot};

/// What one journal tells.
#[derive(Debug)]
pub struct Story {
    /// Sessions by their old slots.
    pub(super) sessions: BTreeMap<Slot, OldSession>,
    /// Dispatches in order.
    pub(super) dispatches: Vec<OldDispatch>,
    /// Place in each guild's sequence up to which its sessions were told.
    pub(super) told: BTreeMap<GuildId, u64>,
    /// Sessions that their guild had to take back, and up to where those were told.
    absent: BTreeMap<GuildId, Vec<(u64, RoaringBitmap)>>,
    /// Nothing is missing since the last snapshot, or the beginning.
    certain: bool,
    unread: u64,
}

impl Default for Story {
    fn default() -> Self {
        let (sessions, told) = (BTreeMap::new(), BTreeMap::new());
        let absent = BTreeMap::new();
        Self { sessions, dispatches: Vec::new(), told, absent, certain: true, unread: 0 }
    }
}

/// A session that was alive at the end of the journal.
#[derive(Clone, Debug)]
pub(super) struct OldSession {
    /// Its sequence is the one after the last dispatch.
    pub(super) record: SessionRecord,
    /// Dispatches before this index are of an older session with the slot.
    pub(super) opened: usize,
}

/// A dispatch.
#[derive(Clone, Debug)]
pub(super) struct OldDispatch {
    pub(super) kind: EventKind,
    pub(super) guild: Option<GuildId>,
    pub(super) sequence: u64,
    /// `None` when it was counted but not kept.
    pub(super) body: Option<Body>,
    pub(super) to: Recipients,
}

/// After a gap, or a record that cannot be read, nothing is certain until the next snapshot:
/// sessions that are not in it are gone, and the others begin there.
impl Story {
    /// Reads the next record.
    pub fn read(&mut self, record: &[u8]) {
        if !self.certain && record.first() == Some(&SNAPSHOT) {
            *self = Self { unread: self.unread, ..Self::default() };
        }
        if self.certain && self.take(record).is_none() {
            self.unread += 1;
            self.certain = false;
        }
    }

    /// Notes that records are missing here.
    pub const fn gap(&mut self) {
        self.certain = false;
    }

    /// Ends it: what is not certain by now is forgotten.
    #[must_use]
    pub fn finish(self) -> Self {
        if self.certain { self } else { Self { unread: self.unread, ..Self::default() } }
    }

    /// Returns how many records could not be read, after which nothing was certain.
    #[must_use]
    pub const fn unread(&self) -> u64 {
        self.unread
    }

    /// Tells whether what it says fits together, whatever it was read from: no session begins after
    /// the end, and guilds have told what was sent.
    #[must_use]
    pub fn fits_together(&self) -> bool {
        let begun = |session: &OldSession| session.opened <= self.dispatches.len();
        let told = |dispatch: &OldDispatch| {
            let of = |guild| self.told.get(&guild).is_some_and(|told| *told >= dispatch.sequence);
            dispatch.guild.is_none_or(of)
        };
        self.sessions.values().all(begun) && self.dispatches.iter().all(told)
    }

    /// Returns up to where a session was told of a guild; `None` when that is not known.
    pub(super) fn told(&self, guild: GuildId, slot: Slot) -> Option<u64> {
        let mut absent = self.absent.get(&guild).into_iter().flatten().rev();
        let since = absent.find(|(_, slots)| slots.contains(slot)).map(|(since, _)| *since);
        since.or_else(|| self.told.get(&guild).copied())
    }

    fn take(&mut self, record: &[u8]) -> Option<()> {
        let (tag, rest) = record.split_first()?;
        match *tag {
            OPEN => self.open(rest),
            END => {
                let slot = read_u32(rest)?.0;
                self.sessions.remove(&slot);
                self.absent.values_mut().flatten().for_each(|(_, slots)| _ = slots.remove(slot));
                Some(())
            }
            SINCE => {
                let (guild, rest) = read_u64(rest)?;
                let (since, rest) = read_u64(rest)?;
                let slots = slots(&read_recipients(rest)?.0);
                self.absent.entry(GuildId::new(guild)).or_default().push((since, slots));
                Some(())
            }
            SETTLED => {
                let (guild, rest) = read_u64(rest)?;
                let settled = slots(&read_recipients(rest)?.0);
                let absent = self.absent.get_mut(&GuildId::new(guild));
                absent.into_iter().flatten().for_each(|(_, slots)| *slots -= &settled);
                Some(())
            }
            STATE => self.state(rest),
            TOLD => {
                let (guild, rest) = read_u64(rest)?;
                self.tell(GuildId::new(guild), read_u64(rest)?.0);
                Some(())
            }
            DISPATCH => self.dispatch(rest),
            BATCH => self.batch(rest),
            // A snapshot repeats what is known.
            SNAPSHOT => Some(()),
            _ => None,
        }
    }

    fn batch(&mut self, mut rest: &[u8]) -> Option<()> {
        while !rest.is_empty() {
            let (length, after) = read_u32(rest)?;
            let (record, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            self.take(record)?;
            rest = after;
        }
        Some(())
    }

    fn open(&mut self, rest: &[u8]) -> Option<()> {
        let (slot, json) = read_u32(rest)?;
        let record: SessionRecord = serde_json::from_slice(json).ok()?;
        let opened = match self.sessions.get(&slot) {
            Some(known) if known.record.id == record.id => known.opened,
            _ => self.dispatches.len(),
        };
        self.sessions.insert(slot, OldSession { record, opened });
        Some(())
    }

    fn state(&mut self, rest: &[u8]) -> Option<()> {
        let (slot, json) = read_u32(rest)?;
        let state: StateRecord = serde_json::from_slice(json).ok()?;
        if let Some(session) = self.sessions.get_mut(&slot) {
            session.record.identity = state.identity;
            session.record.guilds = state.guilds;
            session.record.bound = state.bound;
        }
        Some(())
    }

    fn tell(&mut self, guild: GuildId, sequence: u64) {
        let told = self.told.entry(guild).or_default();
        *told = (*told).max(sequence);
    }

    fn dispatch(&mut self, rest: &[u8]) -> Option<()> {
        let (kind, rest) = rest.split_first()?;
        let kind = *EventKind::ALL.get(usize::from(*kind))?;
        let (guild, rest) = read_u64(rest)?;
        let (sequence, rest) = read_u64(rest)?;
        let (to, text) = read_recipients(rest)?;
        let guild = (guild != 0).then(|| GuildId::new(guild));
        if let Some(guild) = guild {
            self.tell(guild, sequence);
        }
        let to = self.known(to);
        for slot in slots(&to) {
            if let Some(session) = self.sessions.get_mut(&slot) {
                session.record.sequence = session.record.sequence.saturating_add(1);
                if kind == EventKind::GuildCreate {
                    let mut memberships = session.record.guilds.iter_mut();
                    let welcomed = memberships.find(|m| Some(m.guild) == guild);
                    welcomed.into_iter().for_each(|membership| membership.welcomed = true);
                }
            }
        }
        let kept = (!text.is_empty()).then(|| Segment::new(text.to_vec()));
        let body = kept.map(|segment| Body::from_segments([segment]));
        self.dispatches.push(OldDispatch { kind, guild, sequence, body, to });
        Some(())
    }

    /// Leaves out whom nobody knows, where a damaged record names more than there are: four
    /// thousand million fit into a few bytes, and each would be looked at.
    fn known(&self, to: Recipients) -> Recipients {
        match to {
            Recipients::Many(slots) if slots.len() > self.sessions.len() as u64 => {
                let known = self.sessions.keys().copied().filter(|slot| slots.contains(*slot));
                Recipients::Many(known.collect())
            }
            to => to,
        }
    }
}

pub(super) fn slots(to: &Recipients) -> RoaringBitmap {
    match to {
        Recipients::One(slot) => RoaringBitmap::from_iter([*slot]),
        Recipients::Many(slots) => slots.clone(),
    }
}

fn read_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

fn read_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}
