//! What outlives the process or a guild's task: who is taken back, and what it is told.

use std::sync::Arc;

use throng_engine::deck::{
    Ask, Attach, Grant, Output, Restored, SessionId, SessionRef, Story, Survivors,
};
use throng_engine::event::{Change, Event};
use throng_engine::welcome::{Welcome, guild_segment};
use throng_proto::event::EventKind;
use throng_proto::intents::Intents;

use super::bench::Bench;
use super::guilds::{happened, said, seat, secs, view};
use crate::scene::{self, ALICE, GUILD};

/// Users with sessions in the guild, who were welcomed by it.
fn welcomed(users: u64) -> (Bench, Vec<SessionId>) {
    let mut bench = Bench::new();
    let ids = (0..users)
        .map(|user| {
            let id = bench.join(user);
            welcome(&mut bench, user);
            id
        })
        .collect();
    bench.pass();
    (0..users).for_each(|user| _ = bench.read(user));
    bench.outputs();
    (bench, ids)
}

fn welcome(bench: &mut Bench, user: u64) {
    bench.deck.join_session(GUILD, bench.slot(user));
    for attach in bench.attaches() {
        let guild = guild_segment(&scene::shape(), &Default::default(), 10);
        let welcome = Some(Welcome { guild, crowd: None, own: None, member_count: 10 });
        let seat = seat(&attach, &[]);
        bench.deck.attached(Grant { seat, view: view(0), welcome, initial: true });
    }
    bench.settle();
}

/// Takes whom a guild is asked to take back, and up to where they were told.
fn asked(bench: &mut Bench) -> Vec<(u64, Vec<Attach>)> {
    let asks = bench.asks().into_iter();
    let restores = asks.filter_map(|(_, ask)| match ask {
        Ask::Restore { since, sessions } => Some((since, sessions)),
        _ => None,
    });
    restores.collect()
}

/// What a guild answers that takes everybody back.
fn back(sessions: &[Attach], at: u64, events: Vec<Arc<Event>>) -> Restored {
    let seats = sessions.iter().map(|attach| seat(attach, &[])).collect();
    Restored { view: view(at), seats, gone: Vec::new(), lost: Vec::new(), events }
}

fn named(bench: &Bench, id: SessionId) -> SessionRef {
    bench.deck.reference(bench.deck.sessions().named(id).unwrap()).unwrap()
}

#[test]
fn sessions_that_outlive_the_process_are_told_what_they_missed_once() {
    let (mut bench, ids) = welcomed(3);
    bench.publish(&said(5, "before", ALICE));
    bench.pass();
    let mut bench = bench.crash();
    let mut asked = asked(&mut bench);
    assert_eq!(asked.len(), 1);
    let (since, sessions) = asked.remove(0);
    assert_eq!((since, sessions.len()), (5, 3));
    assert!(sessions.iter().all(|attach| attach.initial));
    // Nothing is for them until the guild has answered.
    bench.publish(&said(7, "not yet", ALICE));
    bench.deck.restored(back(&sessions, 7, vec![said(6, "missed", ALICE), said(7, "too", ALICE)]));
    bench.settle();
    bench.publish(&said(8, "live", ALICE));
    for (user, id) in ids.iter().enumerate() {
        bench.resume(user as u64, id, 2);
        bench.pass();
        bench.beat(user as u64);
        let all = ["before", "missed", "too", "live", "RESUMED"];
        assert_eq!(bench.texts(user as u64), all, "{user}");
    }
    // The guild is at its place, whatever happens next.
    let mut bench = bench.crash();
    assert_eq!(self::asked(&mut bench)[0].0, 8);
}

/// The same, when the process ends once more before the guild has answered, or just after.
#[test]
fn a_second_crash_loses_and_doubles_nothing() {
    for answered in [false, true] {
        let (mut bench, ids) = welcomed(2);
        bench.publish(&said(5, "before", ALICE));
        bench.pass();
        let mut bench = bench.crash();
        let first = asked(&mut bench).remove(0).1;
        if answered {
            bench.deck.restored(back(&first, 6, vec![said(6, "missed", ALICE)]));
            bench.settle();
        }
        let mut bench = bench.crash();
        let (since, sessions) = asked(&mut bench).remove(0);
        assert_eq!(since, if answered { 6 } else { 5 });
        let missed = if answered { Vec::new() } else { vec![said(6, "missed", ALICE)] };
        bench.deck.restored(back(&sessions, 6, missed));
        bench.settle();
        bench.resume(0, &ids[0], 2);
        bench.pass();
        bench.beat(0);
        assert_eq!(bench.texts(0), ["before", "missed", "RESUMED"], "answered: {answered}");
    }
}

/// A snapshot has what a pass has not sent yet, and who is to be taken back.
#[test]
fn a_journal_that_begins_anew_forgets_nothing() {
    let (mut bench, ids) = welcomed(2);
    bench.publish(&said(5, "before", ALICE));
    bench.snapshot();
    let mut bench = bench.crash();
    assert_eq!(asked(&mut bench)[0].0, 5);
    bench.snapshot();
    let mut bench = bench.crash();
    let (since, sessions) = asked(&mut bench).remove(0);
    assert_eq!((since, sessions.len()), (5, 2), "they are absent still");
    bench.deck.restored(back(&sessions, 5, Vec::new()));
    bench.settle();
    bench.resume(1, &ids[1], 3);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.read(1), [(4, "RESUMED".to_owned())]);
}

#[test]
fn a_session_that_comes_meanwhile_waits_until_others_are_back() {
    let (bench, _) = welcomed(1);
    let mut bench = bench.crash();
    let sessions = asked(&mut bench).remove(0).1;
    bench.join(7);
    bench.deck.joined(Bench::user(7), GUILD);
    assert_eq!(bench.attaches().len(), 0, "it waits");
    assert!(bench.deck.attach(bench.slot(7), GUILD, shows(&bench, 7), true).is_none());
    bench.deck.restored(back(&sessions, 3, vec![said(3, "missed", ALICE)]));
    let asks = bench.attaches();
    assert_eq!((asks.len(), asks[0].session), (1, bench.reference(7)));
    bench.grant(&asks[0], &[]);
    bench.publish(&said(4, "live", ALICE));
    bench.pass();
    assert_eq!(bench.texts(7), ["welcome", "live"], "what others missed is not for it");
}

fn shows(bench: &Bench, user: u64) -> throng_proto::gateway::PresenceUpdate {
    bench.session(user).identity.shows()
}

/// Who has been granted a place just before is asked for again, after the others.
#[test]
fn a_place_that_was_granted_before_others_were_back_is_asked_for_again() {
    let mut bench = Bench::crowd(1);
    bench.join(1);
    bench.deck.joined(Bench::user(1), GUILD);
    let early = bench.attaches().remove(0);
    bench.deck.rejoin(GUILD);
    let sessions = asked(&mut bench).remove(0).1;
    assert_eq!(sessions.len(), 1, "the other one was never taken");
    bench.grant(&early, &[]);
    assert!(bench.session(1).membership(GUILD).unwrap().relay().is_none());
    bench.deck.restored(back(&sessions, 0, Vec::new()));
    let again = bench.attaches();
    assert_eq!(again.len(), 1);
    bench.grant(&again[0], &[]);
    assert_eq!(bench.hear(&said(1, "live", ALICE), 2), [0, 1]);
}

#[test]
fn a_guild_that_begins_anew_takes_its_sessions_back_with_what_they_missed() {
    let mut bench = Bench::crowd(3);
    bench.publish(&said(4, "before", ALICE));
    bench.deck.rejoin(GUILD);
    let (since, sessions) = asked(&mut bench).remove(0);
    assert_eq!((since, sessions.len()), (4, 3));
    assert!(bench.deck.relays(GUILD).is_none());
    assert_eq!(bench.session(0).membership(GUILD).unwrap().relay(), None);
    bench.deck.end(bench.slot(2));
    assert_eq!(bench.detaches(), [Bench::user(2)]);
    bench.deck.restored(back(&sessions, 5, vec![said(5, "missed", ALICE)]));
    assert_eq!(bench.detaches(), [Bench::user(2)], "its place is given back");
    bench.publish(&said(6, "live", ALICE));
    bench.pass();
    for user in 0..2 {
        assert_eq!(bench.texts(user), ["before", "missed", "live"], "{user}");
    }
    // It may answer twice, where it was asked twice.
    bench.deck.restored(back(&sessions[..2], 6, vec![said(6, "live", ALICE)]));
    bench.pass();
    assert!(bench.texts(0).is_empty(), "told once");
    assert_eq!(bench.hear(&said(7, "next", ALICE), 2), [0, 1]);
}

#[test]
fn who_is_no_member_any_more_is_told_and_who_cannot_be_told_begins_anew() {
    let mut bench = Bench::crowd(3);
    bench.deck.rejoin(GUILD);
    let sessions = asked(&mut bench).remove(0).1;
    bench.outputs();
    let [gone, lost] = [bench.reference(0), bench.reference(1)];
    let answer = back(&sessions[2..], 5, vec![said(5, "missed", ALICE)]);
    bench.deck.restored(Restored { gone: vec![gone], lost: vec![lost], ..answer });
    let outputs = bench.outputs();
    assert!(outputs.iter().any(|out| matches!(out, Output::Lost(session) if *session == lost)));
    bench.pass();
    assert_eq!(bench.texts(0), ["GUILD_DELETE"]);
    assert!(bench.deck.find(lost).is_none());
    assert_eq!(bench.texts(2), ["missed"]);
    assert_eq!(bench.session(2).guilds.len(), 1);
}

/// The last who is absent may go instead of coming back; then nobody has to wait.
#[test]
fn who_waits_is_asked_for_when_the_last_absent_one_is_turned_away() {
    let (bench, ids) = welcomed(1);
    let mut bench = bench.crash();
    asked(&mut bench);
    bench.join(7);
    bench.deck.joined(Bench::user(7), GUILD);
    assert_eq!(bench.attaches().len(), 0);
    let absent = named(&bench, ids[0]);
    bench.deck.turned_away(absent, GUILD);
    assert_eq!(bench.attaches().len(), 1);
    bench.resume(0, &ids[0], 2);
    bench.pass();
    bench.beat(0);
    assert_eq!(bench.texts(0), ["GUILD_DELETE", "RESUMED"]);
}

#[test]
fn a_guild_that_is_deleted_meanwhile_is_waited_for_no_longer() {
    let (bench, _) = welcomed(1);
    let mut bench = bench.crash();
    let sessions = asked(&mut bench).remove(0).1;
    bench.deck.restored(back(
        &sessions,
        1,
        vec![happened(1, EventKind::GuildDelete, Change::Gone)],
    ));
    bench.settle();
    assert!(bench.deck.relays(GUILD).is_none());
    bench.join(7);
    bench.deck.joined(Bench::user(7), GUILD);
    assert_eq!(bench.attaches().len(), 1, "nobody is absent");
}

/// A session whom a guild never welcomed begins there as if it had just come.
#[test]
fn a_session_that_was_never_welcomed_asks_for_its_guild_like_a_newcomer() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.deck.joined(Bench::user(0), GUILD);
    bench.settle();
    let mut bench = bench.crash();
    let asks = bench.asks();
    assert!(matches!(asks.as_slice(), [(_, Ask::Attach(attach))] if attach.initial), "{asks:?}");
}

/// Who does not hear of guilds is never welcomed, and is taken back all the same.
#[test]
fn a_session_without_the_intent_for_guilds_is_taken_back() {
    let mut bench = Bench::new();
    bench.join_as(0, |identity| identity.intents = Intents::GUILD_MESSAGES);
    bench.enter(0);
    bench.publish(&said(3, "before", ALICE));
    bench.pass();
    let mut bench = bench.crash();
    assert_eq!(asked(&mut bench)[0].0, 3);
}

/// Nobody here was told of an event, and yet it is behind everybody.
#[test]
fn an_event_that_nobody_gets_moves_everybody_on() {
    let mut bench = Bench::new();
    bench.join(5);
    bench.enter(5);
    let secret = scene::message(scene::SECRET, scene::OWNER, Default::default());
    bench.publish(&Event { sequence: 9, ..secret }.into());
    bench.pass();
    assert_eq!(bench.texts(5), ["welcome"]);
    let mut story = Story::default();
    bench.records.iter().for_each(|record| story.read(record));
    let survivors = Survivors::divide(vec![story.finish()], 1);
    assert_eq!(survivors[0].count(), 1);
    bench.deck.rejoin(GUILD);
    assert_eq!(asked(&mut bench)[0].0, 9);
}

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
        let session = bench.deck.find(named(&bench, id)).unwrap();
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
        let session = named(&bench, id);
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
    let session = named(&bench, id);
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
    assert_eq!(bench.deck.find(named(&bench, id)).unwrap().sequence, 2);
    bench.resume(1, &id, 1);
    bench.pass();
    bench.beat(1);
    assert_eq!(bench.texts(1), ["for this one", "RESUMED"]);
}

#[test]
fn the_policy_is_asked_again_after_a_crash_as_it_wants() {
    let (bench, _) = welcomed(1);
    let mut bench = bench.crash();
    bench.policy.says(|verdicts| verdicts.recheck = Some(secs(5)));
    let sessions = asked(&mut bench).remove(0).1;
    bench.deck.restored(back(&sessions, 0, Vec::new()));
    bench.wait(secs(6));
    assert!(bench.deck.has_review());
}
