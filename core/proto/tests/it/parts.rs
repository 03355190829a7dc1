//! What messages consist of: embeds, components, and the bodies that bring them.

mod components;
mod embeds;
pub(crate) mod random;

use serde_json::{Value, json};
use throng_proto::command::{MessageDraft, MessagePatch};
use throng_proto::form::{self, FromForm};
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::{Message, MessageKind, User};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

/// Returns path and code of the first thing that is wrong with a body.
fn wrong<T: FromForm>(body: &Value) -> (String, &'static str) {
    match form::read::<T>(body).map(|_| ()) {
        Err(Refusal::InvalidForm(fields)) => (fields[0].field.clone(), fields[0].code),
        other => panic!("{other:?} is no form error: {body}"),
    }
}

fn draft(body: &Value) -> MessageDraft {
    form::read(body).unwrap_or_else(|refusal| panic!("{refusal:?}: {body}"))
}

/// Makes a message of a draft, as a guild does.
fn message(draft: MessageDraft) -> Message {
    let base = json!({
        "id": "1", "channel_id": "2", "author": User::new(UserId::new(3), "anna", false),
        "content": draft.content.clone().unwrap_or_default(),
        "timestamp": Timestamp::from_millis(0),
        "edited_timestamp": null, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "type": 0, "components": [],
    });
    let base: Message = serde_json::from_value(base).expect("a message");
    assert_eq!((base.id, base.channel_id), (MessageId::new(1), ChannelId::new(2)));
    assert_eq!(base.kind, MessageKind::DEFAULT);
    Message {
        embeds: draft.embeds,
        components: draft.components,
        flags: draft.flags,
        nonce: draft.nonce,
        ..base
    }
}

/// Writes what a draft shows and reads it as the store does.
fn stored(draft: MessageDraft) -> Value {
    let message = message(draft);
    let text = serde_json::to_string(&message).expect("JSON");
    let read: Message = serde_json::from_str(&text).expect("a stored message");
    assert_eq!(read, message, "read as it was written");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn null_is_absent_everywhere_in_a_message() {
    let nulls = json!({
        "content": null, "nonce": null, "enforce_nonce": null, "tts": null, "embeds": null,
        "allowed_mentions": null, "message_reference": null, "components": null,
        "sticker_ids": null, "flags": null, "attachments": null, "poll": null,
    });
    assert_eq!(draft(&nulls), MessageDraft::default());
    let inner = json!({
        "allowed_mentions": { "parse": null, "users": null, "roles": null, "replied_user": null },
        "message_reference": { "message_id": "5", "type": null, "channel_id": null,
            "guild_id": null, "fail_if_not_exists": null },
        "embeds": [{ "title": "x", "type": null, "url": null, "color": null, "timestamp": null,
            "description": null, "author": null, "image": { "url": null }, "thumbnail": null,
            "footer": { "text": null, "icon_url": null }, "provider": null, "video": null,
            "fields": [{ "name": "a", "value": "b", "inline": null }] }],
    });
    let read = draft(&inner);
    assert!(!read.reference_optional);
    assert_eq!(read.embeds[0].footer, None);
    let patch: MessagePatch = form::read(&inner).expect("a patch");
    assert_eq!(patch.embeds.as_ref(), Some(&read.embeds));
    let cleared: MessagePatch = form::read(&nulls).expect("a patch");
    assert_eq!(cleared.content, Some(None));
    assert_eq!(cleared.embeds, Some(Vec::new()));
    assert_eq!(cleared.attachments, Some(Vec::new()));
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    for (body, field, code) in [
        (
            json!({ "content": "x", "poll": { "question": { "text": "?" } } }),
            "poll",
            "NOT_SUPPORTED",
        ),
        (json!({ "content": "x", "sticker_ids": ["1"] }), "sticker_ids", "NOT_SUPPORTED"),
        (json!({ "attachments": [{ "id": 0 }] }), "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
        (
            json!({ "message_reference": { "type": 1, "message_id": "1" } }),
            "message_reference.type",
            "BASE_TYPE_CHOICES",
        ),
        (json!({ "message_reference": {} }), "message_reference.message_id", "BASE_TYPE_REQUIRED"),
        (json!({ "message_reference": [] }), "message_reference", "MODEL_TYPE_CONVERT"),
        (json!({ "nonce": "n".repeat(26) }), "nonce", "BASE_TYPE_MAX_LENGTH"),
        (json!({ "nonce": 1.5 }), "nonce", "NUMBER_TYPE_COERCE"),
        (json!({ "flags": -1 }), "flags", "NUMBER_TYPE_MIN"),
    ] {
        assert_eq!(wrong::<MessageDraft>(&body), (field.to_owned(), code), "{body}");
    }
}

#[test]
fn an_edit_names_the_files_that_stay() {
    let patch: MessagePatch =
        form::read(&json!({ "attachments": [{ "id": "7" }, { "id": 8 }] })).expect("a patch");
    assert_eq!(patch.attachments.map(|files| files.len()), Some(2));
    let body = json!({ "attachments": ["7"] });
    assert_eq!(wrong::<MessagePatch>(&body).0, "attachments.0");
}

#[test]
fn stored_rows_of_older_builds_are_mended_and_never_cost_the_message() {
    let mut row = serde_json::to_value(message(MessageDraft::default())).expect("JSON");
    row["embeds"] = json!([
        {}, 5, { "title": "t", "timestamp": "yesterday", "color": "red", "fields": "abc" },
        { "title": 5 }, { "image": { "url": "attachment://a.png" } },
    ]);
    row["components"] = json!([{}, { "type": "x" }, { "type": 1, "components": "abc" }]);
    row["attachments"] = json!([{ "id": "4", "filename": "a", "size": 5, "url": "x:a" }, {}, 7]);
    let deep = format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(300), "}".repeat(300));
    let text = row.to_string().replacen("\"embeds\":[", &format!("\"embeds\":[{deep},"), 1);
    let read: Message = serde_json::from_str(&text).expect("a message");
    let embeds = serde_json::to_value(&read.embeds).expect("JSON");
    assert_eq!(embeds, json!([{ "type": "rich", "title": "t" }]));
    assert_eq!(read.components, []);
    assert_eq!(read.attachments.len(), 1);
}
