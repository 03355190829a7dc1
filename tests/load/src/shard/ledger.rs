//! Which messages came, in which order, and who has them already.

use super::Tally;
use crate::clock::Moment;
use crate::mark::{Mark, digits};
use crate::order::Nature;

/// What a dispatch of a gateway begins with; its sequence follows.
pub(super) const SEQUENCE: &[u8] = b"{\"s\":";
/// READY and GUILD_CREATE, which come before the first message.
pub(super) const WELCOME_SEQUENCE: u32 = 2;

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
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(super) nature: Nature,
    /// Its last sequence.
    pub(super) sequence: u32,
    /// How many messages it has; nothing for one that does not get all of them.
    place: Option<u32>,
}

impl Ledger {
    pub(super) fn new(natures: impl Iterator<Item = Nature>) -> Self {
        let steady = natures.filter(|nature| *nature == Nature::Steady).count();
        Self { audience: u32::try_from(steady).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// Returns how many messages have reached everybody, if there are more than last time.
    pub(super) fn news(&mut self) -> Option<u32> {
        let before = self.done;
        while self.heard.get(self.done as usize).is_some_and(|heard| *heard >= self.audience) {
            self.done += 1;
        }
        (self.done > before).then_some(self.done)
    }

    /// Notes the messages in a payload by their marks, and returns how many there are.
    pub(super) fn note(
        &mut self,
        cursor: &mut Cursor,
        mut payload: &[u8],
        now: Moment,
        tally: &mut Tally,
    ) -> u32 {
        let mut found = 0;
        while let Some((mark, rest)) = Mark::find(payload) {
            found += 1;
            tally.deliveries += 1;
            self.order(cursor, mark, tally);
            if cursor.nature == Nature::Steady {
                tally.latency.note(now.nanos_since(mark.sent));
            }
            payload = rest;
        }
        found
    }

    /// Notes a message that is known by its sequence only.
    pub(super) fn count(&mut self, cursor: &mut Cursor, sequence: u32, tally: &mut Tally) {
        cursor.advance(sequence, tally);
        if let Some(place) = sequence.checked_sub(WELCOME_SEQUENCE + 1) {
            tally.deliveries += 1;
            self.hear(cursor, place);
        }
    }

    /// Moves a session on by one message, which must be the one that others got there.
    fn order(&mut self, cursor: &mut Cursor, mark: Mark, tally: &mut Tally) {
        let Some(place) = cursor.place else { return };
        cursor.place = Some(place + 1);
        match self.order.get(place as usize) {
            Some(number) if *number == mark.number => {}
            Some(_) => tally.misplaced += 1,
            None => self.order.push(mark.number),
        }
        self.hear(cursor, place);
    }

    fn hear(&mut self, cursor: &Cursor, place: u32) {
        let place = place as usize;
        if self.heard.len() <= place {
            self.heard.resize(place + 1, 0);
        }
        if cursor.nature == Nature::Steady {
            self.heard[place] += 1;
        }
    }
}

impl Cursor {
    pub(super) fn new(nature: Nature) -> Self {
        let place = (nature != Nature::Passive).then_some(0);
        Self { nature, sequence: 0, place }
    }

    /// Notes the sequence of a dispatch.
    pub(super) fn note(&mut self, payload: &[u8], tally: &mut Tally) {
        if let Some(rest) = payload.strip_prefix(SEQUENCE) {
            let sequence = digits(rest.trim_ascii_start()).0;
            self.advance(u32::try_from(sequence).unwrap_or(u32::MAX), tally);
        }
    }

    /// Notes a sequence, which must be the next one.
    pub(super) fn advance(&mut self, sequence: u32, tally: &mut Tally) {
        match sequence.checked_sub(self.sequence + 1) {
            Some(0) => {}
            Some(between) => tally.lost += u64::from(between),
            None => tally.doubled += 1,
        }
        self.sequence = self.sequence.max(sequence);
    }

    /// Begins anew, without what came meanwhile.
    pub(super) fn begin_anew(&mut self) {
        self.sequence = 0;
        self.place = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(sequence: u32, number: u32) -> Vec<u8> {
        let mark = Mark { number, sent: Moment::from_nanos(5) };
        format!(r#"{{"s":{sequence},"d":"{}"}}"#, mark.content(20)).into_bytes()
    }

    #[test]
    fn a_message_is_done_when_every_steady_session_has_it() {
        let natures = [Nature::Steady, Nature::Steady, Nature::Passive];
        let (mut ledger, mut tally) = (Ledger::new(natures.into_iter()), Tally::default());
        let [mut one, mut two, mut passive] = natures.map(Cursor::new);
        for cursor in [&mut one, &mut passive] {
            ledger.note(cursor, &payload(1, 7), Moment::from_nanos(9), &mut tally);
            assert_eq!(ledger.news(), None);
        }
        ledger.note(&mut two, &payload(1, 7), Moment::from_nanos(9), &mut tally);
        assert_eq!(ledger.news(), Some(1));
        assert_eq!((tally.deliveries, tally.latency.count()), (3, 2));
        assert_eq!(tally.faults(), 0);
    }

    #[test]
    fn what_is_lost_or_doubled_or_in_another_order_is_found() {
        let (mut ledger, mut tally) = (Ledger::default(), Tally::default());
        let mut cursors = [Nature::Steady; 2].map(Cursor::new);
        for (who, sequence, number) in [(0, 1, 7), (0, 2, 8), (1, 2, 8), (1, 2, 7)] {
            let (payload, cursor) = (payload(sequence, number), &mut cursors[who]);
            cursor.note(&payload, &mut tally);
            ledger.note(cursor, &payload, Moment::now(), &mut tally);
        }
        assert_eq!((tally.lost, tally.doubled, tally.misplaced), (1, 1, 2));
    }
}
