//! Reactions: who may add and remove which.

use throng_proto::command::Command;
use throng_proto::event::EventKind;
use throng_proto::id::{MessageId, UserId};
use throng_proto::model::Emoji;
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::hall::{ALICE, BOB, GUILD, Hall, MODERATOR, OPEN, OPERATOR, OWNER, of_role};

const HEART: &str = "\u{2764}";

fn emoji(name: &str) -> Emoji {
    Emoji { id: None, name: Some(name.into()) }
}

/// Posts a message that users of these numbers reacted to.
fn posted(hall: &mut Hall, reactions: &[(&str, u64)]) -> MessageId {
    let message = hall.post(BOB, "x").id;
    for (name, user) in reactions {
        hall.shelf.react(message, &emoji(name), UserId::new(*user));
    }
    message
}

fn add(message: MessageId, name: &str) -> Command {
    Command::ReactionAdd(OPEN, message, emoji(name))
}

#[test]
fn adding_an_emoji_nobody_used_needs_add_reactions() {
    let mut hall = Hall::new();
    let deny = of_role(GUILD.cast(), Permissions::NONE, Permissions::ADD_REACTIONS);
    hall.run(OWNER, Command::OverwritePut(OPEN, deny)).expect("granted");
    let new = posted(&mut hall, &[]);
    assert_eq!(hall.run(ALICE, add(new, HEART)), Err(Refusal::MissingPermissions));
    let used = posted(&mut hall, &[(HEART, BOB)]);
    assert!(hall.run(ALICE, add(used, HEART)).is_ok());
}

#[test]
fn adding_what_is_there_says_nothing_to_anybody() {
    let mut hall = Hall::new();
    let message = posted(&mut hall, &[(HEART, ALICE)]);
    hall.kinds();
    hall.run(ALICE, add(message, HEART)).expect("granted");
    assert_eq!(hall.kinds(), []);
}

#[test]
fn a_message_has_20_emojis_at_most_and_they_must_be_emojis() {
    let mut hall = Hall::new();
    let names: Vec<String> = (0..20).map(|n| format!("\u{2764}{n}")).collect();
    let many: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), BOB)).collect();
    let message = posted(&mut hall, &many);
    let full = hall.run(ALICE, add(message, HEART));
    assert!(matches!(full, Err(Refusal::TooMany { max: 20, code: 30_010, .. })));
    assert!(hall.run(ALICE, add(message, "\u{2764}7")).is_ok());
    let named = ["", "plain", "\u{e9}", "\u{a0}", "\u{fe0f}", "\u{2764}\u{2764}"].map(emoji);
    let custom = Emoji::from_key("foo:123456789012345678");
    for other in named.into_iter().chain([custom]) {
        let message = posted(&mut hall, &[]);
        let refused = hall.run(ALICE, Command::ReactionAdd(OPEN, message, other));
        assert_eq!(refused, Err(Refusal::UnknownEmoji));
    }
}

#[test]
fn removing_others_reactions_needs_manage_messages() {
    let table = [(ALICE, ALICE, true), (ALICE, BOB, false), (MODERATOR, BOB, true)];
    for (actor, whose, granted) in table {
        let mut hall = Hall::new();
        let message = posted(&mut hall, &[(HEART, ALICE), (HEART, BOB)]);
        let remove = Command::ReactionRemove(OPEN, message, emoji(HEART), UserId::new(whose));
        assert_eq!(hall.run(actor, remove).is_ok(), granted, "{actor} of {whose}");
        assert_eq!(hall.last().kind == EventKind::MessageReactionRemove, granted);
    }
}

#[test]
fn what_nobody_added_cannot_be_removed() {
    let mut hall = Hall::new();
    let message = posted(&mut hall, &[(HEART, BOB)]);
    let gone = MessageId::new(7);
    hall.kinds();
    let remove = |message, name, user| {
        Command::ReactionRemove(OPEN, message, emoji(name), UserId::new(user))
    };
    let clear = |message, name| Command::ReactionClear(OPEN, message, Some(emoji(name)));
    let unknown = Refusal::UnknownReaction;
    let table = [
        (ALICE, remove(message, HEART, ALICE), unknown.clone()),
        (MODERATOR, remove(message, HEART, ALICE), unknown.clone()),
        (MODERATOR, remove(message, "\u{1f980}", BOB), unknown.clone()),
        (MODERATOR, clear(message, "\u{1f980}"), unknown),
        (MODERATOR, remove(gone, HEART, BOB), Refusal::UnknownMessage),
        (MODERATOR, clear(gone, HEART), Refusal::UnknownMessage),
        (MODERATOR, Command::ReactionClear(OPEN, gone, None), Refusal::UnknownMessage),
        (ALICE, add(gone, HEART), Refusal::UnknownMessage),
    ];
    for (actor, command, refusal) in table {
        let text = format!("{command:?}");
        assert_eq!(hall.run(actor, command), Err(refusal), "{text}");
    }
    let empty = posted(&mut hall, &[]);
    hall.kinds();
    hall.run(MODERATOR, Command::ReactionClear(OPEN, empty, None)).expect("granted");
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
        let message = posted(&mut hall, &[(HEART, BOB)]);
        let clear = || Command::ReactionClear(OPEN, message, which.clone());
        assert_eq!(hall.run(BOB, clear()), Err(Refusal::MissingPermissions));
        hall.run(OPERATOR, clear()).expect("granted");
        assert_eq!(hall.last().kind, kind);
        assert_eq!(hall.payload().get("emoji").is_some(), which.is_some());
    }
}
