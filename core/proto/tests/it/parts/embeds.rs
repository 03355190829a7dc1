//! Embeds: Discord's limits and formats.

use serde_json::{Value, json};
use throng_proto::command::{MessageDraft, MessagePatch};

use super::{draft, stored, wrong};

fn with(embed: Value) -> Value {
    let embeds = Value::Array(vec![embed]);
    Value::Object([("embeds".to_owned(), embeds)].into_iter().collect())
}

#[test]
fn an_embed_is_rebuilt_with_what_discord_adds() {
    let sent = json!({
        "type": "image", "title": " t ", "description": "d", "url": "https://a.example",
        "timestamp": "2015-12-31T12:00:00Z", "color": 255.0, "foreign": { "a": [[]] },
        "footer": { "text": "f", "icon_url": "https://a.example/f.png" },
        "image": { "url": "https://a.example/i.png", "width": 5, "proxy_url": "javascript:x" },
        "author": { "name": "a", "url": "http://a.example" },
        "fields": [{ "name": "n", "value": "v" }],
    });
    assert_eq!(
        stored(draft(&with(sent)))["embeds"][0],
        json!({
            "type": "rich", "title": "t", "description": "d", "url": "https://a.example",
            "timestamp": "2015-12-31T12:00:00.000000+00:00", "color": 255,
            "footer": { "text": "f", "icon_url": "https://a.example/f.png",
                "proxy_icon_url": "https://a.example/f.png" },
            "image": { "url": "https://a.example/i.png", "proxy_url": "https://a.example/i.png" },
            "author": { "name": "a", "url": "http://a.example" },
            "fields": [{ "name": "n", "value": "v", "inline": false }],
        })
    );
}

#[test]
fn embeds_that_are_wrong_are_refused_by_field() {
    let long = |n: usize| "x".repeat(n);
    for (embed, field, code) in [
        (json!({}), "description", "BASE_TYPE_REQUIRED"),
        (json!({ "foo": 1 }), "description", "BASE_TYPE_REQUIRED"),
        (json!({ "title": "  " }), "description", "BASE_TYPE_REQUIRED"),
        (json!({ "color": 5 }), "description", "BASE_TYPE_REQUIRED"),
        (json!({ "title": 5 }), "title", "STRING_TYPE_CONVERT"),
        (json!({ "title": long(257) }), "title", "BASE_TYPE_MAX_LENGTH"),
        (json!({ "description": long(4097) }), "description", "BASE_TYPE_MAX_LENGTH"),
        (json!({ "title": "x", "url": "notaurl" }), "url", "URL_TYPE_INVALID_URL"),
        (json!({ "title": "x", "color": -1 }), "color", "NUMBER_TYPE_MIN"),
        (json!({ "title": "x", "color": "red" }), "color", "NUMBER_TYPE_COERCE"),
        (json!({ "title": "x", "color": 0x100_0000 }), "color", "NUMBER_TYPE_MAX"),
        (json!({ "title": "x", "timestamp": "yesterday" }), "timestamp", "DATE_TIME_TYPE_PARSE"),
        (json!({ "title": "x", "timestamp": 5 }), "timestamp", "STRING_TYPE_CONVERT"),
        (json!({ "title": "x", "fields": { "a": 1 } }), "fields", "LIST_TYPE_CONVERT"),
        (json!({ "title": "x", "fields": [{}] }), "fields.0.name", "BASE_TYPE_REQUIRED"),
        (json!({ "title": "x", "fields": [[]] }), "fields.0", "MODEL_TYPE_CONVERT"),
        (
            json!({ "title": "x", "fields": [{ "name": long(257), "value": "v" }] }),
            "fields.0.name",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "title": "x", "fields": [{ "name": "n", "value": long(1025) }] }),
            "fields.0.value",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "title": "x", "fields": vec![json!({ "name": "n", "value": "v" }); 26] }),
            "fields",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (json!({ "title": "x", "author": "me" }), "author", "MODEL_TYPE_CONVERT"),
        (
            json!({ "title": "x", "author": { "url": "https://a.b" } }),
            "author.name",
            "BASE_TYPE_REQUIRED",
        ),
        (
            json!({ "title": "x", "author": { "name": long(257) } }),
            "author.name",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "title": "x", "footer": { "text": long(2049) } }),
            "footer.text",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "image": { "url": "attachment://a.png" } }),
            "image.url",
            "URL_TYPE_INVALID_SCHEME",
        ),
        (json!({ "image": { "url": "javascript://x" } }), "image.url", "URL_TYPE_INVALID_SCHEME"),
    ] {
        let body = with(embed);
        let expected = (format!("embeds.0.{field}"), code);
        assert_eq!(wrong::<MessageDraft>(&body), expected, "{body}");
        assert_eq!(wrong::<MessagePatch>(&body), expected, "{body}");
    }
    for (list, field) in [
        (json!([null]), "embeds.0"),
        (json!([7]), "embeds.0"),
        (json!({}), "embeds"),
        (json!("x"), "embeds"),
    ] {
        assert_eq!(wrong::<MessageDraft>(&json!({ "embeds": list })).0, field);
    }
}

#[test]
fn all_embeds_together_have_at_most_6000_characters() {
    let embed = |chars: usize| json!({ "description": "x".repeat(chars) });
    draft(&json!({ "embeds": [embed(3000), embed(3000)] }));
    let body = json!({ "embeds": [embed(3000), embed(3001)] });
    assert_eq!(wrong::<MessageDraft>(&body), ("embeds".to_owned(), "MAX_EMBED_SIZE_EXCEEDED"));
    let body = json!({ "embeds": vec![embed(1); 11] });
    assert_eq!(wrong::<MessageDraft>(&body), ("embeds".to_owned(), "BASE_TYPE_MAX_LENGTH"));
}
