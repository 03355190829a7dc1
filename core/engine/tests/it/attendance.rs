//! Who of a guild is there, and what others are told of it.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_engine::attendance::Attendance;
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
    attendance.attach(0, OWNER, LISTENER);
    attendance.show(OWNER, showing(Status::Online), true);
    attendance
}

fn showing(status: Status) -> PresenceUpdate {
    PresenceUpdate { status, ..PresenceUpdate::default() }
}

fn playing(status: Status, game: &str) -> PresenceUpdate {
    let activity = serde_json::value::to_raw_value(&json!({"name": game})).unwrap();
    PresenceUpdate { status, activities: Some(vec![activity]), ..PresenceUpdate::default() }
}

/// Attaches one more session of a user, which shows a presence.
fn enter(attendance: &mut Attendance, user: UserId, update: PresenceUpdate) -> Option<Event> {
    attendance.attach(0, user, DEAF);
    attendance.show(user, update, true)
}

fn told(event: Option<Event>) -> Option<(String, usize)> {
    let event = event?;
    assert_eq!((event.kind, event.scope), (EventKind::PresenceUpdate, Scope::Guild));
    assert_eq!(event.sequence, 0, "presences are not logged");
    let data = scene::payload(&event.body)["d"].clone();
    assert_eq!(data["guild_id"], "100");
    assert_eq!(data["user"]["id"], event.author.expect("whose it is").to_string());
    let status = data["status"].as_str().expect("a status").to_owned();
    let web = if status == "offline" { Value::Null } else { json!(status) };
    assert_eq!(data["client_status"]["web"], web);
    Some((status, data["activities"].as_array().expect("activities").len()))
}

fn status(event: Option<Event>) -> Option<String> {
    told(event).map(|(status, _)| status)
}

/// Workers that have attachments are those that are told of events, each once.
#[test]
fn workers_come_and_go_with_their_attachments() {
    let mut attendance = Attendance::new(GUILD);
    let mut random = Random::new(7);
    let mut seats: Vec<(usize, UserId)> = Vec::new();
    for _ in 0..2_000 {
        if random.below(100) < 52 {
            let seat = (random.index(3), UserId::new(random.below(20)));
            attendance.attach(seat.0, seat.1, DEAF);
            attendance.set_relays(seat.0, seat.0 + 1);
            seats.push(seat);
        } else if !seats.is_empty() {
            let (worker, user) = seats.swap_remove(random.index(seats.len()));
            attendance.detach(worker, user, DEAF);
        }
        assert_eq!(attendance.attachments(), seats.len());
        let mut workers: Vec<_> = seats.iter().map(|seat| seat.0).collect();
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
    assert_eq!(status(enter(&mut attendance, ALICE, showing(Status::Idle))).unwrap(), "idle");
    assert!(attendance.is_online(ALICE));
    assert_eq!(attendance.online(), 2);
    assert!(enter(&mut attendance, ALICE, showing(Status::Idle)).is_none(), "nothing changed");
    assert!(attendance.detach(0, ALICE, DEAF).is_none(), "one session is still there");
    assert!(attendance.is_online(ALICE));
    assert_eq!(status(attendance.detach(0, ALICE, DEAF)).unwrap(), "offline");
    assert!(!attendance.is_online(ALICE));
    assert_eq!(attendance.online(), 1);
}

/// A2: who is invisible is offline to others, and comes and goes without a word.
#[test]
fn nobody_notices_the_invisible() {
    let mut attendance = heard();
    assert!(enter(&mut attendance, ALICE, showing(Status::Invisible)).is_none(), "was offline");
    assert!(!attendance.is_online(ALICE));
    assert_eq!(attendance.presences().count(), 1);
    let update = playing(Status::Invisible, "chess");
    assert!(attendance.show(ALICE, update, false).is_none(), "offline users play nothing");
    let presence = json!(attendance.presence(ALICE));
    assert_eq!((&presence["status"], &presence["activities"]), (&json!("offline"), &json!([])));
    assert!(attendance.detach(0, ALICE, DEAF).is_none());
}

#[test]
fn becoming_invisible_and_visible_again_is_told() {
    let mut attendance = heard();
    enter(&mut attendance, ALICE, playing(Status::Online, "chess"));
    let hidden = attendance.show(ALICE, playing(Status::Invisible, "chess"), false);
    assert_eq!(told(hidden).unwrap(), ("offline".to_owned(), 0));
    let shown = attendance.show(ALICE, playing(Status::Dnd, "chess"), false);
    assert_eq!(told(shown).unwrap(), ("dnd".to_owned(), 1));
}

#[test]
fn presences_are_told_only_when_others_see_a_difference() {
    let mut attendance = heard();
    enter(&mut attendance, ALICE, showing(Status::Online));
    let mut show = |update| told(attendance.show(ALICE, update, false));
    assert_eq!(show(showing(Status::Online)), None);
    assert_eq!(show(showing(Status::Dnd)), Some(("dnd".to_owned(), 0)));
    assert_eq!(show(playing(Status::Dnd, "chess")), Some(("dnd".to_owned(), 1)));
    assert_eq!(show(playing(Status::Dnd, "chess")), None);
    assert_eq!(show(playing(Status::Dnd, "go")), Some(("dnd".to_owned(), 1)));
    assert_eq!(show(showing(Status::Offline)), Some(("offline".to_owned(), 0)));
    assert_eq!(show(showing(Status::Invisible)), None, "offline and invisible look alike");
}

#[test]
fn nothing_is_told_when_nobody_listens() {
    let mut attendance = Attendance::new(GUILD);
    attendance.attach(0, ALICE, DEAF);
    assert!(attendance.show(ALICE, showing(Status::Online), true).is_none());
    assert!(attendance.show(ALICE, showing(Status::Idle), false).is_none());
    assert!(attendance.detach(0, ALICE, DEAF).is_none());
    attendance.attach(1, BOB, LISTENER);
    assert!(attendance.detach(1, BOB, LISTENER).is_none(), "the last listener itself left");
}

#[test]
fn strangers_are_offline_and_change_nothing() {
    let mut attendance = heard();
    assert!(attendance.show(BOB, showing(Status::Online), false).is_none());
    assert!(attendance.detach(99, BOB, DEAF).is_none());
    assert_eq!(attendance.attachments(), 1);
    assert_eq!(attendance.presence(BOB).status, Status::Offline);
}

/// Equal members and presences are shared until one of them changes, and never outlive the change.
#[test]
fn the_crowd_is_shared_until_it_changes() {
    let members: Vec<_> = (1..=5).map(scene::member).collect();
    let mut attendance = heard();
    let crowd = |attendance: &mut Attendance| attendance.crowd(members.iter(), true);
    let first = crowd(&mut attendance);
    assert!(Arc::ptr_eq(&first, &crowd(&mut attendance)));
    enter(&mut attendance, ALICE, showing(Status::Online));
    let second = crowd(&mut attendance);
    assert!(!Arc::ptr_eq(&first, &second), "she came");
    attendance.show(ALICE, showing(Status::Online), false);
    assert!(Arc::ptr_eq(&second, &crowd(&mut attendance)), "nothing changed");
    attendance.show(ALICE, showing(Status::Idle), false);
    let third = crowd(&mut attendance);
    assert!(!Arc::ptr_eq(&second, &third));
    attendance.detach(0, ALICE, DEAF);
    let fourth = crowd(&mut attendance);
    assert!(!Arc::ptr_eq(&third, &fourth), "she left");
    attendance.invalidate();
    assert!(!Arc::ptr_eq(&fourth, &crowd(&mut attendance)));
}

#[test]
fn a_large_crowd_has_who_is_online_or_has_a_role_or_a_nickname() {
    let mut members: Vec<_> = (1..=6).map(scene::member).collect();
    let red = Profile::new(scene::JOINED, vec![RED]);
    Arc::make_mut(&mut members[3]).profile = red;
    Arc::make_mut(&mut members[4]).profile.nick = Some("nick".to_owned());
    let mut attendance = heard();
    enter(&mut attendance, ALICE, showing(Status::Online));
    enter(&mut attendance, BOB, showing(Status::Invisible));
    let crowd = attendance.crowd(members.iter(), false);
    let text = std::str::from_utf8(crowd.text()).unwrap();
    let data: Value =
        serde_json::from_str(&format!("{{\"d\":{{{text}")).expect("the end of a payload");
    let ids = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|item| item["user"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&data["d"]["members"]), ["1", "2", "4", "5"]);
    assert_eq!(ids(&data["d"]["presences"]), ["1", "2"]);
}
