//! Which messages came, in which order, and who has them already.

use crate::clock::Moment;
use crate::mark::{Mark, digits};
use crate::order::Nature;

use super::Tally;

/// What a dispatch of a gateway begins with; its sequence follows.
pub(super) const SEQUENCE: &[u8] = b"{\"s\":";

/// Messages in the order in which somebody got them first.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    order: Vec<u32>,
    /// Steady sessions that have each.
    heard: Vec<u32>,
    /// Steady sessions that there are.
    audience: u32,
    done: u32,
}

/// How far one session is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// Its last sequence.
    pub(super) sequence: u32,
    /// How many messages it has.
    place: usize,
}

impl Ledger {
    pub(super) fn new(audience: usize) -> Self {
        Self { audience: u32::try_from(audience).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// Returns how many messages have reached everybody, if there are more than last time.
    pub(super) fn news(&mut self) -> Option<u32> {
        let before = self.done;
        while self.heard.get(self.done as usize).is_some_and(|heard| *heard >= self.audience) {
            self.done += 1;
        }
        (self.done > before).then_some(self.done)
    }

    /// Notes a message by its mark, and tells whether the payload has one.
    pub(super) fn note_message(
        &mut self,
        (cursor, nature): (&mut Cursor, Nature),
        payload: &[u8],
        now: Moment,
        tally: &mut Tally,
    ) -> bool {
        let Some(mark) = Mark::find(payload) else { return false };
        tally.deliveries += 1;
        match nature {
            Nature::Steady => {
                tally.latency.note(now.nanos_since(mark.sent));
                let place = self.place(cursor, mark, tally);
                self.heard[place] += 1;
            }
            Nature::Slow => {
                self.place(cursor, mark, tally);
            }
            Nature::Passive => {}
        }
        true
    }

    /// Moves a session on by one message, which must be the one that others got there.
    fn place(&mut self, cursor: &mut Cursor, mark: Mark, tally: &mut Tally) -> usize {
        let place = cursor.place;
        cursor.place += 1;
        match self.order.get(place) {
            Some(number) if *number == mark.number => {}
            Some(_) => tally.misplaced += 1,
            None => {
                self.order.push(mark.number);
                self.heard.push(0);
            }
        }
        place
    }
}

impl Cursor {
    /// Notes the sequence of a dispatch, which must be the next one.
    pub(super) fn note_sequence(&mut self, payload: &[u8], tally: &mut Tally) {
        let Some(rest) = payload.strip_prefix(SEQUENCE) else { return };
        let sequence = u32::try_from(digits(rest).0).unwrap_or(u32::MAX);
        match sequence.checked_sub(self.sequence + 1) {
            Some(0) => {}
            Some(between) => tally.lost += u64::from(between),
            None => tally.doubled += 1,
        }
        self.sequence = self.sequence.max(sequence);
    }
}
