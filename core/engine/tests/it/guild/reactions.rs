//! Reactions: who may add and remove which.

use serde_json::json;
use throng_proto::command::Command;
use throng_proto::event::EventKind;
use throng_proto::id::UserId;
use throng_proto::model::{Emoji, Message, ReactionCount};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::hall::{ALICE, BOB, GUILD, Hall, MODERATOR, OPEN, OPERATOR, OWNER, body, of_role};

const HEART: &str = "\u{2764}";

fn emoji(name: &str) -> Emoji {
    Emoji { id: None, name: Some(name.into()) }
}

fn counts(name: &str, me: bool) -> Vec<ReactionCount> {
    body(json!([{ "emoji": { "id": null, "name": name }, "count": 1, "me": me }]))
}

fn posted(hall: &mut Hall, reactions: Vec<ReactionCount>) -> Box<Message> {
    Box::new(Message { reactions, ..hall.post(BOB, "x") })
}

#[test]
fn adding_an_emoji_nobody_used_needs_add_reactions() {
    let mut hall = Hall::new();
    let deny = of_role(GUILD.cast(), Permissions::NONE, Permissions::ADD_REACTIONS);
    hall.run(OWNER, Command::OverwritePut(OPEN, deny)).expect("granted");
    let new = posted(&mut hall, Vec::new());
    let refused = hall.run(ALICE, Command::ReactionAdd(new, emoji(HEART)));
    assert_eq!(refused, Err(Refusal::MissingPermissions));
    let used = posted(&mut hall, counts(HEART, false));
    assert!(hall.run(ALICE, Command::ReactionAdd(used, emoji(HEART))).is_ok());
}

#[test]
fn adding_what_is_there_says_nothing_to_anybody() {
    let mut hall = Hall::new();
    let message = posted(&mut hall, counts(HEART, true));
    hall.kinds();
    hall.run(ALICE, Command::ReactionAdd(message, emoji(HEART))).expect("granted");
    assert_eq!(hall.kinds(), []);
}

#[test]
fn a_message_has_20_emojis_at_most_and_they_must_be_emojis() {
    let mut hall = Hall::new();
    let many = (0..20).flat_map(|n| counts(&format!("\u{2764}{n}"), false)).collect();
    let message = posted(&mut hall, many);
    let full = hall.run(ALICE, Command::ReactionAdd(message.clone(), emoji(HEART)));
    assert!(matches!(full, Err(Refusal::TooMany { max: 20, code: 30_010, .. })));
    let known = emoji("\u{2764}7");
    assert!(hall.run(ALICE, Command::ReactionAdd(message, known)).is_ok());
    for name in ["", "plain"] {
        let message = posted(&mut hall, Vec::new());
        let refused = hall.run(ALICE, Command::ReactionAdd(message, emoji(name)));
        assert_eq!(refused, Err(Refusal::UnknownEmoji));
    }
}

#[test]
fn removing_others_reactions_needs_manage_messages() {
    let (alice, bob) = (UserId::new(ALICE), UserId::new(BOB));
    let table = [(ALICE, alice, true), (ALICE, bob, false), (MODERATOR, bob, true)];
    for (actor, whose, granted) in table {
        let mut hall = Hall::new();
        let message = posted(&mut hall, counts(HEART, true));
        let remove = Command::ReactionRemove(message, emoji(HEART), whose);
        assert_eq!(hall.run(actor, remove).is_ok(), granted, "{actor} of {whose}");
        assert_eq!(hall.last().kind == EventKind::MessageReactionRemove, granted);
    }
    let mut hall = Hall::new();
    let absent = posted(&mut hall, Vec::new());
    hall.kinds();
    hall.run(ALICE, Command::ReactionRemove(absent, emoji(HEART), alice)).expect("granted");
    assert_eq!(hall.kinds(), []);
}

#[test]
fn clearing_needs_manage_messages_and_tells_what_went() {
    let table = [
        (None, EventKind::MessageReactionRemoveAll),
        (Some(emoji(HEART)), EventKind::MessageReactionRemoveEmoji),
    ];
    for (which, kind) in table {
        let mut hall = Hall::new();
        let message = posted(&mut hall, counts(HEART, false));
        let clear = || Command::ReactionClear(message.clone(), which.clone());
        assert_eq!(hall.run(BOB, clear()), Err(Refusal::MissingPermissions));
        hall.run(OPERATOR, clear()).expect("granted");
        assert_eq!(hall.last().kind, kind);
        assert_eq!(hall.payload().get("emoji").is_some(), which.is_some());
    }
}
