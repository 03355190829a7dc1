//! Links that are behind: how far they may be, how they catch up, and what is kept for them.

use throng_engine::deck::{CaughtUp, Refusal, Why};
use throng_engine::mode::Mode;
use throng_engine::policy::{Lag, LagFacts};
use throng_proto::close::CloseCode;
use throng_proto::event::{EventKind, Scope};

use super::bench::Bench;
use super::guilds::{said, secs};
use crate::scene::{self, ALICE, OPEN};

/// Bytes of a dispatch that says `text`, as the log counts them.
fn bytes_of(text: &str) -> usize {
    let mut bench = Bench::new();
    bench.join(0);
    let before = bench.deck.log().bytes();
    bench.tell(0, text);
    bench.deck.log().bytes() - before
}

/// A session whose link has just fallen behind by one dispatch.
fn behind(bench: &mut Bench) {
    bench.join(0);
    bench.enter(0);
    bench.pass();
    bench.read(0);
    bench.outputs();
    bench.policy.asked();
    bench.room(0, 0);
    bench.tell(0, "first");
    bench.pass();
}

#[test]
fn the_policy_is_asked_about_a_link_once_it_is_behind_by_more_than_was_said() {
    let mut bench = Bench::with(|config| config.lag_events_max = 5);
    behind(&mut bench);
    for number in 0..5 {
        bench.tell(0, &number.to_string());
        bench.pass();
    }
    assert_eq!(bench.policy.asked().lag, [], "as many as it may");
    assert!(bench.session(0).line.is_some());
    bench.tell(0, "too many");
    bench.pass();
    let asked = bench.policy.asked().lag;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].events, 6);
    assert_eq!(bench.refused(), [(Refusal::Lag, 1)]);
    assert_eq!(bench.closed(), [(Bench::user(0), Why::Slow, CloseCode::UnknownError)]);
    assert!(bench.session(0).line.is_none() && !bench.session(0).is_behind());
    assert_eq!(bench.deck.counts().lagging, 0);
}

#[test]
fn the_policy_is_asked_about_a_link_once_it_is_behind_by_more_bytes_than_was_said() {
    let (one, first) = (bytes_of(&"x".repeat(100)), bytes_of("first"));
    let mut bench = Bench::with(|config| config.lag_bytes_max = first + 3 * one);
    behind(&mut bench);
    for _ in 0..3 {
        bench.tell(0, &"x".repeat(100));
        bench.pass();
    }
    assert_eq!(bench.policy.asked().lag, [], "as many as it may");
    bench.tell(0, "y");
    bench.pass();
    let bytes = first + 3 * one + bytes_of("y");
    assert_eq!(bench.policy.asked().lag, [LagFacts { events: 4, bytes }]);
}

/// A verdict counts until it is twice as bad; then nobody is asked.
#[test]
fn a_link_that_a_verdict_lets_go_on_is_closed_at_twice_its_bytes() {
    for (verdict, mode) in [(Lag::Conflate, Mode::Conflated), (Lag::Passive, Mode::Passive)] {
        let (one, first) = (bytes_of(&"x".repeat(100)), bytes_of("first"));
        let max = first + 3 * one;
        let mut bench = Bench::with(|config| config.lag_bytes_max = max);
        bench.policy.says(|verdicts| verdicts.lag = verdict);
        behind(&mut bench);
        let mut bytes = first;
        while bytes + one <= 2 * max {
            bench.tell(0, &"x".repeat(100));
            bench.pass();
            bytes += one;
        }
        assert_eq!(bench.refused(), [(Refusal::Lag, 1)], "it was asked once");
        assert!(bench.session(0).line.is_some());
        assert_eq!(bench.deck.gauges().modes[mode as usize], 1);
        bench.tell(0, &"x".repeat(100));
        bench.pass();
        assert!(bench.session(0).line.is_none());
        assert_eq!(bench.refused(), [(Refusal::Lag, 1)]);
    }
}

/// A verdict about a link holds in all guilds of the session.
#[test]
fn a_link_that_is_conflated_hears_nobody_type() {
    let mut bench = Bench::with(|config| config.lag_events_max = 1);
    bench.policy.says(|verdicts| verdicts.lag = Lag::Conflate);
    behind(&mut bench);
    for number in 0..3 {
        bench.tell(0, &number.to_string());
        bench.pass();
    }
    bench.room(0, usize::MAX);
    bench.beat(0);
    bench.read(0);
    bench.publish(&scene::event(EventKind::TypingStart, Scope::Channel(OPEN), None).into());
    bench.publish(&said(2, "heard", ALICE));
    bench.pass();
    assert_eq!(bench.texts(0), ["heard"]);
}

/// What is for others costs looks, and others have their turn meanwhile.
#[test]
fn a_session_catches_up_a_part_at_a_time_and_loses_nothing() {
    for others in [1_000, 4_095, 4_096, 4_097, 9_000] {
        let mut bench = Bench::with(|config| config.log.entries_max = 1_000_000);
        bench.join(0);
        bench.join(1);
        bench.pass();
        bench.room(0, 0);
        bench.tell(0, "first");
        bench.pass();
        for _ in 0..others {
            bench.tell(1, "for another");
        }
        bench.tell(0, "last");
        bench.pass();
        bench.room(0, usize::MAX);
        let mut turns = 1;
        while bench.beat(0) == CaughtUp::Part {
            turns += 1;
            assert!(turns < 10, "it should come to an end");
        }
        assert_eq!(bench.texts(0), ["welcome", "first", "last"], "{others}");
        assert!((turns > 1) == (others > 4_000), "{turns} turns over {others}");
        assert!(!bench.session(0).is_behind());
        assert_eq!(bench.beat(0), CaughtUp::Everything);
    }
}

#[test]
fn a_session_whose_events_are_gone_is_told_that_they_are_lost() {
    let mut bench = Bench::with(|config| config.log.entries_max = 4);
    bench.join(0);
    bench.join(1);
    bench.enter(0);
    bench.enter(1);
    bench.pass();
    bench.room(0, 0);
    for number in 0..20 {
        bench.publish(&said(number + 1, &number.to_string(), ALICE));
        bench.pass();
        bench.deck.forget();
    }
    bench.room(0, usize::MAX);
    assert_eq!(bench.beat(0), CaughtUp::Lost);
    assert_eq!(bench.texts(1).len(), 21);
    assert_eq!(bench.deck.catch_up(99), CaughtUp::Lost, "there is no such session");
    bench.deck.detach(bench.slot(0));
    assert_eq!(bench.beat(0), CaughtUp::Lost, "it has no link");
}

/// What was trimmed away was all for others.
#[test]
fn a_session_catches_up_when_only_others_have_lost_something() {
    let mut bench = Bench::with(|config| config.log.entries_max = 4);
    bench.join(0);
    bench.join(1);
    bench.enter(1);
    bench.pass();
    bench.room(0, 0);
    bench.tell(0, "first");
    for number in 0..20 {
        bench.publish(&said(number + 1, &number.to_string(), ALICE));
    }
    bench.tell(0, "second");
    bench.tell(0, "third");
    bench.pass();
    bench.room(0, 1);
    bench.beat(0);
    bench.deck.forget();
    assert!(bench.deck.log().len() < 10, "where it would read on is gone");
    bench.room(0, usize::MAX);
    assert_eq!(bench.beat(0), CaughtUp::Everything);
    assert_eq!(bench.texts(0), ["welcome", "first", "second", "third"]);
}

/// A client may still lose its state moments after it acknowledged, and resume from before.
#[test]
fn what_a_client_has_acknowledged_is_kept_for_half_a_minute() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.tell(0, "one");
    bench.tell(0, "two");
    bench.tell(0, "three");
    bench.pass();
    let slot = bench.slot(0);
    let all = bench.deck.log().own_bytes();
    bench.deck.acknowledge(slot, 3);
    assert_eq!(bench.deck.log().own_bytes(), all, "not at once");
    bench.wait(secs(30));
    bench.deck.acknowledge(slot, 3);
    assert_eq!(bench.deck.log().own_bytes(), all, "nor after as long as it is kept");
    bench.resume(0, &id, 1);
    bench.pass();
    bench.beat(0);
    assert_eq!(bench.texts(0), ["one", "two", "three", "RESUMED"]);
    let kept = bench.deck.log().own_bytes();
    bench.wait(secs(1));
    bench.deck.acknowledge(slot, 3);
    let rest = bytes_of("three") + (kept - all);
    assert_eq!(bench.deck.log().own_bytes(), rest, "what was not acknowledged stays");
    let session = bench.reference(0);
    let mut rewind = bench.deck.begin_resume(session, 1).unwrap();
    assert!(bench.deck.log().step_back(&mut rewind, usize::MAX).is_err(), "it is gone");
    bench.resume(0, &id, 3);
    bench.pass();
    bench.beat(0);
    assert_eq!(bench.texts(0), ["three", "RESUMED", "RESUMED"]);
}

/// A session that ends gives up what it alone got.
#[test]
fn what_a_session_alone_got_goes_with_it() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.join(1);
    bench.tell_everybody("one");
    bench.pass();
    let all = bench.deck.log().own_bytes();
    bench.deck.end(bench.slot(0));
    assert_eq!(bench.deck.log().own_bytes(), all / 2);
}

/// F1: what a link took of a pass is not offered again, and the rest is.
#[test]
fn f1_a_link_that_takes_a_part_of_what_it_is_offered_gets_the_rest() {
    for room in 0..=6 {
        let mut bench = Bench::new();
        bench.join(0);
        bench.join(1);
        bench.pass();
        for number in 0..6 {
            bench.tell_everybody(&number.to_string());
        }
        bench.room(1, room);
        bench.pass();
        assert_eq!(bench.session(1).is_behind(), room < 6);
        bench.room(1, usize::MAX);
        assert_eq!(bench.beat(1), CaughtUp::Everything);
        let all = (0..6).map(|number| (number + 2, number.to_string()));
        let all: Vec<_> = std::iter::once((1, "welcome".to_owned())).chain(all).collect();
        assert_eq!(bench.read(1), all, "room for {room}");
        assert_eq!(bench.read(0), all);
    }
}
