//! Posting, editing and deleting: who may, and what is taken.

use std::time::Duration;

use serde_json::{Value, json};
use throng_engine::guild::Config;
use throng_proto::command::{Command, MemberPatch, MessageDraft, MessagePatch};
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, MessageKind, MessageReference};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::hall::{
    ADMINISTRATOR, ALICE, BOB, CATEGORY, GUILD, Hall, MODERATOR, OPEN, OPERATOR, OWNER, SECRET,
    SLOW, STRANGER, VOICE, draft, form, of_role,
};

/// Checks that a refusal is about one field.
pub(super) fn assert_field(refusal: &Refusal, field: &str) {
    let Refusal::InvalidForm(errors) = refusal else { panic!("{refusal:?} names no field") };
    assert_eq!(errors[0].field, field, "{errors:?}");
}

fn deny(hall: &mut Hall, channel: ChannelId, permissions: Permissions) {
    let overwrite = of_role(GUILD.cast(), Permissions::NONE, permissions);
    hall.run(OWNER, Command::OverwritePut(channel, overwrite)).expect("granted");
}

fn edit(message: &Message, patch: Value) -> Command {
    Command::MessageEdit(message.channel_id, message.id, Box::new(form(patch)))
}

#[test]
fn posting_needs_membership_view_and_send() {
    let table = [
        (ALICE, OPEN, None),
        (ALICE, VOICE, None),
        (STRANGER, OPEN, Some(Refusal::MissingAccess)),
        (OPERATOR, OPEN, Some(Refusal::MissingAccess)),
        (ALICE, SECRET, Some(Refusal::MissingAccess)),
        (MODERATOR, SECRET, None),
        (ADMINISTRATOR, SECRET, None),
        (OWNER, SECRET, None),
        (ALICE, CATEGORY, Some(Refusal::NonTextChannel)),
        (ALICE, ChannelId::new(999), Some(Refusal::UnknownChannel)),
    ];
    for (actor, channel, refused) in table {
        let outcome = Hall::new().post_in(actor, channel, draft("x"));
        assert_eq!(outcome.err(), refused, "{actor} in {channel}");
    }
    let mut hall = Hall::new();
    deny(&mut hall, OPEN, Permissions::SEND_MESSAGES);
    let refused = hall.post_in(ALICE, OPEN, draft("x"));
    assert_eq!(refused, Err(Refusal::MissingPermissions));
    let refused = hall.run(ALICE, Command::Typing(OPEN));
    assert_eq!(refused, Err(Refusal::MissingPermissions));
}

#[test]
fn parts_of_a_message_need_permissions_of_their_own() {
    let table = [
        (Permissions::EMBED_LINKS, json!({ "embeds": [{ "title": "x" }] })),
        (Permissions::READ_MESSAGE_HISTORY, json!({ "message_reference": { "message_id": "1" } })),
    ];
    for (permission, part) in table {
        let mut hall = Hall::new();
        deny(&mut hall, OPEN, permission);
        let draft = MessageDraft { content: Some("x".into()), ..form(part) };
        assert_eq!(hall.post_in(ALICE, OPEN, draft), Err(Refusal::MissingPermissions));
    }
    let loud = MessageDraft { tts: true, ..draft("x") };
    assert_eq!(Hall::new().post_in(ALICE, OPEN, loud), Err(Refusal::MissingPermissions));
}

#[test]
fn a_timed_out_member_reads_but_does_not_post() {
    let mut hall = Hall::new();
    let until = hall.now.after(Duration::from_secs(60));
    let patch =
        MemberPatch { communication_disabled_until: Some(Some(until)), ..MemberPatch::default() };
    hall.run(MODERATOR, Command::MemberPatch(UserId::new(ALICE), patch)).expect("granted");
    assert_eq!(hall.post_in(ALICE, OPEN, draft("x")), Err(Refusal::MissingPermissions));
    let history = Command::Access(OPEN, Permissions::READ_MESSAGE_HISTORY);
    assert!(hall.run(ALICE, history).is_ok());
    hall.pass(Duration::from_secs(60));
    assert!(hall.post_in(ALICE, OPEN, draft("x")).is_ok());
}

fn row() -> Value {
    let link = json!({ "type": 2, "style": 5, "label": "x", "url": "https://a.example" });
    json!({ "type": 1, "components": [link] })
}

#[test]
fn forms_that_are_wrong_are_refused_by_field() {
    let table = [
        (json!({ "content": "x".repeat(2001) }), "content"),
        (json!({ "components": [{ "type": 10, "content": "x" }] }), "components.0.type"),
        (json!({ "components": vec![row(); 6] }), "components"),
        (json!({ "content": "x", "components": [row()], "flags": 1 << 15 }), "content"),
        (json!({ "embeds": [{ "title": "x" }], "flags": 1 << 15 }), "embeds"),
        (
            json!({ "content": "x", "message_reference": { "message_id": "1" } }),
            "message_reference",
        ),
    ];
    for (wrong, field) in table {
        let refused = Hall::new().post_in(ALICE, OPEN, form(wrong)).expect_err("refused");
        assert_field(&refused, field);
    }
    for empty in [json!({}), json!({ "content": "" }), json!({ "content": " \n" })] {
        assert_eq!(Hall::new().post_in(ALICE, OPEN, form(empty)), Err(Refusal::EmptyMessage));
    }
    for right in [
        json!({ "content": "\u{1f600}".repeat(2000) }),
        json!({ "embeds": [{ "title": "x" }] }),
        json!({ "components": [row()] }),
        json!({ "components": [{ "type": 10, "content": "x" }], "flags": 1 << 15 }),
        json!({ "content": "x", "nonce": i64::MAX }),
    ] {
        assert!(Hall::new().post_in(ALICE, OPEN, form(right)).is_ok());
    }
}

#[test]
fn a_message_whose_event_is_too_long_is_refused_before_anything_is_kept() {
    let mut hall = Hall::with(Config { event_bytes_max: 2000, ..Config::default() });
    let nonce = || Some(throng_proto::model::Nonce::Text("n".into()));
    let long = MessageDraft { nonce: nonce(), enforce_nonce: true, ..draft(&"x".repeat(2000)) };
    let refused = Err(Refusal::EventTooLarge { max: 2000 });
    assert_eq!(hall.post_in(ALICE, OPEN, long.clone()), refused);
    assert!(hall.writes.is_empty());
    let short = MessageDraft { content: Some("x".into()), ..long };
    let message = hall.post_in(ALICE, OPEN, short).expect("the nonce is free");
    let refused = hall.run(ALICE, edit(&message, json!({ "content": "x".repeat(2000) })));
    assert_eq!(refused.map(|_| ()), Err(Refusal::EventTooLarge { max: 2000 }));
}

#[test]
fn only_known_flags_are_kept() {
    let draft = MessageDraft { flags: !(1 << 15), ..draft("x") };
    let message = Hall::new().post_in(ALICE, OPEN, draft).expect("granted");
    assert_eq!(message.flags, 1 << 2 | 1 << 12);
}

#[test]
fn an_answer_carries_the_answered_message_one_level_deep() {
    let mut hall = Hall::new();
    let answer = |hall: &mut Hall, first: &Message| {
        let (kind, message_id) = (0, first.id);
        let reference = MessageReference { kind, message_id, channel_id: None, guild_id: None };
        let draft = MessageDraft { message_reference: Some(reference), ..draft("answer") };
        hall.post_in(ALICE, OPEN, draft).expect("granted")
    };
    let first = hall.post(BOB, "first");
    let second = answer(&mut hall, &first);
    let third = answer(&mut hall, &second);
    assert_eq!(third.kind, MessageKind::REPLY);
    let reference = third.message_reference.expect("a reference");
    assert_eq!(reference.channel_id, Some(OPEN));
    assert_eq!(reference.guild_id, Some(GUILD));
    let answered = third.referenced_message.message().expect("the answered message");
    assert_eq!(answered.id, second.id);
    assert!(answered.referenced_message.is_absent());
}

#[test]
fn slow_mode_holds_members_back_but_not_moderators() {
    let mut hall = Hall::new();
    assert!(hall.post_in(ALICE, SLOW, draft("1")).is_ok());
    hall.pass(Duration::from_secs(4));
    let retry_after = Duration::from_secs(6);
    let refused = hall.post_in(ALICE, SLOW, draft("2"));
    assert_eq!(refused, Err(Refusal::SlowMode { retry_after }));
    assert!(hall.post_in(BOB, SLOW, draft("x")).is_ok());
    assert!(hall.post_in(MODERATOR, SLOW, draft("x")).is_ok());
    assert!(hall.post_in(MODERATOR, SLOW, draft("x")).is_ok());
    hall.pass(retry_after);
    assert!(hall.post_in(ALICE, SLOW, draft("2")).is_ok());
}

#[test]
fn only_the_author_edits_and_moderators_hide_embeds() {
    let mut hall = Hall::new();
    let message = hall.post(ALICE, "first");
    hall.pass(Duration::from_secs(1));
    let new = hall.json(ALICE, edit(&message, json!({ "content": "second" })));
    assert_eq!(new["content"], "second");
    assert_ne!(new["edited_timestamp"], Value::Null);
    assert!(matches!(hall.writes.last(), Some(Write::MessageUpdate(_))));
    let content = json!({ "content": "mine" });
    for actor in [BOB, MODERATOR, OWNER, OPERATOR] {
        assert_eq!(hall.run(actor, edit(&message, content.clone())), Err(Refusal::NotAuthor));
    }
    let flags = json!({ "flags": 4 });
    let refused = hall.run(BOB, edit(&message, flags.clone()));
    assert_eq!(refused, Err(Refusal::MissingPermissions));
    assert_eq!(hall.json(MODERATOR, edit(&message, flags))["flags"], 4);
    let empty = hall.run(ALICE, edit(&message, json!({ "content": null })));
    assert_eq!(empty, Err(Refusal::EmptyMessage));
    let long = hall.run(ALICE, edit(&message, json!({ "content": "x".repeat(2001) })));
    assert_field(&long.expect_err("refused"), "content");
}

#[test]
fn an_edit_keeps_reactions_out_of_the_stored_message() {
    let mut hall = Hall::new();
    let message = hall.post(ALICE, "first");
    hall.shelf.react(message.id, &Emoji { id: None, name: Some("x".into()) }, UserId::new(BOB));
    let answer = hall.json(ALICE, edit(&message, json!({ "content": "second" })));
    assert_eq!(answer["reactions"][0]["count"], 1);
    let Some(Write::MessageUpdate(stored)) = hall.writes.last() else { panic!("an update") };
    assert!(stored.reactions.is_empty());
    assert_eq!(MessagePatch::default(), form(json!({})));
}

#[test]
fn messages_are_deleted_by_their_author_or_a_moderator() {
    for (actor, granted) in [(ALICE, true), (MODERATOR, true), (OPERATOR, true), (BOB, false)] {
        let mut hall = Hall::new();
        let message = hall.post(ALICE, "x");
        let outcome = hall.run(actor, Command::MessageDelete(OPEN, message.id));
        assert_eq!(outcome.is_ok(), granted, "{actor}");
        let last = if granted { EventKind::MessageDelete } else { EventKind::MessageCreate };
        assert_eq!(hall.last().kind, last);
    }
}

#[test]
fn bulk_deletion_takes_2_to_100_recent_messages() {
    let mut hall = Hall::new();
    let ids: Vec<MessageId> = (0..101).map(|_| hall.post(ALICE, "x").id).collect();
    let bulk = |ids: &[MessageId]| Command::MessageBulkDelete(OPEN, ids.to_vec());
    assert_eq!(hall.run(ALICE, bulk(&ids[..2])), Err(Refusal::MissingPermissions));
    for wrong in [&ids[..1], &ids[..], &[ids[0], ids[0]], &[MessageId::new(1), ids[0]]] {
        assert_field(&hall.run(MODERATOR, bulk(wrong)).expect_err("refused"), "messages");
    }
    hall.run(MODERATOR, bulk(&[ids[1], ids[0], ids[1]])).expect("granted");
    assert_eq!(hall.payload()["ids"], json!([ids[0], ids[1]]));
    assert!(matches!(hall.writes.last(), Some(Write::MessageDelete(_, two)) if two.len() == 2));
    hall.run(MODERATOR, bulk(&ids[1..])).expect("granted");
}

#[test]
fn access_says_what_is_missing() {
    let mut hall = Hall::new();
    let access = |channel, permission| Command::Access(channel, permission);
    let (view, manage) = (Permissions::VIEW_CHANNEL, Permissions::MANAGE_CHANNELS);
    assert!(hall.run(ALICE, access(OPEN, view)).is_ok());
    assert_eq!(hall.run(ALICE, access(SECRET, view)), Err(Refusal::MissingAccess));
    assert_eq!(hall.run(ALICE, access(OPEN, manage)), Err(Refusal::MissingPermissions));
    let unknown = access(ChannelId::new(999), view);
    assert_eq!(hall.run(ALICE, unknown), Err(Refusal::UnknownChannel));
    assert!(hall.run(OPERATOR, access(SECRET, manage)).is_ok());
}
