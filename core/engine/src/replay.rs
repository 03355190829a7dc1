//! What a worker sent lately, once for all its sessions.
//!
//! A session keeps no copy of what it was sent, only how much: its sequence. Entries name their
//! recipients, so the last `n` dispatches of a session are the last `n` entries that name it. A
//! session that lags or resumes reads on from its place in this log.
//!
//! # Invariants
//!
//! - R1: walking back from a session's sequence, each entry that names it has the next smaller one.
//! - R2: what is read for a session is byte for byte what was, or would have been, sent.
//! - R3: what single sessions get makes nobody lose what many got: it has a share of its own, and
//!   when that is full who has the most of it loses its oldest.

mod own;
mod position;

use std::collections::VecDeque;
use std::time::Duration;

use roaring::RoaringBitmap;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

pub use position::Position;

use crate::planted::{self, Planted};
use crate::time::Instant;

/// A session's place among those of its worker.
pub type Slot = u32;

/// Who gets an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Recipients {
    /// One session.
    One(Slot),
    /// Many.
    Many(RoaringBitmap),
}

/// A set of one is one session.
impl From<RoaringBitmap> for Recipients {
    fn from(all: RoaringBitmap) -> Self {
        match (all.len(), all.min()) {
            (1, Some(slot)) => Self::One(slot),
            _ => Self::Many(all),
        }
    }
}

impl Recipients {
    /// Tells whether a session is among them.
    #[must_use]
    pub fn contains(&self, slot: Slot) -> bool {
        match self {
            Self::One(one) => *one == slot,
            Self::Many(many) => many.contains(slot),
        }
    }

    /// Returns how many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len(),
        }
    }
}

/// One event as it was sent.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was appended.
    pub at: Instant,
    /// Kind, for metrics.
    pub kind: EventKind,
    /// Guild that it is about; `None` for what is the session's own.
    pub guild: Option<GuildId>,
    /// What was sent; `None` when everybody has acknowledged it and it was given up.
    pub body: Option<Body>,
    /// Who got it.
    pub to: Recipients,
}

/// Bounds of the log.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries for many sessions at most; those for one are at most as many again.
    pub entries_max: usize,
    /// Bytes of JSON at most.
    pub bytes_max: usize,
    /// Bytes of those that single sessions may have together when there is no room for all.
    pub own_bytes_max: usize,
    /// Age at most: as long as a session may be resumed.
    pub age_max: Duration,
}

/// The log.
#[derive(Debug)]
pub struct Replay {
    entries: VecDeque<Entry>,
    first: Position,
    bytes: usize,
    own: own::Own,
    /// Entries for many.
    shared: usize,
    /// When the last entry for many was made that was dropped before it was too old.
    lost: Option<Instant>,
    limits: Limits,
}

/// A walk back through the log, some entries at a time.
#[derive(Clone, Copy, Debug)]
pub struct Rewind {
    slot: Slot,
    opened: Position,
    position: Position,
    left: u32,
}

/// The log no longer has what a session misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl Replay {
    /// Makes an empty log.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            entries: VecDeque::new(),
            first: Position::START,
            bytes: 0,
            own: own::Own::default(),
            shared: 0,
            lost: None,
            limits,
        }
    }

    /// Appends an entry and returns its place.
    pub fn append(&mut self, entry: Entry) -> Position {
        let bytes = entry.body.as_ref().map_or(0, Body::text_bytes);
        self.bytes += bytes;
        match entry.to {
            Recipients::One(slot) if bytes > 0 => self.own.add(slot, self.end(), bytes),
            Recipients::One(_) => {}
            Recipients::Many(_) => self.shared += 1,
        }
        let place = self.end();
        self.entries.push_back(entry);
        place
    }

    /// Returns the place of the oldest entry that is still there.
    #[must_use]
    pub const fn start(&self) -> Position {
        self.first
    }

    /// Returns the place after the last entry.
    #[must_use]
    pub fn end(&self) -> Position {
        self.first.after(self.entries.len() as u64)
    }

    /// Returns where an entry is kept, unless it is dropped.
    fn index(&self, position: Position) -> Option<usize> {
        (position >= self.first).then(|| usize::try_from(position.since(self.first)).ok())?
    }

    /// Returns an entry.
    #[must_use]
    pub fn entry(&self, position: Position) -> Option<&Entry> {
        self.entries.get(self.index(position)?)
    }

    /// Iterates over the entries from `position` to `end`, with their places.
    pub fn range(
        &self,
        position: Position,
        end: Position,
    ) -> impl Iterator<Item = (Position, &Entry)> {
        let start = position.max(self.first);
        let skip =
            usize::try_from(start.since(self.first)).unwrap_or(usize::MAX).min(self.entries.len());
        let take = usize::try_from(end.since(start)).unwrap_or(usize::MAX);
        (start.value()..).map(Position::new).zip(self.entries.range(skip..)).take(take)
    }

    /// Finds where to read on so that `missing` dispatches of a session come again before `end`.
    ///
    /// `opened` is where the session began: its slot belonged to another one before. `None` when
    /// one of them is no longer there. Costs a walk back to the place.
    #[must_use]
    pub fn rewind(
        &self,
        slot: Slot,
        opened: Position,
        end: Position,
        missing: u32,
    ) -> Option<Position> {
        let mut rewind = Rewind { slot, opened, position: end, left: missing };
        self.step_back(&mut rewind, usize::MAX).ok().flatten()
    }

    /// Begins to find what [`Replay::rewind`] finds, for [`Replay::step_back`].
    #[must_use]
    pub const fn begin_rewind(slot: Slot, opened: Position, end: Position, missing: u32) -> Rewind {
        Rewind { slot, opened, position: end, left: missing }
    }

    /// Looks at some more entries. `None` when there are more to look at; new entries meanwhile
    /// change nothing.
    ///
    /// # Errors
    ///
    /// One of those that are missing is no longer there.
    pub fn step_back(&self, rewind: &mut Rewind, most: usize) -> Result<Option<Position>, Lost> {
        let mut looks = 0;
        while rewind.left > 0 {
            if looks == most {
                return Ok(None);
            }
            looks += 1;
            let position = rewind.position.before().filter(|place| *place >= rewind.opened);
            rewind.position = position.ok_or(Lost)?;
            let entry = self.entry(rewind.position).ok_or(Lost)?;
            if entry.to.contains(rewind.slot) {
                entry.body.as_ref().ok_or(Lost)?;
                rewind.left -= 1;
            }
        }
        let late = planted::has(Planted::RewindOffByOne) && looks > 0;
        Ok(Some(rewind.position.after(late.into())))
    }

    /// Gives up what one session alone got and has acknowledged.
    pub fn acknowledge(&mut self, position: Position) {
        self.give_up(position);
    }

    /// Gives up the body of an entry for one, and returns its bytes.
    fn give_up(&mut self, position: Position) -> usize {
        let entry = self.index(position).and_then(|index| self.entries.get_mut(index));
        let Some(Entry { body, to: Recipients::One(slot), .. }) = entry else { return 0 };
        let bytes = body.take().as_ref().map_or(0, Body::text_bytes);
        self.bytes -= bytes;
        self.own.remove(*slot, bytes);
        bytes
    }

    /// Makes room among what single sessions got before `keep`, if there is not room for all: the
    /// one that has the most gives up the oldest half. Each turn takes at least one place away.
    fn make_room(&mut self, keep: Position) {
        while self.bytes > self.limits.bytes_max && self.own.bytes() > self.limits.own_bytes_max {
            let Some((slot, mut places, half)) = self.own.heaviest(keep) else { return };
            let mut freed = 0;
            while freed < half {
                let Some(place) = places.pop_front_if(|place| *place < keep) else { break };
                freed += self.give_up(place);
            }
            self.own.give_back(slot, places);
        }
    }

    /// Tells whether there is more than room for; what single sessions have beyond their share, as
    /// they were not sent it yet, is not held against the others.
    fn is_large(&self) -> bool {
        let own = self.own.bytes();
        self.bytes - own + own.min(self.limits.own_bytes_max) > self.limits.bytes_max
    }

    /// Drops entries that are too old, too many or acknowledged, but none from `keep` on.
    ///
    /// Returns how many.
    pub fn trim(&mut self, now: Instant, keep: Position) -> usize {
        self.make_room(keep);
        let before = self.entries.len();
        while let Some(oldest) = self.entries.front() {
            let old = now.since(oldest.at) > self.limits.age_max;
            let max = self.limits.entries_max;
            let many = self.shared > max || self.entries.len() > max.saturating_mul(2);
            let large = self.is_large();
            // Nobody can ask for what its only recipient has acknowledged.
            let done = oldest.body.is_none() && matches!(oldest.to, Recipients::One(_));
            if self.first >= keep || !(old || many || large || done) {
                break;
            }
            let at = oldest.at;
            if let Recipients::One(_) = oldest.to {
                self.give_up(self.first);
            } else {
                self.bytes -= oldest.body.as_ref().map_or(0, Body::text_bytes);
                self.shared -= 1;
                self.lost = if old { self.lost } else { Some(at) };
            }
            self.entries.pop_front();
            self.first = self.first.after(1);
        }
        // What many sessions began with at once is mostly gone soon after.
        if self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        before - self.entries.len()
    }

    /// Returns for how long everything is kept that many sessions got: the age that was agreed,
    /// unless there was not room for that.
    #[must_use]
    pub fn window(&self, now: Instant) -> Duration {
        let lost = self.lost.map_or(Duration::MAX, |at| now.since(at));
        lost.min(self.limits.age_max)
    }

    /// Returns the bytes of JSON that the log keeps for single sessions.
    #[must_use]
    pub const fn own_bytes(&self) -> usize {
        self.own.bytes()
    }

    /// Returns how many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the bytes of JSON that the log keeps.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
