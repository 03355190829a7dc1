//! Components: what each needs, what may stand in what, and their numbers.

use serde_json::{Value, json};
use throng_proto::command::MessageDraft;

use super::{draft, stored, wrong};

fn with(components: Value) -> Value {
    Value::Object([("components".to_owned(), components)].into_iter().collect())
}

fn row(controls: Value) -> Value {
    let mut row = json!({ "type": 1 });
    row["components"] = controls;
    row
}

fn button(custom_id: &str) -> Value {
    json!({ "type": 2, "style": 1, "label": "x", "custom_id": custom_id })
}

fn select(custom_id: &str) -> Value {
    let options = [json!({ "label": "l", "value": "v" })];
    json!({ "type": 3, "custom_id": custom_id, "options": options })
}

#[test]
fn every_component_comes_back_with_a_number_and_defaults() {
    let sent = with(json!([
        row(json!([button("a"), { "type": 2, "style": 5, "emoji": { "name": "\u{2764}" },
            "url": "https://a.example", "id": 2, "disabled": true }])),
        row(json!([select("b")])),
    ]));
    assert_eq!(
        stored(draft(&sent))["components"],
        json!([
            { "type": 1, "id": 1, "components": [
                { "type": 2, "id": 3, "style": 1, "label": "x", "custom_id": "a",
                    "disabled": false },
                { "type": 2, "id": 2, "style": 5, "emoji": { "name": "\u{2764}\u{fe0f}" },
                    "url": "https://a.example", "disabled": true },
            ] },
            { "type": 1, "id": 4, "components": [
                { "type": 3, "id": 5, "custom_id": "b", "min_values": 1, "max_values": 1,
                    "disabled": false,
                    "options": [{ "label": "l", "value": "v", "default": false }] },
            ] },
        ])
    );
}

#[test]
fn components_of_the_second_version_are_kept() {
    let media = json!({ "url": "https://a.example/p.png" });
    let sent = with(json!([
        { "type": 10, "content": "# t" },
        { "type": 14 },
        { "type": 9, "components": [{ "type": 10, "content": "s" }],
            "accessory": { "type": 11, "media": media, "description": null } },
        { "type": 17, "accent_color": 255, "components": [
            { "type": 12, "items": [{ "media": media, "spoiler": true, "description": "p" }] },
            row(json!([button("a")])),
        ] },
    ]));
    let read = stored(draft(&sent));
    let components = read["components"].as_array().expect("a list");
    let kinds: Vec<_> = components.iter().map(|component| &component["type"]).collect();
    assert_eq!(kinds, [10, 14, 9, 17]);
    assert_eq!(components[1], json!({ "type": 14, "id": 2, "divider": true, "spacing": 1 }));
    assert_eq!(components[2]["accessory"]["media"]["url"], media["url"]);
    assert_eq!(components[3]["components"][0]["items"][0]["spoiler"], true);
    assert_eq!(components[3]["components"][1]["components"][0]["id"], 9);
}

#[test]
fn components_that_are_wrong_are_refused_by_field() {
    let long = |n: usize| "x".repeat(n);
    let first = |field: &str| format!("components.0.components.0.{field}");
    let control = |control: Value| json!([row(json!([control]))]);
    for (components, field, code) in [
        (json!([{}]), "components.0.type".to_owned(), "BASE_TYPE_REQUIRED"),
        (json!([{ "type": "x" }]), "components.0.type".to_owned(), "NUMBER_TYPE_COERCE"),
        (json!([{ "type": 99 }]), "components.0.type".to_owned(), "BASE_TYPE_CHOICES"),
        (json!([button("a")]), "components.0.type".to_owned(), "BASE_TYPE_CHOICES"),
        (json!([{ "type": 13, "file": {} }]), "components.0.type".to_owned(), "BASE_TYPE_CHOICES"),
        (json!([[]]), "components.0".to_owned(), "MODEL_TYPE_CONVERT"),
        (json!([row(json!("abc"))]), "components.0.components".to_owned(), "LIST_TYPE_CONVERT"),
        (json!([row(json!([]))]), "components.0.components".to_owned(), "BASE_TYPE_BAD_LENGTH"),
        (control(json!({ "type": 4 })), first("type"), "BASE_TYPE_CHOICES"),
        (control(json!({ "type": 2, "label": "x" })), first("style"), "BASE_TYPE_REQUIRED"),
        (
            control(json!({ "type": 2, "style": 1, "label": "x" })),
            first("custom_id"),
            "BASE_TYPE_REQUIRED",
        ),
        (
            control(json!({ "type": 2, "style": 1, "label": long(81), "custom_id": "a" })),
            first("label"),
            "BASE_TYPE_MAX_LENGTH",
        ),
        (control(button(&long(101))), first("custom_id"), "BASE_TYPE_BAD_LENGTH"),
        (
            control(json!({ "type": 2, "style": 5, "label": "x", "url": "nourl" })),
            first("url"),
            "URL_TYPE_INVALID_URL",
        ),
        (
            control(json!({ "type": 2, "style": 1, "custom_id": "a", "emoji": { "name": "no" } })),
            first("emoji"),
            "COMPONENT_INVALID_EMOJI",
        ),
        (
            control(json!({ "type": 2, "style": 6, "sku_id": "1" })),
            first("sku_id"),
            "NOT_SUPPORTED",
        ),
        (control(json!({ "type": 3, "custom_id": "a" })), first("options"), "BASE_TYPE_REQUIRED"),
        (
            control(json!({ "type": 3, "custom_id": "a", "options": [] })),
            first("options"),
            "BASE_TYPE_BAD_LENGTH",
        ),
    ] {
        let body = with(components);
        assert_eq!(wrong::<MessageDraft>(&body), (field, code), "{body}");
    }
}

#[test]
fn components_have_their_places_and_are_told_apart() {
    let long = |n: usize| "x".repeat(n);
    for (components, field, code) in [
        (
            json!([row(json!([button("a"), button("a")]))]),
            "components.0.components.1.custom_id".to_owned(),
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            json!([row(json!([button("a"), select("b")]))]),
            "components.0.components".to_owned(),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (
            json!(vec![json!({ "type": 10, "content": "x", "id": 1 }); 2]),
            "components.1.id".to_owned(),
            "COMPONENT_ID_DUPLICATED",
        ),
        (
            json!([{ "type": 10, "content": long(2001) }, { "type": 10, "content": long(2000) }]),
            "components".to_owned(),
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            json!([{ "type": 17, "components": [{ "type": 17, "components": [] }] }]),
            "components.0.components.0.type".to_owned(),
            "BASE_TYPE_CHOICES",
        ),
        (
            json!([{ "type": 12, "items": [{ "media": { "url": "attachment://a" } }] }]),
            "components.0.items.0.media.url".to_owned(),
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
        ),
    ] {
        let body = with(components);
        assert_eq!(wrong::<MessageDraft>(&body), (field, code), "{body}");
    }
}

#[test]
fn a_message_has_at_most_40_components_in_all() {
    let rows = |rows: usize| -> Value {
        let row = |r: usize| row((0..5).map(|b| button(&format!("{r}.{b}"))).collect());
        with((0..rows).map(row).collect())
    };
    draft(&rows(6));
    assert_eq!(wrong::<MessageDraft>(&rows(7)).0, "components");
}

#[test]
fn every_picture_of_a_message_has_a_number_of_its_own() {
    let picture = |name: &str| json!({ "media": { "url": format!("https://a.example/{name}") } });
    let thumbnail = json!({ "type": 11, "media": { "id": "9", "url": "https://a.example/t" } });
    let texts = [json!({ "type": 10, "content": "s" })];
    let section = json!({ "type": 9, "components": texts, "accessory": thumbnail });
    let sent = with(json!([
        { "type": 12, "items": [picture("a"), picture("a")] },
        { "type": 17, "components": [section, { "type": 12, "items": [picture("b")] }] },
        { "type": 12, "items": [picture("c")] },
    ]));
    let stored = stored(draft(&sent));
    let mut ids: Vec<&str> = Vec::new();
    for place in [
        "/0/items/0/media/id",
        "/0/items/1/media/id",
        "/1/components/0/accessory/media/id",
        "/1/components/1/items/0/media/id",
        "/2/items/0/media/id",
    ] {
        let id = stored["components"].pointer(place).and_then(Value::as_str);
        ids.push(id.unwrap_or_else(|| panic!("no number at {place}")));
    }
    assert_eq!(ids, ["1", "2", "3", "4", "5"], "what a client says of them is not heard");
}
