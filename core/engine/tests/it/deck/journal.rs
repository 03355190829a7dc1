//! What a journal says after the process has ended, whole, damaged or begun anew.

use std::sync::Arc;

use throng_engine::deck::{Story, Survivors};
use throng_engine::event::Event;
use throng_proto::event::EventKind;

use super::bench::Bench;
use super::guilds::said;
use super::survival::{asked, back, welcome, welcomed};
use crate::scene::{self, ALICE, GUILD};

/// Sessions of a journal go to the decks that their names say, however many there were.
#[test]
fn survivors_go_to_the_workers_that_their_names_say() {
    let (bench, ids) = welcomed(9);
    for workers in 1..5 {
        let mut story = Story::default();
        bench.records.iter().for_each(|record| story.read(record));
        assert!(story.fits_together());
        let divided = Survivors::divide(vec![story.finish()], workers);
        assert_eq!(divided.len(), workers);
        for (worker, survivors) in divided.iter().enumerate() {
            let own = ids.iter().filter(|id| id.worker(workers) == worker).count();
            assert_eq!((survivors.count(), survivors.users().count()), (own, own));
            assert_eq!(survivors.guilds().count(), usize::from(own > 0));
            assert!(survivors.guilds().all(|guild| guild == GUILD));
        }
    }
}

#[test]
fn survivors_share_what_their_clients_said_of_themselves() {
    let (bench, ids) = welcomed(2);
    let mut story = Story::default();
    bench.records.iter().for_each(|record| story.read(record));
    let mut survivors = Survivors::divide(vec![story.finish()], 1).remove(0);
    let shared = Arc::new(throng_proto::gateway::Connection::default());
    survivors.share(|_| Arc::clone(&shared));
    let mut bench = Bench::new();
    bench.deck.revive(survivors);
    for id in ids {
        let session = bench.deck.find(bench.named(id)).unwrap();
        assert!(Arc::ptr_eq(&session.identity.connection, &shared));
    }
}

/// A record that is damaged is not believed, and neither is what follows it.
#[test]
fn a_journal_that_is_damaged_anywhere_tells_nothing_wrong() {
    let (mut bench, _) = welcomed(3);
    bench.publish(&said(5, "text", ALICE));
    bench.deck.rejoin(GUILD);
    bench.settle();
    for (index, record) in bench.records.iter().enumerate() {
        for cut in 0..record.len().min(40) {
            let mut story = Story::default();
            for (other, record) in bench.records.iter().enumerate() {
                let end = if other == index { cut } else { record.len() };
                story.read(&record[..end]);
            }
            let unread = story.unread();
            let story = story.finish();
            assert!(story.fits_together());
            assert!(unread <= 1, "after it nothing is read");
            if unread == 1 {
                assert_eq!(Survivors::divide(vec![story], 1)[0].count(), 0);
            }
        }
    }
    let mut story = Story::default();
    story.read(&[200, 1, 2, 3]);
    assert_eq!(story.unread(), 1, "there is no such record");
    story.read(&[201]);
    assert_eq!(story.unread(), 1);
}

/// The journal has that an event came, also when nobody was to be told.
#[test]
fn an_event_that_nobody_gets_is_not_asked_for_after_a_crash() {
    let mut bench = Bench::new();
    bench.join(5);
    welcome(&mut bench, 5);
    let secret = scene::message(scene::SECRET, scene::OWNER, Default::default());
    bench.publish(&Event { sequence: 9, ..secret }.into());
    bench.pass();
    let mut bench = bench.crash();
    assert_eq!(asked(&mut bench)[0].0, 9);
}

/// R2: whatever kind it is, but what only begins a session: that is made anew.
#[test]
fn r2_what_a_client_has_not_had_comes_again_after_a_crash() {
    for kind in EventKind::ALL {
        let mut bench = Bench::new();
        let id = bench.join(0);
        bench.pass();
        let body = throng_proto::wire::Body::dispatch(kind.name(), "\"text\"");
        bench.deck.own(bench.reference(0), kind, None, body);
        bench.pass();
        let mut bench = bench.crash();
        let session = bench.named(id);
        let mut rewind = bench.deck.begin_resume(session, 1).unwrap();
        let found = bench.deck.log().step_back(&mut rewind, usize::MAX);
        let begins = [EventKind::Ready, EventKind::GuildCreate, EventKind::GuildMembersChunk]
            .contains(&kind);
        assert_eq!(found.is_err(), begins, "{kind:?}");
        if !begins {
            bench.resume(0, &id, 1);
            bench.pass();
            bench.beat(0);
            assert_eq!(bench.texts(0), ["text", "RESUMED"], "{kind:?}");
        }
    }
}

/// F1: a journal knows slots that were another's before, too.
#[test]
fn f1_a_session_gets_nothing_of_an_older_one_with_its_slot_after_a_crash() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.tell(0, "for the older one");
    bench.pass();
    bench.deck.end(bench.slot(0));
    let id = bench.join(1);
    assert_eq!(bench.slot(1), 0, "slots are used again");
    bench.tell(1, "for this one");
    bench.pass();
    let mut bench = bench.crash();
    let session = bench.named(id);
    assert_eq!(bench.deck.find(session).unwrap().sequence, 2);
    bench.resume(1, &id, 1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.read(1), [(2, "for this one".to_owned()), (3, "RESUMED".to_owned())]);
}

/// Records that belong together are one, and one alone has no frame.
#[test]
fn what_must_survive_together_is_one_record() {
    let mut bench = Bench::new();
    bench.join(0);
    assert_eq!(bench.records.len(), 1, "a session with READY and its state");
    bench.tell(0, "alone");
    assert_eq!(bench.records.len(), 2);
    bench.enter(0);
    let before = bench.records.len();
    bench.publish(&said(1, "to one", ALICE));
    bench.tell(0, "alone");
    assert_eq!(bench.records.len(), before + 2);
    let tags: Vec<u8> = bench.records[before..].iter().map(|record| record[0]).collect();
    assert_eq!(tags[0], tags[1], "neither has a frame");
}

/// What a guild answers at once survives at once.
#[test]
fn what_sessions_missed_is_one_record_of_the_journal() {
    let (bench, _) = welcomed(2);
    let mut bench = bench.crash();
    let sessions = asked(&mut bench).remove(0).1;
    bench.records.clear();
    bench.deck.restored(back(&sessions, 2, vec![said(1, "one", ALICE), said(2, "two", ALICE)]));
    bench.settle();
    assert_eq!(bench.records.len(), 1);
}

/// A snapshot in the middle repeats what is known, and takes nothing away.
#[test]
fn what_came_before_a_snapshot_is_there_for_who_resumes() {
    let mut bench = Bench::new();
    let id = bench.join(0);
    bench.tell(0, "one");
    bench.pass();
    let Bench { deck, records, .. } = &mut bench;
    deck.snapshot(|record| records.push(record.to_vec()));
    bench.tell(0, "two");
    bench.pass();
    let mut bench = bench.crash();
    bench.resume(0, &id, 1);
    bench.pass();
    bench.beat(0);
    assert_eq!(bench.texts(0), ["one", "two", "RESUMED"]);
}

/// A slot is whose it was said to be last.
#[test]
fn a_session_takes_a_slot_of_which_no_end_was_written() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.tell(0, "for the older one");
    bench.pass();
    let kept = bench.records.len();
    bench.deck.end(bench.slot(0));
    bench.settle();
    bench.records.truncate(kept);
    let id = bench.join(1);
    bench.tell(1, "for this one");
    bench.pass();
    let mut bench = bench.crash();
    assert_eq!(bench.deck.find(bench.named(id)).unwrap().sequence, 2);
    bench.resume(1, &id, 1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.texts(1), ["for this one", "RESUMED"]);
}
