//! Bodies that are nearly right: each is refused where it is wrong, or reads back as it was kept.

use proptest::prelude::*;
use serde_json::{Value, json};
use throng_proto::command::{MessageDraft, MessagePatch};
use throng_proto::form;
use throng_proto::refusal::Refusal;

use super::stored;

/// A body with nearly everything that a message may have.
fn right() -> Value {
    json!({
        "content": "hello <@5>", "nonce": "n", "enforce_nonce": true, "tts": false, "flags": 4,
        "allowed_mentions": { "parse": ["roles"], "users": ["5"], "replied_user": false },
        "message_reference": { "message_id": "9", "channel_id": "2", "fail_if_not_exists": false },
        "embeds": [
            { "title": "t", "description": "d", "url": "https://a.example/x",
              "timestamp": "2015-12-31T12:00:00Z", "color": 255,
              "footer": { "text": "f", "icon_url": "https://a.example/f.png" },
              "image": { "url": "https://a.example/i.png" },
              "thumbnail": { "url": "https://a.example/t.png" },
              "author": { "name": "a", "url": "http://a.example", "icon_url": "https://a.b/c" },
              "fields": [{ "name": "n", "value": "v", "inline": true },
                         { "name": "m", "value": "w" }] },
            { "description": "second" },
        ],
        "components": [
            { "type": 1, "components": [
                { "type": 2, "style": 1, "label": "l", "custom_id": "a", "id": 7 },
                { "type": 2, "style": 5, "emoji": { "name": "\u{1f44d}" }, "url": "https://a.b" } ] },
            { "type": 1, "components": [
                { "type": 3, "custom_id": "s", "placeholder": "p", "min_values": 0, "max_values": 2,
                  "options": [{ "label": "l", "value": "v", "description": "d", "default": true },
                              { "label": "m", "value": "w" }] } ] },
            { "type": 1, "components": [
                { "type": 8, "custom_id": "c", "channel_types": [0],
                  "default_values": [{ "id": "5", "type": "channel" }] } ] },
            { "type": 17, "accent_color": 5, "spoiler": false, "components": [
                { "type": 9, "components": [{ "type": 10, "content": "x" }],
                  "accessory": { "type": 11, "media": { "url": "https://a.b/c" } } },
                { "type": 14, "divider": false, "spacing": 2 },
                { "type": 12, "items": [{ "media": { "url": "https://a.b/c" }, "description": "d" }] } ] },
        ],
    })
}

/// Counts the values in a body.
pub(crate) fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(keys) => keys.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// Replaces one value by its number; `None` removes it.
pub(crate) fn replace(value: &mut Value, place: &mut usize, new: Option<&Value>) {
    match value {
        Value::Array(items) => {
            let hit = items.iter_mut().position(|item| visit(item, place, new));
            if let (Some(hit), None) = (hit, new) {
                items.remove(hit);
            }
        }
        Value::Object(keys) => {
            let hit = keys
                .iter_mut()
                .find_map(|(key, item)| visit(item, place, new).then(|| key.clone()));
            if let (Some(hit), None) = (hit, new) {
                keys.remove(&hit);
            }
        }
        _ => {}
    }
}

fn visit(item: &mut Value, place: &mut usize, new: Option<&Value>) -> bool {
    if *place == 0 {
        return false;
    }
    *place -= 1;
    if *place == 0 {
        if let Some(new) = new {
            *item = new.clone();
        }
        return true;
    }
    replace(item, place, new);
    false
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

pub(crate) fn odd() -> impl Strategy<Value = Option<Value>> {
    let texts = prop::sample::select(vec![
        "",
        " ",
        "\0",
        "x",
        "5",
        "-1",
        "yesterday",
        "notaurl",
        "attachment://a",
        "javascript:x",
        "9999-12-31T23:59:59Z",
        "https://",
        "\u{202e}",
        "\u{200b}",
        "\u{fe0f}",
        "red",
        "null",
    ]);
    let numbers = prop::sample::select(vec![
        json!(0),
        json!(-1),
        json!(5.0),
        json!(0.5),
        json!(1e300),
        json!(-1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(99),
        json!(1),
        json!(17),
    ]);
    prop_oneof![
        Just(None),
        texts.prop_map(|text| Some(json!(text))),
        numbers.prop_map(Some),
        (0_usize..6000).prop_map(|length| Some(json!("\u{e4}".repeat(length)))),
        (1_usize..60).prop_map(|levels| Some(deep(levels))),
        (0_usize..60).prop_map(|length| Some(json!(vec![json!({}); length]))),
        prop::sample::select(vec![json!(null), json!(true), json!({}), json!([]), json!([null])])
            .prop_map(Some),
    ]
}

/// Checks that a path leads to something in a body, or to a key that is missing there.
pub(crate) fn leads(body: &Value, path: &str) -> bool {
    let mut place = Some(body);
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let Some(here) = place else { return false };
        place = match here {
            Value::Array(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
            Value::Object(keys) => keys.get(step),
            _ => return false,
        };
    }
    true
}

/// Far above what limits of every part add up to: 4 bytes a character, and 6 where it is escaped.
const BYTES_MAX: usize = 150_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn bodies_that_are_nearly_right_are_refused_where_they_are_wrong_or_kept_as_they_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd()), 1..4),
    ) {
        let mut body = right();
        for (place, new) in changes {
            let mut place = place.index(size(&body) - 1) + 1;
            replace(&mut body, &mut place, new.as_ref());
        }
        match form::read::<MessageDraft>(&body) {
            Ok(draft) => {
                let draft = MessageDraft { content: None, ..draft };
                prop_assert!(stored(draft).to_string().len() <= BYTES_MAX);
            }
            Err(Refusal::InvalidForm(fields)) => {
                prop_assert!(!fields.is_empty());
                for field in fields {
                    prop_assert!(leads(&body, &field.field), "{} in {body}", field.field);
                }
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        let edit = form::read::<MessagePatch>(&body);
        prop_assert!(matches!(edit, Ok(_) | Err(Refusal::InvalidForm(_))));
    }
}

#[test]
fn the_body_that_is_changed_is_right() {
    let read = form::read::<MessageDraft>(&right()).expect("a draft");
    stored(read);
}
