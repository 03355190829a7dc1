//! What outlives the process or a guild's task: who is taken back, and what it is told.

use std::sync::Arc;

use throng_engine::deck::{Ask, Attach, Grant, Output, Restored, SessionId, Story, Survivors};
use throng_engine::event::{Change, Event};
use throng_engine::welcome::{Welcome, guild_segment};
use throng_proto::event::EventKind;
use throng_proto::intents::Intents;

use super::bench::Bench;
use super::guilds::{happened, said, seat, secs, view};
use crate::scene::{self, ALICE, GUILD};

/// Users with sessions in the guild, who were welcomed by it.
pub(super) fn welcomed(users: u64) -> (Bench, Vec<SessionId>) {
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

pub(super) fn welcome(bench: &mut Bench, user: u64) {
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
pub(super) fn asked(bench: &mut Bench) -> Vec<(u64, Vec<Attach>)> {
    let asks = bench.asks().into_iter();
    let restores = asks.filter_map(|(_, ask)| match ask {
        Ask::Restore { since, sessions } => Some((since, sessions)),
        _ => None,
    });
    restores.collect()
}

/// What a guild answers that takes everybody back.
pub(super) fn back(sessions: &[Attach], at: u64, events: Vec<Arc<Event>>) -> Restored {
    let seats = sessions.iter().map(|attach| seat(attach, &[])).collect();
    Restored { view: view(at), seats, gone: Vec::new(), lost: Vec::new(), events }
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
    let absent = bench.named(ids[0]);
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
