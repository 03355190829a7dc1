//! Links that are behind: they read on from the log when they take more.

use std::time::Duration;

use smallvec::SmallVec;
use throng_proto::wire::Dispatch;

use super::behind::Lag;
use super::frames::{BATCH, lane};
use super::{Deck, Line, Refusal, Session};
use crate::mode::Mode;
use crate::planted::{self, Planted};
use crate::policy::{Lag as Verdict, LagFacts};
use crate::replay::{Position, Replay, Slot};

/// Entries of the log that one session is offered in its turn, whether they are for it or not.
const LOOKS: u64 = 4_096;
/// How long an acknowledged dispatch is kept all the same.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// How far a session that was behind has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaughtUp {
    /// It has everything, or as much as its link takes.
    Everything,
    /// There is more, but others have their turn first.
    Part,
    /// What it misses is gone.
    Lost,
}

/// Frames with their places, as many as fit into one call.
type Frames<'a> = SmallVec<[(Position, Dispatch<'a>); BATCH]>;

impl<L: Line> Deck<L> {
    /// Notes what a link did not take: everything after `taken`, the last sequence it took.
    pub(super) fn fall_behind(&mut self, slot: Slot, mut lag: Lag, taken: u32) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let skipped = taken + u32::from(planted::has(Planted::LagForgetsFirst));
        lag.skip(&self.log, slot, session.opened, skipped);
        session.lag = Some(Box::new(lag));
        self.counts.lagging += 1;
    }

    /// Sends a session that is behind what its link now takes.
    pub fn catch_up(&mut self, slot: Slot) -> CaughtUp {
        let end = self.visited_end(slot);
        let Self { sessions, log, counts, .. } = self;
        let Some(session) = sessions.get_mut(slot) else { return CaughtUp::Lost };
        let Some(line) = session.line.clone() else { return CaughtUp::Lost };
        let mut looks = 0;
        while let Some(mut lag) = session.lag.take() {
            if lag.sequence == session.sequence {
                counts.lagging -= 1;
                break;
            }
            let frames = match looks {
                ..LOOKS => session.read_on((slot, end), log, &mut lag, &mut looks),
                _ => Err(CaughtUp::Part),
            };
            let lag = session.lag.insert(lag);
            let frames = match frames {
                Ok(frames) => frames,
                Err(caught_up) => return caught_up,
            };
            let offered: SmallVec<[Dispatch<'_>; BATCH]> =
                frames.iter().map(|(_, dispatch)| *dispatch).collect();
            let taken = line.offer(&offered).unwrap_or(0);
            let repeats = 1 + usize::from(planted::has(Planted::LagRepeatsLast));
            counts.frames += taken as u64;
            if let Some((position, dispatch)) =
                taken.checked_sub(repeats).and_then(|i| frames.get(i))
            {
                lag.position = position.after(1);
                lag.sequence = dispatch.sequence;
            }
            if taken < frames.len() {
                return CaughtUp::Everything;
            }
        }
        CaughtUp::Everything
    }

    /// Asks the policy about a link that is over its bound, once.
    pub(super) fn judge(&mut self, slot: Slot) {
        let (events_max, bytes_max) = (self.config.lag_events_max, self.config.lag_bytes_max);
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let Some(lag) = &mut session.lag else { return };
        let over = lag.events > events_max || lag.bytes > bytes_max;
        let hard = lag.bytes > bytes_max.saturating_mul(2);
        if !over || (lag.judged && !hard) {
            return;
        }
        lag.judged = true;
        let behind = LagFacts { events: lag.events, bytes: lag.bytes };
        let facts = session.identity.facts();
        self.refuse(Refusal::Lag, 1);
        match self.policy.lag(self.now.wall, &facts, &behind) {
            Verdict::Conflate if !hard => self.set_modes(slot, Mode::Conflated),
            Verdict::Passive if !hard => self.set_modes(slot, Mode::Passive),
            _ => self.give_up_line(slot),
        }
    }

    /// Gives up what a session alone got, has received, and will not ask for again: a client that
    /// acknowledges may still lose its state within moments and resume from before.
    pub fn acknowledge(&mut self, slot: Slot, sequence: u64) {
        let Self { sessions, log, now, .. } = self;
        let Some(session) = sessions.get_mut(slot) else { return };
        let Some(unacknowledged) = &mut session.own else { return };
        unacknowledged.0.retain(|(own, position)| {
            let at_once = planted::has(Planted::AcknowledgedAtOnce);
            let old = log.entry(*position).is_none_or(|e| now.at.since(e.at) > KEPT_FOR);
            let known = u64::from(*own) <= sequence && (old || at_once);
            if known {
                log.acknowledge(*position);
            }
            !known
        });
        if unacknowledged.0.is_empty() {
            session.own = None;
        }
    }
}

impl<L> Session<L> {
    /// Looks at some more entries of the log, up to `end`, for what the link misses; there is
    /// something.
    fn read_on<'a>(
        &self,
        (slot, end): (Slot, Position),
        log: &'a Replay,
        lag: &mut Lag,
        looks: &mut u64,
    ) -> Result<Frames<'a>, CaughtUp> {
        if lag.position < log.start() {
            // What is gone may all have been for others.
            let missing = self.sequence - lag.sequence;
            let from = log.rewind(slot, self.opened, end, missing);
            lag.position = from.ok_or(CaughtUp::Lost)?;
        }
        let stop = lag.position.after(LOOKS);
        let mut frames = Frames::new();
        let mut sequence = lag.sequence;
        for (position, entry) in log.range(lag.position, stop) {
            *looks += 1;
            if sequence == self.sequence || frames.len() == BATCH {
                break;
            }
            if entry.to.contains(slot) && position >= self.opened {
                sequence += 1;
                let body = entry.body.as_ref().ok_or(CaughtUp::Lost)?;
                frames.push((position, Dispatch { sequence, lane: lane(entry), body }));
            }
        }
        if !frames.is_empty() {
            return Ok(frames);
        }
        lag.position = stop;
        Err(if stop < log.end() { CaughtUp::Part } else { CaughtUp::Lost })
    }
}
