//! A deck with links that take what they have room for.

mod absent;
mod bench;
mod chunks;
mod guilds;
mod journal;
mod lag;
mod lists;
mod members;
mod modes;
mod passes;
mod puppet;
mod relays;
mod resume;
mod sessions;
mod survival;
mod watching;

use bench::{Bench, GREETING};
use throng_engine::deck::{CaughtUp, Story, Survivors};

/// A snapshot may be taken while a pass is under way: whom it has visited is not counted twice.
#[test]
fn f1_a_session_begins_again_where_it_was_when_a_snapshot_was_taken_during_a_pass() {
    let mut bench = Bench::new();
    let sessions: Vec<_> = (0..40).map(|user| bench.join(user)).collect();
    bench.pass();
    bench.tell_everybody("to all");
    assert!(bench.begin_pass(), "it is not over after the first sessions");
    bench.snapshot();
    let mut anew = bench.crash();
    for (user, session) in sessions.iter().enumerate() {
        anew.resume(user as u64, session, 2);
        anew.pass();
        anew.beat(user as u64);
        let texts = anew.read(user as u64);
        assert_eq!(texts, [(3, "RESUMED".to_owned())], "{user}: READY and the text were had");
    }
}

#[test]
fn a_link_that_has_no_room_gets_everything_later_and_in_order() {
    let mut bench = Bench::new();
    bench.join(1);
    bench.room(1, 0);
    for number in 0..200 {
        bench.tell(1, &number.to_string());
        if number % 3 == 0 {
            bench.pass();
        }
    }
    bench.pass();
    assert_eq!(bench.read(1), []);
    bench.room(1, 7);
    while bench.beat(1) == CaughtUp::Part || bench.count(1) < 201 {
        bench.room(1, 7);
    }
    let texts = bench.read(1);
    let sequences: Vec<u32> = texts.iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(sequences, (1..=201).collect::<Vec<_>>());
    assert_eq!((&*texts[0].1, &*texts[200].1), (GREETING, "199"));
}

#[test]
fn what_a_client_has_not_had_comes_again_when_it_resumes() {
    let mut bench = Bench::new();
    let session = bench.join(1);
    bench.tell(1, "one");
    bench.pass();
    bench.tell(1, "two");
    bench.resume(1, &session, 1);
    bench.pass();
    bench.beat(1);
    let texts = bench.read(1);
    let all = [(2, "one".to_owned()), (3, "two".to_owned()), (4, "RESUMED".to_owned())];
    assert_eq!(texts, all);
}

/// What is damaged is not believed: the others begin at the next snapshot.
#[test]
fn after_a_gap_nothing_is_certain_before_the_next_snapshot() {
    let mut bench = Bench::new();
    bench.join(1);
    let mut story = Story::default();
    story.gap();
    bench.records.iter().for_each(|record| story.read(record));
    assert_eq!(Survivors::divide(vec![story.finish()], 1)[0].count(), 0);
    bench.snapshot();
    let mut story = Story::default();
    story.gap();
    bench.records.iter().for_each(|record| story.read(record));
    assert_eq!(Survivors::divide(vec![story.finish()], 1)[0].count(), 1);
}
