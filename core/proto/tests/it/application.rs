//! Commands that applications register.

use serde_json::{Value, json};
use throng_proto::form;
use throng_proto::model::ApplicationCommand;
use throng_proto::refusal::Refusal;

fn with(key: &str, value: Value) -> Value {
    let mut command = json!({ "name": "ping", "description": "d" });
    command[key] = value;
    command
}

#[test]
fn a_command_is_rebuilt_from_what_is_known_of_it() {
    let sent = json!({
        "name": "ping", "description": "d", "type": null, "foreign": [[]], "dm_permission": true,
        "default_member_permissions": "8", "name_localizations": { "de": "pong" }, "options": [
            { "type": 2, "name": "g", "description": "d", "options": [
                { "type": 1, "name": "s", "description": "d", "options": [
                    { "type": 4, "name": "n", "description": "d", "required": true,
                        "min_value": 1.0, "choices": [{ "name": "one", "value": 1 }] },
                ] },
            ] },
        ],
    });
    let read: ApplicationCommand = form::read(&sent).expect("a command");
    assert_eq!(
        json!(read),
        json!({
            "name": "ping", "description": "d", "type": 1, "dm_permission": true, "nsfw": false,
            "default_member_permissions": "8", "name_localizations": { "de": "pong" }, "options": [
                { "type": 2, "name": "g", "description": "d", "options": [
                    { "type": 1, "name": "s", "description": "d", "options": [
                        { "type": 4, "name": "n", "description": "d", "required": true,
                            "min_value": 1, "choices": [{ "name": "one", "value": 1 }] },
                    ] },
                ] },
            ],
        })
    );
}

#[test]
fn commands_that_are_wrong_are_refused_by_field() {
    let option = |key: &str, value: Value| {
        let mut option = json!({ "type": 3, "name": "o", "description": "d" });
        option[key] = value;
        with("options", json!([option]))
    };
    for (command, field) in [
        (json!({}), "name"),
        (json!(["ping"]), ""),
        (with("name", json!("Ping")), "name"),
        (with("name", json!("a b")), "name"),
        (with("name", json!("x".repeat(33))), "name"),
        (with("type", json!(9)), "type"),
        (with("description", json!("")), "description"),
        (with("options", json!(5)), "options"),
        (with("options", json!([[]])), "options.0"),
        (with("default_member_permissions", json!("x")), "default_member_permissions"),
        (with("name_localizations", json!({ "x y": "z" })), "name_localizations"),
        (with("name_localizations", json!({ "de": 5 })), "name_localizations.de"),
        (option("type", json!(12)), "options.0.type"),
        (option("name", json!("")), "options.0.name"),
        (option("choices", json!([{ "name": "c", "value": 5 }])), "options.0.choices.0.value"),
        (option("max_length", json!(6001)), "options.0.max_length"),
    ] {
        match form::read::<ApplicationCommand>(&command) {
            Err(Refusal::InvalidForm(fields)) => assert_eq!(fields[0].field, field, "{command}"),
            other => panic!("{other:?}: {command}"),
        }
    }
}
