//! The log of a worker against one naive log per session.

use std::collections::BTreeMap;
use std::time::Duration;

use roaring::RoaringBitmap;
use throng_engine::replay::{Entry, Limits, Position, Recipients, Replay, Slot};
use throng_engine::time::Instant;
use throng_proto::event::EventKind;
use throng_proto::wire::Body;

use crate::random::Random;

const ROOMY: Limits = Limits {
    entries_max: 10_000,
    bytes_max: 1 << 30,
    own_bytes_max: 1 << 30,
    age_max: Duration::from_secs(3600),
};

fn body(text: &str) -> Body {
    Body::dispatch("MESSAGE_CREATE", &format!("\"{text}\""))
}

/// The place after so many entries.
const fn at(entries: u64) -> Position {
    Position::new(entries)
}

fn entry(at: u64, text: &str, to: Recipients) -> Entry {
    let kind = EventKind::MessageCreate;
    Entry { at: Instant::from_millis(at), kind, guild: None, body: Some(body(text)), to }
}

fn many(slots: &[Slot]) -> Recipients {
    Recipients::Many(slots.iter().copied().collect())
}

/// What a session was sent: places and texts, and where it began.
#[derive(Default)]
struct Session {
    opened: Position,
    sent: Vec<(Position, String)>,
}

struct Model {
    replay: Replay,
    random: Random,
    sessions: BTreeMap<Slot, Session>,
    now: u64,
    next: u64,
}

impl Model {
    fn new(seed: u64) -> Self {
        let limits = Limits {
            entries_max: 60,
            bytes_max: 4_000,
            age_max: Duration::from_millis(400),
            ..ROOMY
        };
        let sessions = (0..6).map(|slot| (slot, Session::default())).collect();
        Self { replay: Replay::new(limits), random: Random::new(seed), sessions, now: 0, next: 0 }
    }

    fn step(&mut self) {
        self.now += self.random.below(10);
        match self.random.below(10) {
            0 => {
                self.replay.trim(Instant::from_millis(self.now), Position::MAX);
            }
            1 => {
                // A session ends and another one takes its slot.
                let slot = u32::try_from(self.random.below(6)).unwrap();
                let opened = self.replay.end();
                self.sessions.insert(slot, Session { opened, sent: Vec::new() });
            }
            _ => self.append(),
        }
    }

    fn append(&mut self) {
        let slots = self.random.some(&[0, 1, 2, 3, 4, 5]);
        let to = match slots.as_slice() {
            [one] => Recipients::One(*one),
            some => many(some),
        };
        assert_eq!(to.count(), slots.len() as u64);
        let text = format!("{}{}", self.next, "x".repeat(self.random.index(80)));
        self.next += 1;
        let position = self.replay.append(entry(self.now, &text, to));
        assert_eq!(position.after(1), self.replay.end());
        for slot in slots {
            self.sessions.get_mut(&slot).unwrap().sent.push((position, text.clone()));
        }
    }

    /// Reads on for a session as a worker does, and compares with its own log.
    fn check(&self, slot: Slot, missing: usize) {
        let session = &self.sessions[&slot];
        let kept = session.sent.iter().filter(|(at, _)| *at >= self.replay.start()).count();
        let end = self.replay.end();
        let count = u32::try_from(missing).unwrap();
        let place = self.replay.rewind(slot, session.opened, end, count);
        assert_eq!(place.is_some(), missing <= kept, "slot {slot}, {missing} of {kept}");
        let Some(place) = place else { return };
        let read: Vec<_> = self
            .replay
            .range(place, end)
            .filter(|(_, entry)| entry.to.contains(slot))
            .map(|(at, entry)| (at, entry.body.as_ref().unwrap().text()))
            .collect();
        let last = &session.sent[session.sent.len() - missing..];
        let expected: Vec<_> = last.iter().map(|(at, text)| (*at, body(text).text())).collect();
        assert_eq!(read, expected, "slot {slot}, last {missing}");
    }
}

/// R1, R2: reading on gives a session its last dispatches, byte for byte, or nothing.
#[test]
fn rewinding_gives_back_exactly_the_last_dispatches_of_a_session() {
    for seed in 0..200 {
        let mut model = Model::new(seed);
        for _ in 0..150 {
            model.step();
            let slot = u32::try_from(model.random.below(6)).unwrap();
            let sent = model.sessions[&slot].sent.len();
            for missing in [0, 1, model.random.index(sent + 2), sent, sent + 1] {
                model.check(slot, missing);
            }
        }
    }
}

/// R1: each entry that names a session has the next smaller sequence, so places fall as `missing`
/// grows.
#[test]
fn each_step_back_is_one_dispatch_of_the_session() {
    let mut replay = Replay::new(ROOMY);
    for index in 0..20 {
        let to = if index % 3 == 0 { many(&[1, 7]) } else { Recipients::One(2) };
        replay.append(entry(0, "x", to));
    }
    for missing in 1..=7 {
        let place = replay.rewind(1, Position::START, at(20), missing).unwrap();
        assert_eq!(place, at(21 - 3 * u64::from(missing)));
    }
    assert_eq!(replay.rewind(1, Position::START, at(20), 8), None);
    assert_eq!(replay.rewind(1, Position::START, at(19), 1), Some(at(18)), "from any end");
    assert_eq!(
        replay.rewind(1, Position::START, at(18), 1),
        Some(at(15)),
        "the end itself is not among them"
    );
    assert_eq!(replay.rewind(1, Position::START, at(21), 1), None, "an end that is not there yet");
}

/// R2: a slot's former session had other dispatches.
#[test]
fn a_session_is_given_nothing_from_before_it_opened() {
    let mut replay = Replay::new(ROOMY);
    replay.append(entry(0, "old", Recipients::One(3)));
    let opened = replay.end();
    replay.append(entry(0, "new", Recipients::One(3)));
    assert_eq!(replay.rewind(3, opened, at(2), 1), Some(at(1)));
    assert_eq!(replay.rewind(3, opened, at(2), 2), None);
    assert_eq!(replay.rewind(3, Position::START, at(2), 2), Some(at(0)));
}

/// R2: what was given up cannot be read, and nothing is read in its place.
#[test]
fn what_was_given_up_makes_a_session_start_anew() {
    let mut replay = Replay::new(ROOMY);
    replay.append(entry(0, "mine", Recipients::One(1)));
    replay.append(entry(0, "ours", many(&[1, 2])));
    let bytes = replay.bytes();
    replay.acknowledge(at(1));
    assert_eq!(replay.bytes(), bytes, "others may still need it");
    assert!(replay.entry(at(1)).unwrap().body.is_some());
    replay.acknowledge(at(0));
    assert_eq!(replay.bytes(), body("ours").text_bytes());
    replay.acknowledge(at(0));
    replay.acknowledge(at(99));
    assert_eq!((replay.bytes(), replay.len()), (body("ours").text_bytes(), 2));
    assert_eq!(replay.rewind(1, Position::START, at(2), 1), Some(at(1)));
    assert_eq!(replay.rewind(1, Position::START, at(2), 2), None);
    assert_eq!(
        replay.rewind(2, Position::START, at(2), 1),
        Some(at(1)),
        "the other session is not concerned"
    );
    assert_eq!(replay.trim(Instant::from_millis(4_000_000), at(2)), 2);
    assert_eq!(replay.bytes(), 0);
}

#[test]
fn the_log_keeps_its_bounds_in_entries_bytes_and_age() {
    let filled = |limits| {
        let mut replay = Replay::new(limits);
        for index in 0..10 {
            replay.append(entry(index * 100, "0123456789", many(&[1])));
        }
        replay
    };
    let now = Instant::from_millis(900);
    let mut counted = filled(Limits { entries_max: 4, ..ROOMY });
    assert_eq!((counted.trim(now, at(10)), counted.start(), counted.len()), (6, at(6), 4));
    let each = body("0123456789").text_bytes();
    let mut weighed = filled(Limits { bytes_max: 3 * each + 1, ..ROOMY });
    assert_eq!((weighed.trim(now, at(10)), weighed.bytes()), (7, 3 * each));
    let mut aged = filled(Limits { age_max: Duration::from_millis(250), ..ROOMY });
    assert_eq!(
        (aged.trim(now, at(10)), aged.start()),
        (7, at(7)),
        "650 is older than 250 ms, 700 is not"
    );
    let mut exact = filled(Limits { age_max: Duration::from_millis(200), ..ROOMY });
    assert_eq!(exact.trim(now, at(10)), 7, "200 ms old is not too old");
    assert_eq!(exact.trim(now, at(10)), 0);
    assert!(!exact.is_empty());
}

/// R1: what is dropped because it was acknowledged is never missed by a walk.
#[test]
fn what_was_acknowledged_is_dropped_from_the_front_at_once() {
    let mut replay = Replay::new(ROOMY);
    for slot in 0..1_000 {
        replay.append(entry(0, "ready", Recipients::One(slot)));
    }
    replay.append(entry(0, "ours", many(&[0, 999])));
    for place in (0..998).chain([999]) {
        replay.acknowledge(at(place));
    }
    assert_eq!(replay.trim(Instant::from_millis(0), at(1_001)), 998, "998 is not acknowledged");
    assert_eq!((replay.start(), replay.len(), replay.end()), (at(998), 3, at(1_001)));
    assert_eq!(replay.rewind(0, Position::START, at(1_001), 1), Some(at(1_000)));
    assert_eq!(replay.rewind(0, Position::START, at(1_001), 2), None);
    assert_eq!(replay.rewind(998, Position::START, at(1_001), 1), Some(at(998)));
    assert_eq!(replay.rewind(999, Position::START, at(1_001), 2), None, "it was given up");
    assert_eq!(replay.trim(Instant::from_millis(0), at(998)), 0, "what is not sent yet stays");
}

#[test]
fn trimming_keeps_what_is_not_sent_yet() {
    let mut replay = Replay::new(Limits { entries_max: 1, ..ROOMY });
    for _ in 0..5 {
        replay.append(entry(0, "x", many(&[1])));
    }
    assert_eq!((replay.trim(Instant::from_millis(0), at(2)), replay.start()), (2, at(2)));
    assert_eq!(replay.trim(Instant::from_millis(0), at(5)), 2);
    assert!(replay.entry(at(3)).is_none());
    assert!(replay.entry(at(4)).is_some());
}

#[test]
fn ranges_hold_what_is_there_of_what_is_asked() {
    let mut replay = Replay::new(Limits { entries_max: 3, ..ROOMY });
    for _ in 0..5 {
        replay.append(entry(0, "x", many(&[1])));
    }
    replay.trim(Instant::from_millis(0), at(5));
    let places =
        |from, to| replay.range(at(from), at(to)).map(|(at, _)| at.value()).collect::<Vec<_>>();
    assert_eq!(places(0, 5), [2, 3, 4]);
    assert_eq!(places(3, 4), [3]);
    assert_eq!(places(4, 99), [4]);
    assert_eq!(places(5, 9), [] as [u64; 0]);
    assert_eq!(places(9, 5), [] as [u64; 0]);
    assert_eq!(places(0, 1), [] as [u64; 0]);
}

/// R3: a session that is sent much loses its own, and nobody else loses anything.
#[test]
fn what_one_session_gets_never_pushes_out_what_others_need() {
    let each = body("0123456789").text_bytes();
    let limits = Limits { bytes_max: 40 * each, own_bytes_max: 10 * each, ..ROOMY };
    for seed in 0..50 {
        let (mut replay, mut random) = (Replay::new(limits), Random::new(seed));
        for index in 0..20 {
            replay.append(entry(index, "0123456789", many(&[1, 2])));
        }
        replay.append(entry(20, "0123456789", Recipients::One(3)));
        for index in 0..2_000 {
            replay.append(entry(21 + index, "0123456789", Recipients::One(9)));
            if random.one_in(10) {
                replay.trim(Instant::from_millis(21 + index), replay.end());
            }
        }
        replay.trim(Instant::from_millis(2_021), replay.end());
        let end = replay.end();
        assert_eq!(
            replay.rewind(1, Position::START, end, 20),
            Some(at(0)),
            "what many got is whole"
        );
        assert_eq!(
            replay.rewind(3, Position::START, end, 1),
            Some(at(20)),
            "and so is another session's own"
        );
        assert!(replay.rewind(9, Position::START, end, 1).is_some(), "it has its newest");
        assert_eq!(replay.rewind(9, Position::START, end, 1_999), None);
        assert!(replay.bytes() <= limits.bytes_max, "{}", replay.bytes());
        assert_eq!(replay.window(Instant::from_millis(2_021)), limits.age_max);
        for place in 0..end.value() {
            replay.acknowledge(at(place));
        }
        assert_eq!(replay.own_bytes(), 0);
    }
}

/// R3: neither does what was not sent yet, which nobody can give up.
#[test]
fn what_waits_for_one_session_never_pushes_out_what_others_need() {
    let each = body("0123456789").text_bytes();
    let limits = Limits { bytes_max: 40 * each, own_bytes_max: 10 * each, ..ROOMY };
    let mut replay = Replay::new(limits);
    for slot in [1, 1, 2] {
        for _ in 0..10 {
            replay.append(entry(0, "0123456789", many(&[7, 8])));
        }
        for _ in 0..20 {
            replay.append(entry(0, "0123456789", Recipients::One(slot)));
        }
    }
    let sent = replay.end();
    // The one that has the most of all was sent nothing of it.
    for _ in 0..100 {
        replay.append(entry(0, "0123456789", Recipients::One(9)));
        replay.trim(Instant::from_millis(1), sent);
    }
    let end = replay.end();
    assert_eq!(replay.rewind(7, Position::START, end, 30), Some(at(0)), "what many got is whole");
    assert_eq!(replay.rewind(9, Position::START, end, 100), Some(sent), "and what waits");
    assert!(replay.bytes() <= 30 * each + 100 * each, "others gave up all of theirs");
    replay.trim(Instant::from_millis(2), end);
    assert!(replay.bytes() <= limits.bytes_max);
    assert_eq!(replay.rewind(7, Position::START, end, 30), Some(at(0)));
}

/// R3: what is not sent yet is never given up.
#[test]
fn what_a_session_was_not_sent_yet_stays() {
    let each = body("x").text_bytes();
    let mut replay = Replay::new(Limits { bytes_max: each, own_bytes_max: each, ..ROOMY });
    for _ in 0..10 {
        replay.append(entry(0, "x", Recipients::One(1)));
    }
    replay.trim(Instant::from_millis(0), at(0));
    assert_eq!(replay.rewind(1, Position::START, at(10), 10), Some(at(0)));
    replay.trim(Instant::from_millis(0), at(5));
    assert!(replay.range(at(5), at(10)).all(|(_, entry)| entry.body.is_some()));
}

#[test]
fn the_window_that_is_kept_is_told() {
    let limits = Limits { entries_max: 10, age_max: Duration::from_millis(500), ..ROOMY };
    let mut replay = Replay::new(limits);
    for index in 0..10 {
        replay.append(entry(index * 10, "x", many(&[1, 2])));
    }
    let now = Instant::from_millis(100);
    replay.trim(now, at(10));
    assert_eq!(replay.window(now), limits.age_max, "nothing was lost");
    for index in 10..15 {
        replay.append(entry(index * 10, "x", many(&[1, 2])));
    }
    let now = Instant::from_millis(150);
    replay.trim(now, at(15));
    assert_eq!(replay.window(now), Duration::from_millis(110), "40 was the last that was lost");
    assert_eq!(replay.window(Instant::from_millis(5_000)), limits.age_max);
}

/// R1: a walk in steps ends where a walk at once does, whatever comes meanwhile.
#[test]
fn a_walk_in_steps_finds_the_same_place() {
    for seed in 0..100 {
        let (mut replay, mut random) = (Replay::new(ROOMY), Random::new(seed));
        for _ in 0..200 {
            let to = if random.one_in(2) { many(&[1, 2]) } else { Recipients::One(2) };
            replay.append(entry(0, "x", to));
        }
        let missing = u32::try_from(random.below(120)).unwrap();
        let at_once = replay.rewind(1, Position::START, at(200), missing);
        let mut rewind = Replay::begin_rewind(1, Position::START, at(200), missing);
        let in_steps = loop {
            replay.append(entry(0, "later", many(&[1])));
            match replay.step_back(&mut rewind, 7) {
                Ok(None) => {}
                other => break other.ok().flatten(),
            }
        };
        assert_eq!(at_once, in_steps, "{missing} of seed {seed}");
    }
}

#[test]
fn recipients_are_one_or_many() {
    let all: RoaringBitmap = (0..15_000).collect();
    assert_eq!(Recipients::Many(all).count(), 15_000);
    assert!(Recipients::One(4).contains(4) && !Recipients::One(4).contains(5));
}
