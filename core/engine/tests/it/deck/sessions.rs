//! Sessions are found, wait for their clients, and end.

use std::time::Duration;

use throng_engine::deck::{Output, SessionId, SessionRef, Why};
use throng_proto::close::CloseCode;
use throng_proto::gateway::Shard;
use throng_proto::id::GuildId;

use super::bench::{BEGIN, Bench, admission};
use super::guilds::secs;

#[test]
fn sessions_are_found_by_name_user_and_first_digits_as_long_as_they_live() {
    let mut bench = Bench::new();
    assert!(bench.deck.sessions().is_empty());
    let mut ids: Vec<SessionId> = (0..100).map(|user| bench.join(user)).collect();
    ids.push(bench.join(7));
    let second = bench.reference(7);
    for (user, id) in ids.iter().enumerate().take(100) {
        let slot = bench.deck.sessions().named(*id).unwrap();
        let digits: Vec<_> = bench.deck.sessions().with_digits(id.digits()).collect();
        assert_eq!(digits, [slot]);
        let session = bench.deck.session(slot).unwrap();
        assert_eq!((session.id, session.identity.user), (*id, Bench::user(user as u64)));
    }
    assert_eq!(bench.deck.sessions().of(Bench::user(7)).len(), 2);
    assert_eq!(bench.deck.sessions().all_digits().count(), 101);
    assert!(bench.deck.sessions().all_digits().all(|(digits, slot)| {
        bench.deck.session(slot).is_some_and(|session| session.id.digits() == digits)
    }));
    bench.deck.end(second.slot);
    for user in (0..100).filter(|user| user % 2 == 0) {
        bench.deck.end(bench.slot(user));
    }
    assert!(!bench.deck.sessions().is_empty());
    assert_eq!(bench.deck.sessions().len(), 50);
    for (user, id) in ids.iter().enumerate().take(100) {
        let lives = user % 2 == 1;
        assert_eq!(bench.deck.sessions().named(*id).is_some(), lives, "{user}");
        let of = bench.deck.sessions().of(Bench::user(user as u64));
        assert_eq!(of.len(), usize::from(lives), "{user}");
        let digits = bench.deck.sessions().with_digits(id.digits()).count();
        assert_eq!(digits, usize::from(lives), "{user}");
    }
    assert_eq!(bench.deck.sessions().named(ids[100]), None);
}

/// A number of a slot means nothing without the session that had it.
#[test]
fn a_session_that_has_ended_is_not_taken_for_the_next_one_with_its_slot() {
    let mut bench = Bench::new();
    bench.join(1);
    let old = bench.reference(1);
    assert_eq!(bench.deck.user_of(old), Some(Bench::user(1)));
    bench.deck.end(old.slot);
    assert_eq!(bench.deck.user_of(old), None);
    bench.join(2);
    let new = bench.reference(2);
    assert_eq!(new.slot, old.slot, "slots are used again");
    assert!(bench.deck.find(old).is_none());
    assert_eq!(bench.deck.user_of(new), Some(Bench::user(2)));
    assert_eq!(bench.deck.reference(new.slot), Some(new));
    bench.outputs();
    bench.deck.lose(old);
    assert!(bench.outputs().is_empty(), "it has ended before");
    let other = SessionRef { generation: new.generation + 1, ..new };
    bench.deck.own(other, throng_proto::event::EventKind::Resumed, None, text());
    assert_eq!(bench.deck.ahead(), 2, "both greetings, and nothing for who is not there");
}

fn text() -> throng_proto::wire::Body {
    throng_proto::wire::Body::dispatch("RESUMED", "\"for nobody\"")
}

#[test]
fn a_session_waits_for_its_client_as_long_as_was_said_and_then_ends() {
    let mut bench = Bench::new();
    let id = bench.join(1);
    bench.wait(secs(1_000));
    assert_eq!(bench.deck.sessions().len(), 1, "it has a link");
    bench.deck.detach(bench.slot(1));
    bench.wait(secs(299));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.resume(1, &id, 0);
    bench.wait(secs(10));
    assert_eq!(bench.deck.sessions().len(), 1, "its client is back");
    bench.deck.detach(bench.slot(1));
    // When it was lost first is forgotten.
    bench.wait(secs(250));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.outputs();
    for _ in 0..3 {
        bench.wait(secs(20));
    }
    assert_eq!(bench.deck.sessions().len(), 0);
    assert_eq!(bench.ended(), [Bench::user(1)]);
}

#[test]
fn the_deadline_of_a_session_that_ended_is_not_that_of_the_next_one_with_its_slot() {
    let mut bench = Bench::new();
    bench.join(1);
    let slot = bench.slot(1);
    bench.deck.detach(slot);
    bench.wait(secs(100));
    bench.deck.end(slot);
    bench.join(2);
    assert_eq!(bench.slot(2), slot);
    bench.deck.detach(slot);
    bench.wait(secs(250));
    assert_eq!(bench.deck.sessions().len(), 1, "it has 50 seconds left");
    bench.wait(secs(51));
    assert_eq!(bench.deck.sessions().len(), 0);
}

#[test]
fn a_session_ends_with_its_token_whether_it_has_a_link_or_not() {
    let mut bench = Bench::new();
    for user in [1, 2] {
        bench.join_as(user, |identity| {
            identity.pass = Some(admission(user as u8, Some(BEGIN + 200_000)));
        });
    }
    bench.deck.detach(bench.slot(2));
    bench.wait(secs(199));
    assert_eq!(bench.deck.sessions().len(), 2);
    assert!(!bench.deck.expire(bench.slot(1)));
    bench.outputs();
    bench.wait(Duration::from_millis(1_500));
    assert_eq!(bench.deck.sessions().len(), 0);
    assert_eq!(bench.refused().len(), 2, "one for each");
    let close = (Bench::user(1), Why::TurnedOut, CloseCode::AuthenticationFailed);
    assert_eq!(bench.closed(), [close]);
    assert_eq!(bench.ended().len(), 2);
}

#[test]
fn a_token_that_is_newer_gives_a_session_more_time() {
    let mut bench = Bench::new();
    let until = |millis| admission(millis as u8, Some(BEGIN + millis));
    let id = bench.join_as(1, |identity| identity.pass = Some(until(10_000)));
    bench.pass();
    bench.resume_as(1, &id, 1, until(20_000));
    bench.wait(secs(11));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.resume_as(1, &id, 1, admission(9, None));
    bench.wait(secs(1_000));
    assert_eq!(bench.deck.sessions().len(), 1, "the last token has no end");
}

#[test]
fn a_link_that_is_given_up_is_closed_and_its_session_waits() {
    let mut bench = Bench::new();
    let id = bench.join(1);
    bench.pass();
    bench.deck.give_up_line(bench.slot(1));
    assert_eq!(bench.closed(), [(Bench::user(1), Why::Slow, CloseCode::UnknownError)]);
    assert!(bench.session(1).line.is_none());
    bench.tell(1, "meanwhile");
    bench.pass();
    bench.wait(secs(100));
    bench.deck.give_up_line(bench.slot(1));
    assert_eq!(bench.closed(), [], "there is none any more");
    bench.wait(secs(190));
    bench.resume(1, &id, 1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.texts(1), ["meanwhile", "RESUMED"]);
}

#[test]
fn a_session_of_which_something_was_lost_ends_and_its_client_is_told() {
    let mut bench = Bench::new();
    bench.join(1);
    let session = bench.reference(1);
    bench.outputs();
    bench.deck.lose(session);
    let outputs = bench.outputs();
    assert!(
        matches!(outputs.as_slice(), [Output::Lost(lost), Output::Ended(_)] if *lost == session),
        "{outputs:?}"
    );
    assert_eq!(bench.deck.sessions().len(), 0);
}

#[test]
fn what_decks_do_is_counted() {
    let mut bench = Bench::new();
    let id = bench.join(1);
    bench.join(2);
    bench.pass();
    bench.room(1, 0);
    bench.tell_everybody("text");
    bench.pass();
    let counts = bench.deck.counts();
    assert_eq!((counts.identifies, counts.resumes, counts.lagging), (2, 0, 1));
    assert_eq!((counts.passes, counts.writes, counts.frames), (2, 4, 3));
    assert!(bench.session(1).is_behind() && !bench.session(2).is_behind());
    bench.resume(1, &id, 1);
    assert_eq!((bench.deck.counts().resumes, bench.deck.counts().lagging), (1, 1));
    bench.beat(1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.deck.counts().lagging, 0);
    assert_eq!(bench.deck.counts().frames, 5, "the text and RESUMED");
    bench.room(2, 0);
    bench.tell(2, "more");
    bench.pass();
    assert_eq!(bench.deck.counts().lagging, 1);
    bench.deck.end(bench.slot(2));
    assert_eq!(bench.deck.counts().lagging, 0);
    let kind = throng_proto::event::EventKind::MessageCreate as usize;
    assert_eq!(bench.deck.counts().deliveries[kind], 3);
}

#[test]
fn the_name_of_a_session_says_its_worker_and_keeps_its_secret() {
    for workers in 1..9 {
        for worker in 0..workers {
            let random = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
            let id = SessionId::new(random, worker, workers);
            assert_eq!(id.worker(workers), worker);
            let text = id.to_string();
            assert_eq!((text.len(), text.parse()), (32, Ok(id)));
            assert_eq!(format!("{:016x}", id.digits()), text[..16]);
            assert_eq!(format!("{id:?}"), format!("{}…", &text[..8]));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<SessionId>(&json).unwrap(), id);
        }
    }
    let [one, two] = [1_u128, 2].map(|random| SessionId::new(random << 100, 3, 4));
    assert_ne!(one, two);
    assert!("none".parse::<SessionId>().is_err());
}

#[test]
fn a_session_asks_only_for_guilds_of_its_shard() {
    let mut bench = Bench::new();
    bench.join_as(1, |identity| identity.shard = Some(Shard { id: 1, count: 2 }));
    let slot = bench.slot(1);
    for (guild, asked) in [(0, 0), (1 << 22, 1), (2 << 22, 0), (3 << 22, 1)] {
        bench.deck.join_session(GuildId::new(guild), slot);
        assert_eq!(bench.attaches().len(), asked, "{guild}");
    }
    bench.join(2);
    bench.deck.join_session(GuildId::new(5), bench.slot(2));
    assert_eq!(bench.attaches().len(), 1, "it has no shard");
}

#[test]
fn a_user_who_begins_anew_has_one_session_in_each_slot() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.join(1);
        let own = bench.deck.sessions().of(Bench::user(1));
        assert_eq!(own.as_slice(), [bench.slot(1)]);
        bench.deck.end(bench.slot(1));
        assert!(bench.deck.sessions().of(Bench::user(1)).is_empty());
    }
}

/// A link that is given up again gives its session no more time.
#[test]
fn a_session_waits_from_the_moment_on_at_which_it_lost_its_link() {
    let mut bench = Bench::new();
    bench.join(1);
    bench.deck.give_up_line(bench.slot(1));
    bench.wait(secs(200));
    bench.deck.give_up_line(bench.slot(1));
    bench.wait(secs(99));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.wait(secs(2));
    assert_eq!(bench.deck.sessions().len(), 0);
}
