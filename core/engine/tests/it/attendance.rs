//! Who of a guild is there, and what others are told of it.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_engine::attendance::{Attendance, SessionRef};
use throng_engine::event::Event;
use throng_engine::relay::Interest;
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::UserId;
use throng_proto::intents::Intents;
use throng_proto::model::{Profile, Status};

use crate::random::Random;
use crate::scene::{self, ALICE, BOB, GUILD, OWNER, RED};

const LISTENER: Interest = Interest { intents: Intents::GUILD_PRESENCES, named: true };
const DEAF: Interest = Interest { intents: Intents::GUILDS, named: true };

/// An attendance with somebody who listens to presences.
fn heard() -> Attendance {
    let mut attendance = Attendance::new(GUILD);
    attendance.attach(session(0), OWNER, LISTENER);
    attendance.show(session(0), OWNER, showing(Status::Online));
    news(&mut attendance);
    attendance
}

/// A session of worker 0 by number.
const fn session(slot: u32) -> SessionRef {
    SessionRef { worker: 0, slot, generation: 1 }
}

fn showing(status: Status) -> PresenceUpdate {
    PresenceUpdate { status, ..PresenceUpdate::default() }
}

fn playing(status: Status, game: &str) -> PresenceUpdate {
    let activities = serde_json::from_value(json!([{"name": game}])).unwrap();
    PresenceUpdate { status, activities, ..PresenceUpdate::default() }
}

/// Attaches a session of a user, which shows a presence.
fn enter(attendance: &mut Attendance, slot: u32, user: UserId, update: PresenceUpdate) {
    attendance.attach(session(slot), user, DEAF);
    attendance.show(session(slot), user, update);
}

/// Ends the window, and returns what others are told.
fn news(attendance: &mut Attendance) -> Vec<(UserId, String, usize)> {
    attendance.end_window();
    let news = attendance.tell(usize::MAX);
    let told = news.iter().map(|(user, shown)| {
        let event = attendance.event(*user, shown).expect("somebody listens");
        let (status, activities) = told(&event);
        (*user, status, activities)
    });
    told.collect()
}

fn told(event: &Event) -> (String, usize) {
    assert_eq!((event.kind, event.scope), (EventKind::PresenceUpdate, Scope::Guild));
    assert_eq!(event.sequence, 0, "presences are not logged");
    let data = scene::payload(&event.body)["d"].clone();
    assert_eq!(data["guild_id"], "100");
    assert_eq!(data["user"]["id"], event.author.expect("whose it is").to_string());
    let status = data["status"].as_str().expect("a status").to_owned();
    let web = if status == "offline" { Value::Null } else { json!(status) };
    assert_eq!(data["client_status"]["web"], web);
    (status, data["activities"].as_array().expect("activities").len())
}

/// What is told of one user, `None` when nothing is told of anybody.
fn status(attendance: &mut Attendance, user: UserId) -> Option<String> {
    let mut news = news(attendance);
    assert!(news.len() <= 1, "{news:?}");
    let (whose, status, _) = news.pop()?;
    assert_eq!(whose, user);
    Some(status)
}

const fn on(worker: u16) -> SessionRef {
    SessionRef { worker, slot: 0, generation: 0 }
}

/// Workers that have attachments are those that are told of events, each once.
#[test]
fn workers_come_and_go_with_their_attachments() {
    let mut attendance = Attendance::new(GUILD);
    let mut random = Random::new(7);
    let mut seats: Vec<(u16, SessionRef, UserId)> = Vec::new();
    for slot in 0..2_000 {
        if random.below(100) < 52 {
            let (worker, user) = (random.pick(&[0, 1, 2]), UserId::new(random.below(20)));
            let session = SessionRef { slot, ..on(worker) };
            attendance.attach(session, user, DEAF);
            // One that is attached already counts once.
            attendance.attach(session, user, DEAF);
            attendance.set_relays(worker.into(), usize::from(worker) + 1);
            seats.push((worker, session, user));
        } else if !seats.is_empty() {
            let (_, session, user) = seats.swap_remove(random.index(seats.len()));
            attendance.detach(session, user, DEAF);
        }
        assert_eq!(attendance.attachments(), seats.len());
        let mut workers: Vec<_> = seats.iter().map(|seat| usize::from(seat.0)).collect();
        workers.sort_unstable();
        workers.dedup();
        assert_eq!(attendance.relays(), workers.iter().map(|worker| worker + 1).sum::<usize>());
        assert_eq!(attendance.workers().collect::<Vec<_>>(), workers);
    }
}

/// A2: a user is online from its first visible session to its last.
#[test]
fn a_user_is_online_while_a_session_is_there_and_visible() {
    let mut attendance = heard();
    assert!(!attendance.is_online(ALICE));
    enter(&mut attendance, 1, ALICE, showing(Status::Idle));
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "idle");
    assert!(attendance.is_online(ALICE));
    assert_eq!(attendance.online(), 2);
    enter(&mut attendance, 2, ALICE, showing(Status::Idle));
    assert_eq!(status(&mut attendance, ALICE), None, "nothing changed");
    attendance.detach(session(1), ALICE, DEAF);
    assert_eq!(status(&mut attendance, ALICE), None, "one session is still there");
    assert!(attendance.is_online(ALICE));
    attendance.detach(session(2), ALICE, DEAF);
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "offline");
    assert!(!attendance.is_online(ALICE));
    assert_eq!(attendance.online(), 1);
}

/// A2: a session that hides does not hide the others.
#[test]
fn of_several_sessions_the_one_that_is_most_there_counts() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, playing(Status::Online, "chess"));
    news(&mut attendance);
    enter(&mut attendance, 2, ALICE, showing(Status::Invisible));
    assert_eq!(status(&mut attendance, ALICE), None, "the other one is still seen");
    attendance.show(session(2), ALICE, showing(Status::Dnd));
    assert_eq!(status(&mut attendance, ALICE), None, "online goes before dnd");
    attendance.show(session(1), ALICE, showing(Status::Idle));
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "idle", "and idle, too");
    attendance.detach(session(1), ALICE, DEAF);
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "dnd");
    attendance.show(session(2), ALICE, showing(Status::Invisible));
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "offline");
}

#[test]
fn of_sessions_that_are_alike_the_one_that_spoke_last_counts() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, playing(Status::Online, "chess"));
    enter(&mut attendance, 2, ALICE, showing(Status::Online));
    assert_eq!(news(&mut attendance), [(ALICE, "online".to_owned(), 0)]);
    attendance.show(session(1), ALICE, playing(Status::Online, "go"));
    assert_eq!(news(&mut attendance), [(ALICE, "online".to_owned(), 1)]);
}

/// A2: who is invisible is offline to others, and comes and goes without a word.
#[test]
fn nobody_notices_the_invisible() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, showing(Status::Invisible));
    assert_eq!(status(&mut attendance, ALICE), None, "was offline");
    assert!(!attendance.is_online(ALICE));
    assert_eq!(attendance.presences().count(), 1);
    attendance.show(session(1), ALICE, playing(Status::Invisible, "chess"));
    assert_eq!(status(&mut attendance, ALICE), None, "offline users play nothing");
    let presence = json!(attendance.presence(ALICE));
    assert_eq!((&presence["status"], &presence["activities"]), (&json!("offline"), &json!([])));
    attendance.detach(session(1), ALICE, DEAF);
    assert_eq!(status(&mut attendance, ALICE), None);
}

#[test]
fn becoming_invisible_and_visible_again_is_told() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, playing(Status::Online, "chess"));
    news(&mut attendance);
    attendance.show(session(1), ALICE, playing(Status::Invisible, "chess"));
    assert_eq!(news(&mut attendance), [(ALICE, "offline".to_owned(), 0)]);
    attendance.show(session(1), ALICE, playing(Status::Dnd, "chess"));
    assert_eq!(news(&mut attendance), [(ALICE, "dnd".to_owned(), 1)]);
}

#[test]
fn presences_are_told_only_when_others_see_a_difference() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, showing(Status::Online));
    news(&mut attendance);
    let mut show = |update| {
        attendance.show(session(1), ALICE, update);
        news(&mut attendance).pop().map(|(_, status, activities)| (status, activities))
    };
    assert_eq!(show(showing(Status::Online)), None);
    assert_eq!(show(showing(Status::Dnd)), Some(("dnd".to_owned(), 0)));
    assert_eq!(show(playing(Status::Dnd, "chess")), Some(("dnd".to_owned(), 1)));
    assert_eq!(show(playing(Status::Dnd, "chess")), None);
    assert_eq!(show(playing(Status::Dnd, "go")), Some(("dnd".to_owned(), 1)));
    assert_eq!(show(showing(Status::Offline)), Some(("offline".to_owned(), 0)));
    assert_eq!(show(showing(Status::Invisible)), None, "offline and invisible look alike");
}

/// Only the last state of a window counts, and one that was taken back is no news.
#[test]
fn changes_within_a_window_are_told_as_one() {
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, showing(Status::Online));
    for number in 0..10 {
        attendance.show(session(1), ALICE, playing(Status::Idle, &number.to_string()));
    }
    assert!(!attendance.is_online(ALICE), "others have not been told");
    assert_eq!(news(&mut attendance), [(ALICE, "idle".to_owned(), 1)]);
    assert_eq!(attendance.coalesced(), 10);
    attendance.show(session(1), ALICE, showing(Status::Dnd));
    attendance.show(session(1), ALICE, playing(Status::Idle, "9"));
    assert!(!attendance.has_news(), "as it was");
    attendance.detach(session(1), ALICE, DEAF);
    enter(&mut attendance, 2, ALICE, playing(Status::Idle, "9"));
    assert_eq!(news(&mut attendance), [], "a client that began anew was never away");
    assert_eq!(attendance.coalesced(), 12);
}

#[test]
fn what_changes_while_others_are_told_waits_for_the_next_window() {
    let mut attendance = heard();
    for slot in 1..=5 {
        enter(&mut attendance, slot, UserId::new(u64::from(slot) + 10), showing(Status::Online));
    }
    attendance.end_window();
    assert_eq!(attendance.tell(2).len(), 2);
    enter(&mut attendance, 6, ALICE, showing(Status::Online));
    assert_eq!(attendance.tell(usize::MAX).len(), 3);
    assert!(!attendance.has_due() && attendance.has_news());
    assert_eq!(news(&mut attendance), [(ALICE, "online".to_owned(), 0)]);
}

#[test]
fn sessions_that_survived_a_restart_are_no_news() {
    let mut attendance = heard();
    attendance.attach(session(1), ALICE, DEAF);
    attendance.recall(session(1), ALICE, showing(Status::Idle));
    assert_eq!((attendance.is_online(ALICE), attendance.online()), (true, 2));
    assert_eq!(news(&mut attendance), []);
    attendance.detach(session(1), ALICE, DEAF);
    assert_eq!(status(&mut attendance, ALICE).unwrap(), "offline");
}

/// A guild that began anew may take newcomers before the last of those who were there.
#[test]
fn whoever_comes_back_after_others_looked_is_told_to_all() {
    let mut attendance = heard();
    let everybody = attendance.presences_of([OWNER, ALICE].into_iter());
    assert!(!everybody.get().contains(&ALICE.to_string()), "{everybody}");
    attendance.attach(session(1), ALICE, DEAF);
    attendance.recall(session(1), ALICE, showing(Status::Idle));
    assert_eq!(news(&mut attendance), [(ALICE, "idle".to_owned(), 0)]);
}

#[test]
fn nothing_is_told_when_nobody_listens() {
    let mut attendance = Attendance::new(GUILD);
    attendance.attach(on(0), ALICE, DEAF);
    attendance.show(on(0), ALICE, showing(Status::Online));
    attendance.end_window();
    let (user, shown) = attendance.tell(1).remove(0);
    assert!(attendance.event(user, &shown).is_none());
    attendance.attach(on(1), BOB, LISTENER);
    assert!(attendance.event(user, &shown).is_some());
    attendance.detach(on(1), BOB, LISTENER);
    assert!(attendance.event(user, &shown).is_none(), "the last listener left");
}

#[test]
fn strangers_are_offline_and_change_nothing() {
    let mut attendance = heard();
    attendance.show(session(9), BOB, showing(Status::Online));
    attendance.show(session(9), OWNER, showing(Status::Idle));
    attendance.detach(session(9), BOB, DEAF);
    assert_eq!(news(&mut attendance), []);
    assert_eq!(attendance.attachments(), 1);
    assert_eq!(attendance.presence(BOB).status, Status::Offline);
}

/// Equal members and presences are shared until one of them changes, and never outlive the change.
#[test]
fn the_crowd_is_shared_until_it_changes() {
    let members: Vec<_> = (1..=5).map(scene::member).collect();
    let mut attendance = heard();
    let roster = scene::roster(&members);
    let crowd = |attendance: &mut Attendance| Arc::clone(attendance.crowd(&roster, true).segment());
    let first = crowd(&mut attendance);
    assert!(Arc::ptr_eq(&first, &crowd(&mut attendance)));
    for slot in 1..=5 {
        enter(&mut attendance, slot, ALICE, showing(Status::Online));
        assert!(Arc::ptr_eq(&first, &crowd(&mut attendance)), "others were not told yet");
    }
    news(&mut attendance);
    let second = crowd(&mut attendance);
    assert!(!Arc::ptr_eq(&first, &second), "she came");
    attendance.show(session(1), ALICE, showing(Status::Online));
    news(&mut attendance);
    assert!(Arc::ptr_eq(&second, &crowd(&mut attendance)), "nothing changed");
    (1..=5).for_each(|slot| attendance.detach(session(slot), ALICE, DEAF));
    news(&mut attendance);
    let third = crowd(&mut attendance);
    assert!(!Arc::ptr_eq(&second, &third), "she left");
    attendance.invalidate();
    assert!(!Arc::ptr_eq(&third, &crowd(&mut attendance)));
}

#[test]
fn a_large_crowd_has_who_is_online_or_has_a_role_or_a_nickname() {
    let mut members: Vec<_> = (1..=6).map(scene::member).collect();
    let red = Profile::new(scene::JOINED, vec![RED]);
    Arc::make_mut(&mut members[3]).profile = red;
    Arc::make_mut(&mut members[4]).profile.nick = Some("nick".to_owned());
    let mut attendance = heard();
    enter(&mut attendance, 1, ALICE, showing(Status::Online));
    enter(&mut attendance, 2, BOB, showing(Status::Invisible));
    news(&mut attendance);
    let crowd = attendance.crowd(&scene::roster(&members), false);
    let text = std::str::from_utf8(crowd.segment().text()).unwrap();
    let data: Value =
        serde_json::from_str(&format!("{{\"d\":{{{text}]}}}}")).expect("the end of a payload");
    let ids = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|item| item["user"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&data["d"]["members"]), ["1", "2", "4", "5"]);
    assert_eq!(ids(&data["d"]["presences"]), ["1", "2"]);
}

/// Whoever asks is shown itself as it is now, whatever others have been told yet.
#[test]
fn a_user_is_shown_what_it_shows_itself() {
    let mut attendance = heard();
    assert_eq!(attendance.own(ALICE), None, "it is not there");
    enter(&mut attendance, 1, ALICE, playing(Status::Dnd, "Chess"));
    let own: Value = serde_json::from_str(&attendance.own(ALICE).unwrap()).unwrap();
    assert_eq!((&own["status"], &own["user"]["id"]), (&json!("dnd"), &json!(ALICE)));
    assert_eq!(own["activities"][0]["name"], "Chess");
    attendance.show(session(1), ALICE, showing(Status::Invisible));
    assert_eq!(attendance.own(ALICE), None);
}
