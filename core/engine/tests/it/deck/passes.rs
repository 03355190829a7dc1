//! Passes give every session its dispatches, whatever happens while one is under way.

use throng_engine::deck::CaughtUp;
use throng_proto::event::{EventKind, Scope};
use throng_proto::wire::Lane;

use super::bench::Bench;
use super::guilds::{happened, said};
use crate::scene::{self, ALICE, GUILD, OPEN};

#[test]
fn a_pass_visits_everybody_once_with_all_that_is_theirs() {
    for stride in [0, 1, 2, 7, 32, 1_000] {
        let mut bench = Bench::with(|config| config.stride = stride);
        for user in 0..40 {
            bench.join(user);
        }
        assert!(!bench.deck.is_idle());
        bench.pass();
        for number in 0..3 {
            bench.tell_everybody(&number.to_string());
        }
        bench.tell(5, "more");
        assert_eq!(bench.deck.ahead(), 121);
        assert_eq!(bench.deck.begin_pass(), 121);
        let mut calls = 1;
        while bench.deck.pass() {
            calls += 1;
        }
        let visits = stride.clamp(1, 32);
        assert_eq!(calls, 40 / visits + 1, "as many in each call as was said");
        let passed = bench.deck.end_pass().unwrap();
        assert_eq!(passed.end.since(passed.start), 121);
        assert!(bench.deck.is_idle() && bench.deck.end_pass().is_none());
        assert!(!bench.deck.pass(), "it is over");
        for user in 0..40 {
            assert_eq!(bench.calls(user), 2, "READY, and all the rest");
            let more = (user == 5).then_some((5, "more".to_owned()));
            let mut all = vec![(1, "welcome".to_owned())];
            all.extend((0..3).map(|number| (number + 2, number.to_string())));
            all.extend(more);
            assert_eq!(bench.read(user), all);
        }
    }
}

/// F1: a number and a place in the log belong together, whomever the pass has visited.
#[test]
fn f1_whoever_resumes_during_a_pass_gets_everything_once() {
    for had in [false, true] {
        for user in 0..40 {
            let mut bench = Bench::new();
            let ids: Vec<_> = (0..40).map(|user| bench.join(user)).collect();
            bench.pass();
            bench.tell_everybody("first");
            bench.pass();
            bench.tell_everybody("second");
            assert!(bench.begin_pass(), "it is not over after the first sessions");
            let visited = bench.count(user) == 3;
            let received = if had { bench.count(user) as u32 } else { 1 };
            bench.read(user);
            bench.resume(user, &ids[user as usize], received);
            bench.beat(user);
            bench.go_on();
            bench.beat(user);
            bench.pass();
            bench.beat(user);
            let all = [(2, "first"), (3, "second"), (4, "RESUMED")];
            let all = all.map(|(number, text)| (number, text.to_owned()));
            let due = &all[received as usize - 1..];
            assert_eq!(bench.read(user), due, "{user}, visited: {visited}, had: {received}");
        }
    }
}

/// F1: who catches up gets nothing of a pass that has not come to it yet.
#[test]
fn f1_whoever_catches_up_during_a_pass_gets_everything_once() {
    for user in [0, 31, 32, 39] {
        let mut bench = Bench::new();
        for user in 0..40 {
            bench.join(user);
        }
        bench.pass();
        bench.room(user, 0);
        bench.tell_everybody("first");
        bench.pass();
        bench.tell_everybody("second");
        assert!(bench.begin_pass());
        bench.room(user, usize::MAX);
        assert_eq!(bench.beat(user), CaughtUp::Everything);
        bench.go_on();
        bench.beat(user);
        assert_eq!(bench.texts(user), ["welcome", "first", "second"], "{user}");
    }
}

/// What lies before a session in the log is of an older one with its slot.
#[test]
fn f1_a_session_gets_nothing_of_the_one_that_had_its_slot_before() {
    for room in [0, usize::MAX] {
        let mut bench = Bench::new();
        bench.join(1);
        bench.pass();
        bench.tell(1, "for the older one");
        bench.deck.end(bench.slot(1));
        let id = bench.join(2);
        assert_eq!(bench.slot(2), 0, "slots are used again");
        bench.room(2, room);
        bench.pass();
        bench.room(2, usize::MAX);
        bench.beat(2);
        assert_eq!(bench.read(2), [(1, "welcome".to_owned())]);
        bench.tell(2, "for this one");
        bench.pass();
        assert_eq!(bench.read(2), [(2, "for this one".to_owned())]);
        bench.resume(2, &id, 0);
        bench.pass();
        bench.beat(2);
        assert_eq!(bench.texts(2), ["welcome", "for this one", "RESUMED"]);
    }
}

/// The same, when the session is behind in the middle of the log.
#[test]
fn f1_a_session_catches_up_with_nothing_from_before_it_began() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.pass();
    for number in 0..10 {
        bench.tell(0, &number.to_string());
    }
    bench.deck.end(bench.slot(0));
    bench.join(1);
    bench.room(1, 0);
    bench.pass();
    for number in 0..10 {
        bench.tell(1, &format!("own {number}"));
        bench.room(1, 1);
        bench.beat(1);
        bench.pass();
    }
    bench.room(1, usize::MAX);
    bench.beat(1);
    let mut all = vec!["welcome".to_owned()];
    all.extend((0..10).map(|number| format!("own {number}")));
    assert_eq!(bench.texts(1), all);
}

#[test]
fn what_a_link_that_is_gone_did_not_take_comes_again() {
    let mut bench = Bench::new();
    let id = bench.join(1);
    bench.pass();
    bench.cut(1);
    bench.tell(1, "into nothing");
    bench.pass();
    assert_eq!(bench.session(1).sequence, 2);
    assert!(!bench.session(1).is_behind(), "who reads it notices");
    bench.resume(1, &id, 1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.texts(1), ["into nothing", "RESUMED"]);
}

/// Transports keep the order within a lane.
#[test]
fn events_of_a_guild_keep_their_order_and_what_is_soon_outdated_may_overtake() {
    let mut bench = Bench::crowd(2);
    bench.publish(&said(1, "text", ALICE));
    bench.publish(&scene::event(EventKind::TypingStart, Scope::Channel(OPEN), None).into());
    bench.publish(&scene::event(EventKind::PresenceUpdate, Scope::Guild, None).into());
    bench.publish(&happened(2, EventKind::ChannelUpdate, Default::default()));
    bench.tell(0, "own");
    bench.pass();
    let (guild, soon) = (Lane::Guild(GUILD), Lane::Ephemeral(GUILD));
    assert_eq!(bench.lanes(0), [guild, soon, soon, guild, Lane::Session]);
    assert_eq!(bench.lanes(1), [guild, soon, soon, guild]);
}

#[test]
fn what_each_guild_delivers_is_told_once() {
    let mut bench = Bench::crowd(3);
    bench.deck.take_heard().for_each(drop);
    bench.publish(&said(1, "text", ALICE));
    bench.publish(&said(2, "more", ALICE));
    assert_eq!(bench.deck.take_heard().collect::<Vec<_>>(), [(GUILD, 6)]);
    assert_eq!(bench.deck.take_heard().count(), 0);
}
