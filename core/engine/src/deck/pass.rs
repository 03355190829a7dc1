//! The log, and passes over sessions: what was appended goes out, a session at a time.
//!
//! A pass takes every entry that is not sent yet and visits each recipient once, with all its
//! frames in one call. It runs in slices, so that reads, heartbeats and other guilds keep going. A
//! link that takes less than it is offered *lags*: it leaves the passes and reads on from the log
//! when it can.

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::wire::{Body, Dispatch};

use super::behind::Lag;
use super::events::Outgoing;
use super::frames::{BATCH, lane};
use super::{Deck, Line, SessionRef};
use crate::planted::{self, Planted};
use crate::replay::{Entry, Position, Recipients, Slot};

/// Entries that may wait for a pass before no more should be caused.
pub const AHEAD_MAX: u64 = 4_096;
/// Sessions visited in one call at most: as many as the processor fetches from memory at once.
pub const STRIDE_MAX: usize = 32;

/// A pass under way.
#[derive(Debug)]
pub(super) struct Pass {
    start: Position,
    end: Position,
    /// Recipients; those below `next` were visited, and so were those that are missing.
    todo: RoaringBitmap,
    next: Slot,
}

impl Pass {
    fn has_visited(&self, slot: Slot) -> bool {
        slot < self.next || !self.todo.contains(slot)
    }
}

/// Entries that a pass has carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The first of them.
    pub start: Position,
    /// The place after the last one.
    pub end: Position,
}

impl<L: Line> Deck<L> {
    /// Appends a dispatch to the log and the journal; the next pass sends it.
    pub(super) fn append(&mut self, outgoing: Outgoing) {
        let count = outgoing.to.count();
        if count == 0 {
            return;
        }
        if !planted::has(Planted::RecordMissing) || outgoing.kind != EventKind::MessageUpdate {
            self.records.dispatch(&outgoing);
        }
        let Outgoing { kind, guild, body, to, .. } = outgoing;
        self.counts.deliveries[kind as usize] += count;
        if let Some(guild) = guild {
            *self.heard.entry(guild).or_default() += count;
        }
        self.log.append(Entry { at: self.now.at, kind, guild, body: Some(body), to });
    }

    /// Appends a dispatch for one session, if it is still there.
    pub fn own(
        &mut self,
        session: SessionRef,
        kind: EventKind,
        guild: Option<GuildId>,
        body: Body,
    ) {
        if self.find(session).is_some() {
            let to = Recipients::One(session.slot);
            self.append(Outgoing { kind, guild, sequence: 0, body, to });
        }
    }

    /// Tells whether everything was sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ahead() == 0
    }

    /// Returns how many entries of the log wait for a pass.
    #[must_use]
    pub fn ahead(&self) -> u64 {
        self.log.end().since(self.sent)
    }

    /// Begins a pass over everything that was appended since the last one, and returns how many
    /// entries that is. Their records must be in the journal by now.
    pub fn begin_pass(&mut self) -> u64 {
        debug_assert!(self.records.is_empty(), "F2: records are taken before a pass begins");
        let (start, end) = (self.sent, self.log.end());
        let mut todo = RoaringBitmap::new();
        for (_, entry) in self.log.range(start, end) {
            match &entry.to {
                Recipients::One(slot) => {
                    todo.insert(*slot);
                }
                Recipients::Many(slots) => todo |= slots,
            }
        }
        self.pass = Some(Pass { start, end, todo, next: 0 });
        end.since(start)
    }

    /// Visits the next few sessions. `false` when the pass has visited all.
    pub fn pass(&mut self) -> bool {
        let Some(pass) = &mut self.pass else { return false };
        let (start, end) = (pass.start, pass.end);
        // One by one: to say how many are left, as a collection asks, takes longer.
        let stride = self.config.stride.clamp(1, STRIDE_MAX);
        let mut slots: SmallVec<[Slot; STRIDE_MAX]> = SmallVec::new();
        pass.todo.range(pass.next..).take(stride).for_each(|slot| slots.push(slot));
        pass.next = slots.last().map_or(pass.next, |last| last.saturating_add(1));
        let more = slots.len() == stride;
        self.touch(&slots);
        for slot in slots {
            self.advance(slot, start, end);
        }
        more
    }

    /// Ends a pass that has visited all: what it carried counts as sent, but is kept until
    /// [`Deck::forget`].
    pub fn end_pass(&mut self) -> Option<Passed> {
        let Pass { start, end, .. } = self.pass.take()?;
        self.sent = end;
        self.counts.passes += 1;
        Some(Passed { start, end })
    }

    /// Drops what nobody can ask for any more.
    pub fn forget(&mut self) {
        self.log.trim(self.now.at, self.sent);
    }

    /// Looks at sessions and their links before they are visited, so that the processor fetches all
    /// of them from memory at once: between two visits the kernel leaves nothing in its caches.
    fn touch(&self, slots: &[Slot]) {
        for slot in slots {
            let line = self.sessions.get(*slot).and_then(|session| session.line.as_ref());
            std::hint::black_box(line.is_some_and(Line::is_blocked));
        }
    }

    /// Returns the place up to which a session was visited.
    pub(super) fn visited_end(&self, slot: Slot) -> Position {
        match &self.pass {
            Some(_) if planted::has(Planted::VisitedEndOld) => self.sent,
            Some(pass) if pass.has_visited(slot) => pass.end,
            _ => self.sent,
        }
    }

    /// Gives a session its entries between two places.
    fn advance(&mut self, slot: Slot, start: Position, end: Position) {
        let Self { sessions, log, counts, .. } = self;
        let Some(session) = sessions.get_mut(slot) else { return };
        let mut frames: SmallVec<[Dispatch<'_>; BATCH]> = SmallVec::new();
        let mut first = end;
        let mut bytes = 0;
        // What lies before it was opened is of an older session with its slot.
        let early = planted::has(Planted::CatchUpBeforeOpened);
        let opened = if early { Position::default() } else { session.opened };
        for (position, entry) in log.range(start.max(opened), end) {
            if !entry.to.contains(slot) {
                continue;
            }
            session.sequence += 1;
            first = first.min(position);
            if matches!(entry.to, Recipients::One(_)) {
                session.own.get_or_insert_default().0.push((session.sequence, position));
            }
            if let Some(body) = &entry.body {
                bytes += body.text_bytes();
                let (sequence, lane) = (session.sequence, lane(entry));
                frames.push(Dispatch { sequence, lane, body });
            }
        }
        if frames.is_empty() {
            return;
        }
        // Whoever waits for RESUME reads the same entries from the log then.
        let Some(line) = &session.line else { return };
        let offered = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        if let Some(lag) = &mut session.lag {
            lag.grow(offered, bytes);
            drop(frames);
            return self.judge(slot);
        }
        let taken = line.offer(&frames);
        let before = session.sequence - offered;
        drop(frames);
        counts.writes += 1;
        // Of a link that is gone the read side hears as well, and takes it away.
        let Some(taken) = taken else { return };
        counts.frames += taken as u64;
        let taken = before + u32::try_from(taken).unwrap_or(0);
        if taken < session.sequence {
            self.fall_behind(slot, Lag::new(first, before, bytes), taken);
        }
    }
}
