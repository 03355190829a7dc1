//! Passes over sessions: what was appended to the log goes out, a session at a time.
//!
//! A pass takes every entry that is not sent yet and visits each recipient once, with all its
//! frames in one call. It runs in slices, so that reads, heartbeats and other guilds keep going. A
//! link that takes less than it is offered *lags*: it leaves the passes and reads on from the log
//! when it can.
//!
//! # Invariants
//!
//! - F1: a session gets its dispatches in the order of the log, each once.
//! - F2: nothing is written to a link before the journal has it.

use std::rc::Rc;
use std::time::Duration;

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use throng_engine::mode::Mode;
use throng_engine::policy::{Lag as LagVerdict, LagFacts};
use throng_engine::replay::{Entry, Position, Recipients, Slot};
use throng_ports::link::{Dispatch, Lane};
use throng_proto::close::CloseCode;
use throng_proto::event::{EventClass, EventKind};
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::{Local, Session, SessionRef, Worker};
use crate::clock;
use crate::metrics::Refused;

/// How long sessions are visited before other tasks of the worker, and other threads, get a turn.
const SLICE: Duration = Duration::from_micros(200);
/// When events come together, a pass waits for the last of them, but not for more than this part of
/// the time that the last one took: 6 %.
const GATHER_SHARE: u32 = 16;
/// When nothing has come for as long, nothing more is expected. The runtime's clock is no finer.
const GAP: Duration = Duration::from_millis(1);
/// Sessions visited between two looks at the clock.
const STRIDE: usize = 32;
/// Frames handed to a link in one call.
const BATCH: usize = 64;
/// Entries of the log that one session is offered in its turn, whether they are for it or not.
const LOOKS: u64 = 4_096;
/// How long an acknowledged dispatch is kept all the same.
const KEPT_FOR: Duration = Duration::from_secs(30);

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

/// What links took in one slice.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    writes: u64,
    frames: u64,
}

/// How far a link is behind its session.
#[derive(Clone, Debug)]
pub(crate) struct Lag {
    /// First entry that the link may not have.
    position: Position,
    /// Sequence of the last dispatch that the link took.
    sequence: u32,
    /// Dispatches since it fell behind.
    events: u32,
    /// Bytes of those dispatches.
    bytes: usize,
    /// The policy was asked already.
    judged: bool,
}

impl Lag {
    /// Begins at a place in the log after `sequence`.
    pub(crate) const fn from(position: Position, sequence: u32) -> Self {
        Self { position, sequence, events: 0, bytes: 0, judged: false }
    }
}

/// How far a session that was behind has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaughtUp {
    /// It has everything, or as much as its link takes.
    Everything,
    /// There is more, but others have their turn first.
    Part,
    /// What it misses is gone.
    Lost,
}

/// A dispatch on its way into the log.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) kind: EventKind,
    pub(crate) guild: Option<GuildId>,
    /// Place in the guild's sequence, 0 for none.
    pub(crate) sequence: u64,
    pub(crate) body: Body,
    pub(crate) to: Recipients,
}

/// Runs passes as long as there is something to send.
pub(super) async fn passes(local: Local) {
    let (work, passed) = {
        let worker = local.borrow();
        (Rc::clone(&worker.work), Rc::clone(&worker.passed))
    };
    let mut patience = Duration::ZERO;
    loop {
        if local.borrow().is_idle() {
            work.notified().await;
            continue;
        }
        gather(&local, patience).await;
        let entries = local.borrow_mut().begin_pass();
        let began = std::time::Instant::now();
        while local.borrow_mut().slice() {
            // Guilds and stores get the core for a moment, too, where there are few.
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
        passed.notify_waiters();
        // Where one pass has carried many events, those that come next come together, too: one
        // pass carries them all if it does not begin with the first of them.
        patience = if entries > 1 { began.elapsed() / GATHER_SHARE } else { Duration::ZERO };
        tokio::task::yield_now().await;
    }
}

/// Waits as long as events keep coming, but not longer than `most`.
async fn gather(local: &Local, most: Duration) {
    let began = std::time::Instant::now();
    let mut seen = None;
    while began.elapsed() + GAP <= most {
        let end = local.borrow().replay.end();
        if seen.replace(end) == Some(end) {
            break;
        }
        tokio::time::sleep(GAP).await;
    }
}

impl Worker {
    /// Appends a dispatch to the log and the journal; the next pass sends it.
    pub(crate) fn append(&mut self, outgoing: Outgoing) {
        let count = outgoing.to.count();
        if count == 0 {
            return;
        }
        self.recorder.dispatch(&outgoing);
        let Outgoing { kind, guild, body, to, .. } = outgoing;
        self.metrics().deliveries[kind as usize].add(count);
        if let Some(guild) = guild {
            *self.heard.entry(guild).or_default() += count;
        }
        self.replay.append(Entry { at: clock::now(), kind, guild, body: Some(body), to });
        self.work.notify_one();
    }

    /// Drops what nobody can ask for any more.
    pub(super) fn forget(&mut self) {
        self.replay.trim(clock::now(), self.sent);
    }

    /// Counts everything in the log as sent: it was, before the restart.
    pub(crate) fn all_sent(&mut self) {
        self.sent = self.replay.end();
    }

    /// Appends a dispatch for one session, if it is still there.
    pub(crate) fn own(
        &mut self,
        session: SessionRef,
        kind: EventKind,
        guild: Option<GuildId>,
        body: Body,
    ) {
        if self.session_mut(session).is_some() {
            let to = Recipients::One(session.slot);
            self.append(Outgoing { kind, guild, sequence: 0, body, to });
        }
    }

    /// Tells whether everything was sent.
    fn is_idle(&self) -> bool {
        self.sent == self.replay.end()
    }

    /// Begins a pass over everything that was appended since the last one, and returns how many
    /// entries that is.
    fn begin_pass(&mut self) -> u64 {
        let (start, end) = (self.sent, self.replay.end());
        self.rotate_journal();
        self.flush_journal();
        let mut todo = RoaringBitmap::new();
        for (_, entry) in self.replay.range(start, end) {
            match &entry.to {
                Recipients::One(slot) => {
                    todo.insert(*slot);
                }
                Recipients::Many(slots) => todo |= slots,
            }
        }
        self.pass = Some(Pass { start, end, todo, next: 0 });
        end - start
    }

    /// Visits the next few sessions. `false` when the pass is over.
    fn slice(&mut self) -> bool {
        let began = std::time::Instant::now();
        let mut tally = Tally::default();
        let mut over = false;
        while !over && began.elapsed() < SLICE {
            let Some(pass) = &mut self.pass else { return false };
            let (start, end) = (pass.start, pass.end);
            // One by one: to say how many are left, as a collection asks, takes longer.
            let mut slots: SmallVec<[Slot; STRIDE]> = SmallVec::new();
            pass.todo.range(pass.next..).take(STRIDE).for_each(|slot| slots.push(slot));
            pass.next = slots.last().map_or(pass.next, |last| last.saturating_add(1));
            over = slots.len() < STRIDE;
            self.touch(&slots);
            for slot in slots {
                self.advance(slot, start, end, &mut tally);
            }
        }
        self.count(tally);
        if over {
            let end = self.pass.as_ref().map_or(self.sent, |pass| pass.end);
            self.time_deliveries(self.sent, end);
            self.sent = end;
            self.pass = None;
            self.replay.trim(clock::now(), end);
            self.metrics().passes.add(1);
        }
        let spent = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.metrics().pass_nanos.add(spent);
        !over
    }

    /// Looks at sessions and their links before they are visited, so that the processor fetches all
    /// of them from memory at once: between two visits the kernel leaves nothing in its caches.
    fn touch(&self, slots: &[Slot]) {
        for slot in slots {
            let session = self.sessions.get(*slot as usize);
            let link = session.and_then(|session| session.link.as_ref());
            std::hint::black_box(link.is_some_and(|link| link.is_blocked()));
        }
    }

    /// Counts how long entries took to be sent, once for each and not once for each session.
    fn time_deliveries(&self, start: Position, end: Position) {
        let now = clock::now();
        for (_, entry) in self.replay.range(start, end) {
            self.metrics().delivery.observe_many(now.since(entry.at), entry.to.count());
        }
    }

    /// Counts what a slice handed over, once for all its sessions.
    fn count(&self, tally: Tally) {
        self.metrics().writes.add(tally.writes);
        self.metrics().frames.add(tally.frames);
    }

    /// Visits one session ahead of its turn, so that its sequence is up to date.
    pub(crate) fn visit_now(&mut self, slot: Slot) {
        if let Some(pass) = self.pass.as_mut().filter(|pass| !pass.has_visited(slot)) {
            pass.todo.remove(slot);
            let (start, end) = (pass.start, pass.end);
            let mut tally = Tally::default();
            self.advance(slot, start, end, &mut tally);
            self.count(tally);
        }
    }

    /// Returns the place up to which a session was visited.
    pub(crate) fn visited_end(&self, slot: Slot) -> Position {
        match &self.pass {
            Some(pass) if pass.has_visited(slot) => pass.end,
            _ => self.sent,
        }
    }

    /// Gives a session its entries between two places.
    fn advance(&mut self, slot: Slot, start: Position, end: Position, tally: &mut Tally) {
        let Self { sessions, replay, .. } = self;
        let Some(session) = sessions.get_mut(slot as usize) else { return };
        let mut frames: SmallVec<[Dispatch<'_>; BATCH]> = SmallVec::new();
        let mut first = end;
        let mut bytes = 0;
        for (position, entry) in replay.range(start.max(session.opened), end) {
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
        let Some(link) = &session.link else { return };
        if let Some(lag) = &mut session.lag {
            lag.bytes += bytes;
            lag.events += u32::try_from(frames.len()).unwrap_or(u32::MAX);
            drop(frames);
            return self.judge(slot);
        }
        let taken = link.send(&frames);
        link.flush_if_blocked();
        let before = session.sequence - u32::try_from(frames.len()).unwrap_or(0);
        drop(frames);
        tally.writes += 1;
        match taken {
            Ok(taken) => {
                tally.frames += taken as u64;
                let taken = before + u32::try_from(taken).unwrap_or(0);
                self.fall_behind(slot, Lag { bytes, ..Lag::from(first, before) }, taken);
            }
            // The read side notices as well, and takes the link away.
            Err(error) => tracing::debug!(%error, slot, "a link is gone"),
        }
    }

    /// Notes what a link did not take: everything after `taken`, the last sequence it took.
    fn fall_behind(&mut self, slot: Slot, mut lag: Lag, taken: u32) {
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        if taken >= session.sequence {
            return;
        }
        skip(&mut lag, &self.replay, slot, session, taken);
        session.lag = Some(Box::new(lag));
        self.metrics().lagging.add(1);
    }

    /// Sends a lagging session what its link now takes.
    pub(super) fn catch_up(&mut self, slot: Slot) -> CaughtUp {
        let end = self.visited_end(slot);
        let Self { sessions, replay, .. } = self;
        let Some(session) = sessions.get_mut(slot as usize) else { return CaughtUp::Lost };
        let Some(link) = session.link.clone() else { return CaughtUp::Lost };
        let mut looks = 0;
        while let Some(lag) = &mut session.lag {
            if lag.position < replay.start() {
                // What is gone may all have been for others.
                let missing = session.sequence - lag.sequence;
                let Some(position) = replay.rewind(slot, session.opened, end, missing) else {
                    return CaughtUp::Lost;
                };
                lag.position = position;
            }
            let stop = lag.position + LOOKS;
            if looks >= LOOKS {
                return CaughtUp::Part;
            }
            let mut frames: SmallVec<[(Position, Dispatch<'_>); BATCH]> = SmallVec::new();
            let mut sequence = lag.sequence;
            for (position, entry) in replay.range(lag.position, stop) {
                looks += 1;
                if sequence == session.sequence || frames.len() == BATCH {
                    break;
                }
                if entry.to.contains(slot) && position >= session.opened {
                    sequence += 1;
                    let Some(body) = &entry.body else { return CaughtUp::Lost };
                    frames.push((position, Dispatch { sequence, lane: lane(entry), body }));
                }
            }
            if frames.is_empty() {
                if lag.sequence < session.sequence {
                    let more = stop < replay.end();
                    lag.position = stop;
                    return if more { CaughtUp::Part } else { CaughtUp::Lost };
                }
                session.lag = None;
                self.shared.metrics.workers[self.index].lagging.sub(1);
                break;
            }
            let offered: SmallVec<[Dispatch<'_>; BATCH]> =
                frames.iter().map(|(_, dispatch)| *dispatch).collect();
            let taken = link.send(&offered).unwrap_or(0);
            link.flush_if_blocked();
            self.shared.metrics.workers[self.index].frames.add(taken as u64);
            if let Some((position, dispatch)) =
                taken.checked_sub(1).and_then(|last| frames.get(last))
            {
                lag.position = position + 1;
                lag.sequence = dispatch.sequence;
            }
            if taken < frames.len() {
                return CaughtUp::Everything;
            }
        }
        CaughtUp::Everything
    }

    /// Asks the policy about a link that is over its bound, once.
    fn judge(&mut self, slot: Slot) {
        let limits = &self.shared.config.limits;
        let (events_max, bytes_max) = (limits.lag_events_max, limits.lag_bytes_max);
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        let Some(lag) = &mut session.lag else { return };
        let over = lag.events > events_max || lag.bytes > bytes_max;
        let hard = lag.bytes > bytes_max.saturating_mul(2);
        if !over || (lag.judged && !hard) {
            return;
        }
        lag.judged = true;
        self.shared.metrics.refuse(Refused::Lag);
        let behind = LagFacts { events: lag.events, bytes: lag.bytes };
        let facts = session.identity.facts();
        let verdict = self.shared.policy.lag(clock::wall(), &facts, &behind);
        match verdict {
            LagVerdict::Conflate if !hard => self.set_modes(slot, Mode::Conflated),
            LagVerdict::Passive if !hard => self.set_modes(slot, Mode::Passive),
            _ => self.close_slow(slot),
        }
    }

    pub(super) fn close_slow(&mut self, slot: Slot) {
        let link = self.sessions.get(slot as usize).and_then(|session| session.link.clone());
        let Some(link) = link else { return };
        self.tell_slow(&link, slot);
        link.abort(CloseCode::UnknownError, "Too slow: resume to go on.");
        self.detach_link(slot);
    }

    /// Gives up what a session alone got, has received, and will not ask for again: a client that
    /// acknowledges may still lose its state within moments and resume from before.
    pub(crate) fn acknowledge(&mut self, slot: Slot, sequence: u64) {
        let Self { sessions, replay, .. } = self;
        let Some(session) = sessions.get_mut(slot as usize) else { return };
        let now = clock::now();
        let Some(unacknowledged) = &mut session.own else { return };
        unacknowledged.0.retain(|(own, position)| {
            let old = replay.entry(*position).is_none_or(|e| now.since(e.at) > KEPT_FOR);
            let known = u64::from(*own) <= sequence && old;
            if known {
                replay.acknowledge(*position);
            }
            !known
        });
        if unacknowledged.0.is_empty() {
            session.own = None;
        }
    }
}

/// Says what an entry must keep in order with.
fn lane(entry: &Entry) -> Lane {
    match (entry.guild, entry.kind.class()) {
        (None, _) => Lane::Session,
        (Some(guild), EventClass::Typing | EventClass::Presence) => Lane::Ephemeral(guild),
        (Some(guild), _) => Lane::Guild(guild),
    }
}

/// Moves a lag past what its link took.
fn skip(
    lag: &mut Lag,
    replay: &throng_engine::replay::Replay,
    slot: Slot,
    session: &Session,
    taken: u32,
) {
    for (position, entry) in replay.range(lag.position, Position::MAX) {
        if lag.sequence == taken {
            break;
        }
        if position >= session.opened && entry.to.contains(slot) {
            lag.sequence += 1;
            lag.position = position + 1;
        }
    }
}
