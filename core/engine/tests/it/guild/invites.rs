//! Invites: who may make, see and delete them, and who comes in.

use std::time::Duration;

use serde_json::{Value, json};
use throng_engine::guild::Config;
use throng_proto::command::Command;
use throng_proto::event::{EventKind, Scope};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::{InviteCode, InviteDraft};
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::hall::{
    ADMINISTRATOR, ALICE, BOB, CATEGORY, Hall, MODERATOR, OPEN, OPERATOR, OWNER, SECRET, STRANGER,
    form, record,
};

fn create(number: u64, channel: ChannelId, wanted: Value) -> Command {
    let code = Some(InviteCode::from_random(number));
    Command::InviteCreate(channel, InviteDraft { code, ..form(wanted) })
}

/// Makes an invite to [`OPEN`] and returns its code.
fn made(hall: &mut Hall, number: u64, wanted: Value) -> InviteCode {
    let invite = hall.json(ALICE, create(number, OPEN, wanted));
    invite["code"].as_str().expect("a code").parse().expect("a code")
}

fn accept(code: &InviteCode) -> Command {
    Command::InviteAccept(code.clone())
}

fn get(code: &InviteCode) -> Command {
    Command::InviteGet { code: code.clone(), counts: false }
}

#[test]
fn a_stranger_comes_in_and_the_use_counts_once() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({}));
    hall.kinds();
    let shown = hall.json(STRANGER, accept(&code));
    assert_eq!((&shown["new_member"], &shown["guild"]["name"]), (&json!(true), &json!("hall")));
    assert_eq!(hall.kinds(), [EventKind::GuildMemberAdd]);
    assert!(hall.trace.contains(&"joined 9".to_owned()));
    let member = hall.guild.member(UserId::new(STRANGER)).expect("a member");
    assert!(member.profile.roles.is_empty());
    assert_eq!(hall.json(STRANGER, accept(&code))["new_member"], false);
    assert_eq!(hall.json(BOB, accept(&code))["new_member"], false);
    let listed = hall.json(OWNER, Command::InviteList(None));
    assert_eq!(listed[0]["uses"], 1, "members do not use it up");
    assert_eq!(hall.run(OPERATOR, accept(&code)), Err(Refusal::MissingAccess));
}

#[test]
fn whoever_left_or_was_kicked_may_come_again() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({}));
    for by in [STRANGER, OWNER] {
        hall.run(STRANGER, accept(&code)).expect("granted");
        hall.run(by, Command::MemberDelete(UserId::new(STRANGER))).expect("granted");
    }
    hall.run(STRANGER, accept(&code)).expect("granted");
    assert_eq!(hall.json(OWNER, Command::InviteList(None))[0]["uses"], 3);
}

#[test]
fn an_invite_ends_with_its_last_use() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({ "max_uses": 2 }));
    hall.run(20, accept(&code)).expect("granted");
    hall.kinds();
    hall.run(21, accept(&code)).expect("granted");
    assert_eq!(hall.kinds(), [EventKind::GuildMemberAdd, EventKind::InviteDelete]);
    assert!(hall.trace.contains(&"invites +0 -1".to_owned()));
    assert_eq!(hall.run(22, accept(&code)), Err(Refusal::UnknownInvite));
    assert_eq!(hall.run(22, get(&code)), Err(Refusal::UnknownInvite));
    assert!(hall.guild.member(UserId::new(22)).is_none());
}

/// All ask before the store has answered anybody.
#[test]
fn uses_are_counted_exactly_whatever_waits() {
    for max_uses in 1..6_u32 {
        let mut hall = Hall::new();
        let code = made(&mut hall, 1, json!({ "max_uses": max_uses }));
        let before = hall.guild.member_count();
        hall.held = true;
        let asked: Vec<_> = (20..40).map(|user| hall.ask(user, accept(&code))).collect();
        if max_uses % 2 == 0 {
            // A commit that fails takes no use.
            hall.fail();
        }
        hall.commit_all();
        let let_in = asked.iter().filter(|ticket| hall.answers[ticket].is_ok()).count();
        assert_eq!(let_in, max_uses as usize);
        assert_eq!(hall.guild.member_count(), before + let_in);
        assert_eq!(hall.guild.invite_codes().count(), 0);
    }
}

#[test]
fn an_invite_ends_when_its_time_is_over() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({ "max_age": 60 }));
    let endless = made(&mut hall, 2, json!({ "max_age": 0 }));
    hall.pass(Duration::from_millis(59_999));
    hall.run(STRANGER, get(&code)).expect("still there");
    hall.run(20, accept(&code)).expect("granted");
    hall.pass(Duration::from_millis(1));
    for command in [get(&code), accept(&code)] {
        assert_eq!(hall.run(STRANGER, command), Err(Refusal::UnknownInvite));
    }
    assert_eq!(hall.run(OWNER, Command::InviteDelete(code.clone())), Err(Refusal::UnknownInvite));
    hall.pass(Duration::from_secs(3600 * 24 * 365));
    let shown = hall.json(STRANGER, get(&endless));
    assert_eq!(shown["expires_at"], Value::Null);
    // What is spent goes with the next one that is made.
    made(&mut hall, 3, json!({}));
    assert!(hall.guild.invite_codes().all(|known| *known != code));
    assert!(
        hall.writes.iter().any(|write| matches!(write, Write::InviteDelete(_, c) if *c == code))
    );
}

#[test]
fn only_so_many_can_be_used_at_a_time_and_spent_ones_do_not_count() {
    let mut hall = Hall::with(Config { invites_max: 3, ..Config::default() });
    for number in 0..3 {
        made(&mut hall, number, json!({ "max_age": 60, "unique": true }));
    }
    let many = Refusal::TooMany { what: "invites", max: 3, code: 30_016 };
    let another = || create(9, OPEN, json!({ "unique": true }));
    assert_eq!(hall.run(ALICE, another()), Err(many));
    hall.pass(Duration::from_secs(60));
    hall.run(ALICE, another()).expect("the others are spent");
    assert_eq!(hall.guild.invite_codes().count(), 1);
}

#[test]
fn an_invite_like_one_that_is_there_is_that_one_unless_it_must_be_new() {
    let mut hall = Hall::new();
    let one_use = json!({ "max_uses": 1, "max_age": 100 });
    let first = made(&mut hall, 1, one_use.clone());
    assert_eq!(made(&mut hall, 2, one_use.clone()), first);
    assert_ne!(made(&mut hall, 3, json!({ "max_uses": 1, "max_age": 100, "unique": true })), first);
    assert_ne!(made(&mut hall, 4, json!({ "max_uses": 2, "max_age": 100 })), first);
    let bobs = hall.json(BOB, create(5, OPEN, one_use.clone()));
    assert_ne!(bobs["code"], json!(first), "everybody has their own");
    hall.pass(Duration::from_secs(51));
    let late = made(&mut hall, 6, one_use);
    assert_eq!(late, InviteCode::from_random(6), "half of the time of the others is over");
}

#[test]
fn making_one_needs_the_permission_and_a_channel_that_one_sees() {
    let mut hall = Hall::new();
    assert_eq!(hall.run(STRANGER, create(1, OPEN, json!({}))), Err(Refusal::MissingAccess));
    assert_eq!(hall.run(ALICE, create(1, SECRET, json!({}))), Err(Refusal::MissingAccess));
    let nowhere = ChannelId::new(999);
    assert_eq!(hall.run(ALICE, create(1, nowhere, json!({}))), Err(Refusal::UnknownChannel));
    assert_eq!(hall.run(ALICE, create(1, CATEGORY, json!({}))), Err(Refusal::WrongChannelKind));
    for (wanted, field, code) in [
        (json!({ "temporary": true }), "temporary", "INVITE_TEMPORARY_UNSUPPORTED"),
        (json!({ "target_type": 1 }), "target_type", "INVITE_TARGET_UNSUPPORTED"),
    ] {
        let Err(Refusal::InvalidForm(errors)) = hall.run(ALICE, create(1, OPEN, wanted)) else {
            panic!("{field} is wrong");
        };
        assert_eq!((errors[0].field.as_str(), errors[0].code), (field, code));
    }
    let widest = json!({ "max_age": 604_800, "max_uses": 100, "temporary": false });
    hall.run(ALICE, create(1, OPEN, widest)).expect("granted");
}

#[test]
fn seeing_and_deleting_them_is_for_who_manages() {
    let mut hall = Hall::new();
    let open = made(&mut hall, 1, json!({}));
    let secret = hall.json(MODERATOR, create(2, SECRET, json!({})));
    let secret: InviteCode = secret["code"].as_str().expect("a code").parse().expect("a code");
    for list in [Command::InviteList(None), Command::InviteList(Some(OPEN))] {
        assert_eq!(hall.run(ALICE, list.clone()), Err(Refusal::MissingPermissions));
        assert_eq!(hall.run(STRANGER, list.clone()), Err(Refusal::MissingAccess));
        hall.run(MODERATOR, list).expect("granted");
    }
    let of_channel = hall.json(MODERATOR, Command::InviteList(Some(SECRET)));
    assert_eq!(of_channel.as_array().map(Vec::len), Some(1));
    let by_maker = hall.run(ALICE, Command::InviteDelete(open.clone()));
    assert_eq!(by_maker, Err(Refusal::MissingPermissions), "as at Discord");
    hall.kinds();
    for code in [open, secret] {
        let deleted = hall.json(MODERATOR, Command::InviteDelete(code.clone()));
        assert_eq!(deleted["code"], json!(code));
        assert_eq!(
            hall.run(ADMINISTRATOR, Command::InviteDelete(code)),
            Err(Refusal::UnknownInvite)
        );
    }
    assert_eq!(hall.kinds(), [EventKind::InviteDelete; 2]);
}

#[test]
fn they_go_with_their_channel() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({}));
    hall.run(OWNER, Command::ChannelDelete(OPEN)).expect("granted");
    assert!(hall.trace.contains(&"invites +0 -1".to_owned()));
    assert_eq!(hall.run(STRANGER, accept(&code)), Err(Refusal::UnknownInvite));
}

#[test]
fn they_are_there_after_a_restart() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({ "max_uses": 2 }));
    hall.run(20, accept(&code)).expect("granted");
    let kept = hall.writes.iter().rev().find_map(|write| match write {
        Write::Invite(invite) => Some(invite.as_ref().clone()),
        _ => None,
    });
    let mut again = record();
    again.invites.extend(kept);
    let mut hall = Hall::of(again, Config::default());
    hall.run(21, accept(&code)).expect("one use is left");
    assert_eq!(hall.run(22, accept(&code)), Err(Refusal::UnknownInvite));
}

#[test]
fn events_and_answers_have_their_keys() {
    let mut hall = Hall::new();
    let code = made(&mut hall, 1, json!({ "max_age": 60, "max_uses": 5 }));
    let event = hall.last();
    assert_eq!((event.kind, event.scope), (EventKind::InviteCreate, Scope::Managers(OPEN)));
    let mut payload = hall.payload();
    assert_eq!(payload["inviter"].take()["id"], "2");
    let (made_at, ends_at) =
        ("2023-11-14T22:13:20.000000+00:00", "2023-11-14T22:14:20.000000+00:00");
    assert_eq!(
        payload,
        json!({
            "type": 0, "channel_id": "300", "guild_id": "100", "code": code,
            "created_at": made_at, "expires_at": ends_at, "inviter": null,
            "max_age": 60, "max_uses": 5, "temporary": false, "uses": 0,
        })
    );
    let shown = hall.json(STRANGER, Command::InviteGet { code: code.clone(), counts: true });
    assert_eq!(shown["channel"], json!({ "id": "300", "name": "open", "type": 0 }));
    assert_eq!((&shown["guild"]["id"], &shown["expires_at"]), (&json!("100"), &json!(ends_at)));
    assert_eq!(shown["approximate_member_count"], 6);
    assert_eq!(shown.get("uses"), None, "that is for who manages");
    hall.run(OWNER, Command::InviteDelete(code.clone())).expect("granted");
    let deleted = json!({ "channel_id": "300", "guild_id": "100", "code": code });
    assert_eq!(hall.payload(), deleted);
}
