//! Commands about messages, while others about them are pending: G3, G4 and G5.

use serde_json::{Value, json};
use throng_engine::guild::Ticket;
use throng_proto::command::{Command, MessageDraft};
use throng_proto::event::EventKind;
use throng_proto::id::{MessageId, UserId};
use throng_proto::model::{Emoji, MessageReference};
use throng_proto::refusal::Refusal;

use super::hall::{ALICE, BOB, Hall, MODERATOR, OPEN, body, create, draft, form};

const HEART: &str = "\u{2764}";

fn edit(message: MessageId, patch: Value) -> Command {
    Command::MessageEdit(OPEN, message, Box::new(form(patch)))
}

fn delete(message: MessageId) -> Command {
    Command::MessageDelete(OPEN, message)
}

fn add(message: MessageId) -> Command {
    Command::ReactionAdd(OPEN, message, Emoji { id: None, name: Some(HEART.into()) })
}

fn answer(message: MessageId, optional: bool) -> Command {
    let (kind, channel_id, guild_id) = (0, None, None);
    let reference = MessageReference { kind, message_id: message, channel_id, guild_id };
    let message_reference = Some(reference);
    let draft = MessageDraft { message_reference, reference_optional: optional, ..draft("answer") };
    Command::MessageCreate(OPEN, Box::new(draft))
}

/// A hall with a message of Alice's, whose store waits to be told.
fn held() -> (Hall, MessageId) {
    let mut hall = Hall::new();
    let message = hall.post(ALICE, "first").id;
    hall.held = true;
    hall.kinds();
    (hall, message)
}

fn refused(hall: &Hall, ticket: Ticket) -> Refusal {
    hall.answers[&ticket].clone().expect_err("refused")
}

#[test]
fn g4_edits_of_different_keys_at_once_both_stay() {
    let (mut hall, message) = held();
    hall.ask(ALICE, create("in flight"));
    let text = hall.ask(ALICE, edit(message, json!({ "content": "second" })));
    let embeds = hall.ask(ALICE, edit(message, json!({ "embeds": [{ "title": "b" }] })));
    hall.commit();
    assert_eq!(hall.commits[0].len(), 4, "both share a commit");
    hall.commit();
    assert!(hall.answers[&text].is_ok() && hall.answers[&embeds].is_ok());
    let stored = &hall.shelf.messages[&(OPEN, message)];
    assert_eq!((stored.content.as_str(), stored.embeds.len()), ("second", 1));
    assert_eq!(hall.payload()["content"], "second");
}

#[test]
fn what_is_gone_cannot_be_changed_and_is_not_told_again() {
    let (mut hall, message) = held();
    let first = hall.ask(ALICE, delete(message));
    let late = [
        hall.ask(MODERATOR, delete(message)),
        hall.ask(ALICE, edit(message, json!({ "content": "late" }))),
        hall.ask(BOB, add(message)),
        hall.ask(MODERATOR, Command::ReactionClear(OPEN, message, None)),
    ];
    let lost = hall.ask(BOB, answer(message, false));
    let plain = hall.ask(BOB, answer(message, true));
    assert!(hall.answers.keys().all(|ticket| *ticket < first), "they rest on the deletion");
    hall.commit_all();
    assert!(hall.answers[&first].is_ok());
    for ticket in late {
        assert_eq!(refused(&hall, ticket), Refusal::UnknownMessage);
    }
    assert_eq!(refused(&hall, lost).status(), 400);
    assert!(hall.answers[&plain].is_ok());
    assert_eq!(hall.kinds(), [EventKind::MessageDelete, EventKind::MessageCreate]);
}

#[test]
fn the_same_reaction_at_once_is_one() {
    let (mut hall, message) = held();
    let tickets = [(); 8].map(|()| hall.ask(BOB, add(message)));
    hall.commit_all();
    assert!(tickets.iter().all(|ticket| hall.answers[ticket].is_ok()));
    assert_eq!(hall.kinds(), [EventKind::MessageReactionAdd]);
}

#[test]
fn a_bulk_deletion_names_only_what_existed() {
    let (mut hall, message) = held();
    hall.held = false;
    let second = hall.post(BOB, "second").id;
    let never = [MessageId::new(message.value() - 1), MessageId::new(message.value() - 2)];
    hall.kinds();
    let bulk = |ids: &[MessageId]| Command::MessageBulkDelete(OPEN, ids.to_vec());
    hall.run(MODERATOR, bulk(&never)).expect("granted");
    assert_eq!(hall.kinds(), []);
    hall.run(ALICE, delete(message)).expect("granted");
    hall.run(MODERATOR, bulk(&[message, second, never[0]])).expect("granted");
    assert_eq!(hall.payload()["ids"], json!([second]));
}

/// G3: what rests on a commit that fails fails with it, and the message is read again.
#[test]
fn g3_a_commit_that_fails_takes_along_what_was_decided_on_it() {
    let (mut hall, message) = held();
    let first = hall.ask(ALICE, delete(message));
    let rests = hall.ask(ALICE, edit(message, json!({ "content": "on it" })));
    let other = hall.ask(BOB, create("beside it"));
    hall.fail();
    assert_eq!(refused(&hall, first).status(), 503);
    assert_eq!(refused(&hall, rests).status(), 503);
    hall.held = false;
    hall.commit();
    assert!(hall.answers[&other].is_ok());
    let again = hall.json(ALICE, edit(message, json!({ "content": "again" })));
    assert_eq!(again["content"], "again");
}

/// G5, and nobody else waits.
#[test]
fn g5_what_an_actor_asks_waits_for_its_own_reads_and_others_do_not() {
    let (mut hall, message) = held();
    (hall.held, hall.held_reads) = (false, true);
    let edit = hall.ask(ALICE, edit(message, json!({ "content": "slow" })));
    let after = hall.ask(ALICE, create("after"));
    let other = hall.ask(BOB, create("other"));
    assert!(hall.answers.contains_key(&other) && !hall.answers.contains_key(&after));
    assert_eq!(hall.guild.pending(), 2);
    hall.look(0);
    assert!(hall.answers[&edit].is_ok() && hall.answers[&after].is_ok());
    let (create, update) = (EventKind::MessageCreate, EventKind::MessageUpdate);
    assert_eq!(hall.kinds(), [create, update, create]);
}

#[test]
fn changes_of_structure_wait_for_what_is_being_read() {
    let (mut hall, message) = held();
    (hall.held, hall.held_reads) = (false, true);
    let edit = hall.ask(ALICE, edit(message, json!({ "content": "slow" })));
    let gone = hall.ask(MODERATOR, Command::ChannelDelete(OPEN));
    let late = hall.ask(BOB, add(message));
    hall.look(0);
    assert!(hall.answers[&edit].is_ok() && hall.answers[&gone].is_ok());
    assert_eq!(hall.reads.len(), 1, "of a channel that is gone by now");
    hall.look(0);
    assert_eq!(refused(&hall, late), Refusal::UnknownChannel);
    assert_eq!(hall.kinds(), [EventKind::MessageUpdate, EventKind::ChannelDelete]);
}

#[test]
fn a_read_that_fails_refuses_only_what_needed_it() {
    let (mut hall, message) = held();
    (hall.held, hall.held_reads) = (false, true);
    let edit = hall.ask(ALICE, edit(message, json!({ "content": "lost" })));
    let after = hall.ask(ALICE, create("after"));
    hall.fail_read(0);
    assert_eq!(refused(&hall, edit).status(), 503);
    assert!(hall.answers[&after].is_ok());
    assert_eq!(hall.guild.pending(), 0);
}

#[test]
fn a_damaged_message_can_still_be_deleted() {
    let (mut hall, message) = held();
    hall.held = false;
    hall.shelf.damaged.push(message);
    let patch = edit(message, json!({ "content": "x" }));
    assert_eq!(hall.run(ALICE, patch), Err(Refusal::UnknownMessage));
    assert_eq!(hall.run(BOB, add(message)), Err(Refusal::UnknownMessage));
    assert_eq!(hall.run(BOB, delete(message)), Err(Refusal::MissingPermissions));
    hall.run(ALICE, delete(message)).expect("its author may");
    assert_eq!(hall.last().kind, EventKind::MessageDelete);
}

#[test]
fn an_answer_shows_the_answered_message_as_it_is_then() {
    let (mut hall, message) = held();
    let secret = hall.ask(ALICE, edit(message, json!({ "content": "new" })));
    let late = hall.ask(BOB, answer(message, false));
    hall.commit_all();
    assert!(hall.answers[&secret].is_ok() && hall.answers[&late].is_ok());
    hall.held = false;
    assert_eq!(hall.payload()["referenced_message"]["content"], "new");
    let id: MessageId = body(hall.payload()["id"].clone());
    assert!(hall.shelf.messages[&(OPEN, id)].referenced_message.is_absent(), "a copy is stored");
    hall.run(ALICE, delete(message)).expect("granted");
    let shown = hall.json(BOB, edit(id, json!({ "content": "x" })));
    assert_eq!(shown.get("referenced_message"), Some(&Value::Null));
    assert_eq!(hall.payload().get("referenced_message"), Some(&Value::Null));
}

#[test]
fn a_message_is_another_one_in_another_channel() {
    let (mut hall, message) = held();
    hall.held = false;
    let elsewhere = Command::MessageDelete(super::hall::VOICE, message);
    assert_eq!(hall.run(ALICE, elsewhere), Err(Refusal::UnknownMessage));
    hall.run(ALICE, delete(message)).expect("it is where it was posted");
}

/// Of users that nobody asked about when the message was read it is known what was cleared since.
#[test]
fn g4_a_reaction_that_was_cleared_meanwhile_can_be_added_again() {
    let (mut hall, message) = held();
    let heart = Emoji { id: None, name: Some(HEART.into()) };
    hall.shelf.react(message, &heart, UserId::new(BOB));
    hall.shelf.react(
        message,
        &Emoji { id: None, name: Some("\u{1f980}".into()) },
        UserId::new(BOB),
    );
    hall.ask(MODERATOR, Command::ReactionClear(OPEN, message, Some(heart)));
    let again = hall.ask(BOB, add(message));
    hall.commit_all();
    assert!(hall.answers[&again].is_ok());
    let (cleared, added) = (EventKind::MessageReactionRemoveEmoji, EventKind::MessageReactionAdd);
    assert_eq!(hall.kinds(), [cleared, added]);
}
