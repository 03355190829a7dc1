//! Clients that come back: what they may claim, and who has the session then.

use throng_engine::deck::{Beyond, Past, SessionRef, Why};
use throng_proto::close::CloseCode;

use super::bench::{BEGIN, Bench, admission};
use super::guilds::secs;

#[test]
fn a_client_that_claims_more_than_it_was_given_is_mistaken() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.tell(0, "one");
    bench.pass();
    let session = bench.reference(0);
    for claimed in 0..=2 {
        assert!(bench.deck.begin_resume(session, claimed).is_ok());
    }
    for claimed in [3, u64::from(u32::MAX), u64::from(u32::MAX) + 2, u64::MAX] {
        assert_eq!(bench.deck.begin_resume(session, claimed).err(), Some(Beyond::Mistaken));
    }
    let unknown = SessionRef { slot: 99, ..session };
    assert_eq!(bench.deck.begin_resume(unknown, 0).err(), Some(Beyond::Unknown));
}

/// After a restart a client may have been given what the journal has lost.
#[test]
fn after_a_restart_a_claim_of_more_may_be_true() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.tell(0, "one");
    bench.pass();
    let mut bench = bench.crash();
    let session = bench.named(id);
    assert_eq!(bench.deck.find(session).unwrap().past, Past::Away(2));
    assert_eq!(bench.deck.begin_resume(session, 3).err(), Some(Beyond::Unknown));
    let returned = bench.resume(0, &id, 2);
    assert!(returned.from_restart);
    assert_eq!(bench.session(0).past, Past::Back);
    assert_eq!(bench.deck.begin_resume(session, 9).err(), Some(Beyond::Unknown));
    assert!(!bench.resume(0, &id, 2).from_restart, "only the first time");
    assert!(!bench.session(0).is_behind());
    bench.pass();
    // What it was given since it came back, it may have had when the process ends again.
    let known = u64::from(bench.session(0).sequence);
    assert!(known > 2);
    let mut bench = bench.crash();
    let session = bench.named(id);
    assert!(bench.deck.begin_resume(session, known).is_ok());
    assert_eq!(bench.deck.begin_resume(session, known + 1).err(), Some(Beyond::Unknown));
}

/// What has come since the restart cannot be had by a client that was away.
#[test]
fn a_client_that_was_away_cannot_have_what_came_since_the_restart() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.tell(0, "one");
    bench.pass();
    let mut bench = bench.crash();
    let session = bench.named(id);
    bench.deck.own(session, throng_proto::event::EventKind::Resumed, None, since());
    bench.settle();
    bench.pass();
    assert_eq!(bench.deck.find(session).unwrap().sequence, 3);
    assert_eq!(bench.deck.begin_resume(session, 3).err(), Some(Beyond::Unknown));
    // It does not help to restart once more.
    let mut bench = bench.crash();
    let session = bench.named(id);
    assert_eq!(bench.deck.begin_resume(session, 3).err(), Some(Beyond::Unknown));
    bench.resume(0, &id, 2);
    bench.pass();
    bench.beat(0);
    assert_eq!(bench.texts(0), ["since", "RESUMED"]);
}

fn since() -> throng_proto::wire::Body {
    throng_proto::wire::Body::dispatch("RESUMED", "\"since\"")
}

#[test]
fn a_client_that_had_everything_is_not_behind() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.pass();
    bench.resume(0, &id, 1);
    assert!(!bench.session(0).is_behind());
    bench.resume(0, &id, 0);
    assert!(bench.session(0).is_behind());
}

#[test]
fn whoever_resumes_takes_the_session_from_the_link_that_had_it() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.pass();
    bench.outputs();
    bench.resume(0, &id, 1);
    let close = (Bench::user(0), Why::Superseded, CloseCode::UnknownError);
    assert_eq!(bench.closed(), [close]);
    bench.deck.detach(bench.slot(0));
    bench.resume(0, &id, 1);
    assert_eq!(bench.closed(), [], "nobody had it");
}

/// What a session was let in by survives, so that it ends in time after a restart.
#[test]
fn the_end_of_a_newer_token_survives_a_restart() {
    let mut bench = Bench::new();
    let id = bench.join_as(0, |identity| identity.pass = Some(admission(1, None)));
    bench.pass();
    bench.resume_as(0, &id, 1, admission(2, Some(BEGIN + 100_000)));
    let mut bench = bench.crash();
    bench.wait(secs(99));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.wait(secs(2));
    assert_eq!(bench.deck.sessions().len(), 0);
}

/// A restart gives every session the whole window again, and no more.
#[test]
fn a_session_that_survived_waits_for_its_client_and_ends() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.pass();
    let mut bench = bench.crash();
    bench.wait(secs(299));
    assert_eq!(bench.deck.sessions().len(), 1);
    bench.wait(secs(2));
    assert_eq!(bench.deck.sessions().len(), 0);
    assert_eq!(bench.ended(), [Bench::user(0)]);
}
