//! Whom a message mentions and whom it notifies: one table of texts, permissions and allowances.

use serde_json::{Value, json};
use throng_proto::command::{Command, MessageDraft, MessagePatch};
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::MessageReference;

use super::hall::{ALICE, BOB, Hall, MODERATOR, OPEN, PING, QUIET, RED, draft, form};

/// What became of the mentions.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    users: Vec<u64>,
    roles: Vec<RoleId>,
    everyone: bool,
    notified_users: Vec<u64>,
    notified_roles: Vec<RoleId>,
    notified_everyone: bool,
}

fn resolve(channel: ChannelId, text: &str, allowed: Option<Value>) -> Named {
    let mut hall = Hall::new();
    let draft = MessageDraft { allowed_mentions: allowed.map(form), ..draft(text) };
    let message = hall.post_in(ALICE, channel, draft).expect("granted");
    let notified = &hall.last().mentions;
    Named {
        users: message.mentions.iter().map(|user| user.id.value()).collect(),
        roles: message.mention_roles,
        everyone: message.mention_everyone,
        notified_users: notified.users.iter().map(|id| id.value()).collect(),
        notified_roles: notified.roles.clone(),
        notified_everyone: notified.everyone || notified.here,
    }
}

#[test]
fn mentions_are_those_that_the_author_may_make_and_wants() {
    let all = "<@3> <@!4> <@3> <@9> <@&200> <@&203> <@&777> <@&100> @everyone";
    let nobody = json!({});
    let parse = |kinds: Value| Some(json!({ "parse": kinds }));
    let (both, ping) = (vec![RED, PING], vec![PING]);
    let none: Vec<RoleId> = Vec::new();
    // Channel, text, allowances; users, roles, everyone; notified roles.
    let table = [
        (OPEN, all, None, vec![3, 4], &both, true, &both),
        (QUIET, all, None, vec![3, 4], &both, false, &ping),
        (OPEN, "@here", None, vec![], &none, true, &none),
        (QUIET, "@here", None, vec![], &none, false, &none),
        (OPEN, "nobody", None, vec![], &none, false, &none),
        (OPEN, all, Some(nobody), vec![], &none, false, &none),
        (OPEN, all, parse(json!(["users"])), vec![3, 4], &none, false, &none),
        (OPEN, all, parse(json!(["roles"])), vec![], &both, false, &both),
        (QUIET, all, parse(json!(["roles"])), vec![], &both, false, &ping),
        (OPEN, all, parse(json!(["everyone"])), vec![], &none, true, &none),
        (QUIET, all, parse(json!(["everyone"])), vec![], &none, false, &none),
        (OPEN, all, Some(json!({ "users": ["4", "5"] })), vec![4], &none, false, &none),
        (OPEN, all, Some(json!({ "roles": ["203", "202"] })), vec![], &ping, false, &ping),
        (OPEN, "text", Some(json!({ "users": ["3"] })), vec![], &none, false, &none),
    ];
    for (channel, text, allowed, users, roles, everyone, notified) in table {
        let case = format!("{channel} {text} {allowed:?}");
        let expected = Named {
            notified_users: users.clone(),
            users,
            roles: roles.clone(),
            everyone,
            notified_roles: notified.clone(),
            notified_everyone: everyone,
        };
        assert_eq!(resolve(channel, text, allowed), expected, "{case}");
    }
}

/// Answers a message of Bob's and returns whom that mentions.
fn answer(allowed: Option<Value>) -> Vec<UserId> {
    let mut hall = Hall::new();
    let first = hall.post(BOB, "first");
    let reference =
        MessageReference { kind: 0, message_id: first.id, channel_id: None, guild_id: None };
    let draft = MessageDraft {
        message_reference: Some(reference),
        allowed_mentions: allowed.map(form),
        ..draft("second")
    };
    let message = hall.post_in(ALICE, OPEN, draft).expect("granted");
    let mentioned: Vec<UserId> = message.mentions.iter().map(|user| user.id).collect();
    assert_eq!(hall.last().mentions.users, mentioned);
    mentioned
}

#[test]
fn an_answer_pings_the_author_unless_it_says_otherwise() {
    let bob = UserId::new(BOB);
    assert_eq!(answer(None), [bob]);
    assert_eq!(answer(Some(json!({ "replied_user": true }))), [bob]);
    assert_eq!(answer(Some(json!({ "replied_user": false }))), []);
    assert_eq!(answer(Some(json!({ "parse": ["users"] }))), []);
}

#[test]
fn an_edit_mentions_again_but_notifies_nobody() {
    let mut hall = Hall::new();
    let message = hall.post(ALICE, "<@3> @everyone");
    let patch = MessagePatch {
        content: Some(Some("<@4> <@&203> @everyone".into())),
        ..MessagePatch::default()
    };
    hall.run(ALICE, Command::MessageEdit(OPEN, message.id, Box::new(patch))).expect("granted");
    let payload = hall.payload();
    assert_eq!(payload["mentions"][0]["id"], "4");
    assert_eq!(payload["mention_roles"], json!(["203"]));
    assert_eq!(payload["mention_everyone"], true);
    let event = hall.last();
    assert_eq!(event.kind, EventKind::MessageUpdate);
    assert_eq!(event.mentions.users, [UserId::new(MODERATOR)], "may read it");
    assert!(event.mentions.roles.is_empty() && !event.mentions.everyone);
}
