//! Commands that applications register.

mod random;

use serde_json::{Value, json};
use throng_proto::form;
use throng_proto::id::{AnyId, CommandId, GuildId, UserId};
use throng_proto::model::application_command::CommandPatch;
use throng_proto::model::{ApplicationCommand, RegisteredCommand};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

const TWICE: &str = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS";
const ORDER: &str = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID";

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

fn option(key: &str, value: Value) -> Value {
    let mut option = json!({ "type": 3, "name": "o", "description": "d" });
    option[key] = value;
    with("options", json!([option]))
}

fn options(options: &Value) -> Value {
    with("options", options.clone())
}

/// Returns what is wrong first: field and code.
fn wrong(command: &Value) -> (String, &'static str) {
    match form::read::<ApplicationCommand>(command) {
        Err(Refusal::InvalidForm(fields)) => (fields[0].field.clone(), fields[0].code),
        other => panic!("{other:?}: {command}"),
    }
}

#[test]
fn commands_that_are_wrong_are_refused_by_field() {
    for (command, field) in [
        (json!({}), "name"),
        (json!(["ping"]), ""),
        (with("name", json!("Ping")), "name"),
        (with("name", json!("a b")), "name"),
        (with("name", json!("x".repeat(33))), "name"),
        (with("type", json!(9)), "type"),
        (with("type", json!(4)), "type"),
        (with("description", json!("")), "description"),
        (with("description", Value::Null), "description"),
        (with("options", json!(5)), "options"),
        (with("options", json!([[]])), "options.0"),
        (with("default_member_permissions", json!("x")), "default_member_permissions"),
        (with("contexts", json!([3])), "contexts.0"),
        (with("contexts", json!([])), "contexts"),
        (with("integration_types", json!([2])), "integration_types.0"),
        (with("nsfw", json!("no")), "nsfw"),
        (with("name_localizations", json!({ "x y": "z" })), "name_localizations"),
        (with("name_localizations", json!({ "tlh": "z" })), "name_localizations"),
        (with("name_localizations", json!({ "de": 5 })), "name_localizations.de"),
        (with("name_localizations", json!({ "de": "Pong" })), "name_localizations.de"),
        (
            with("description_localizations", json!({ "de": "x".repeat(101) })),
            "description_localizations.de",
        ),
        (option("type", json!(12)), "options.0.type"),
        (option("name", json!("")), "options.0.name"),
        (option("name", json!("Big")), "options.0.name"),
        (option("description", json!("x".repeat(101))), "options.0.description"),
        (option("choices", json!([{ "name": "c", "value": 5 }])), "options.0.choices.0.value"),
        (
            option("choices", json!([{ "name": "c", "value": "x".repeat(101) }])),
            "options.0.choices.0.value",
        ),
        (
            option("choices", json!(vec![json!({ "name": "c", "value": "v" }); 26])),
            "options.0.choices",
        ),
        (option("max_length", json!(6001)), "options.0.max_length"),
        (option("options", json!([{}])), "options.0.options"),
        (with("options", json!(vec![json!({}); 26])), "options"),
        (json!({ "type": 2, "name": "n", "description": "d" }), "description"),
        (json!({ "type": 3, "name": "n", "options": [{}] }), "options"),
        (json!({ "type": 3, "name": "\u{200b}" }), "name"),
    ] {
        assert_eq!(wrong(&command).0, field, "{command}");
    }
}

#[test]
fn options_that_do_not_fit_together_are_refused() {
    let plain = |name: &str, kind: u8| json!({ "type": kind, "name": name, "description": "d" });
    let needed =
        |name: &str| json!({ "type": 3, "name": name, "description": "d", "required": true });
    let named = |name: &str, german: &str| {
        let mut option = plain(name, 3);
        option["name_localizations"] = json!({ "de": german });
        option
    };
    let nested = |inner: Value| {
        options(&json!([{ "type": 2, "name": "g", "description": "d", "options": [
            { "type": 1, "name": "s", "description": "d", "options": inner },
        ] }]))
    };
    let choice = json!({ "name": "c", "value": "v" });
    let mut proposed = plain("o", 3);
    proposed["autocomplete"] = json!(true);
    proposed["choices"] = json!([choice]);
    let bounded = |kind: u8, min: &str, max: &str| {
        let mut option = plain("o", kind);
        (option[format!("min_{min}")], option[format!("max_{max}")]) = (json!(5), json!(4));
        options(&json!([option]))
    };
    for (command, field, code) in [
        (options(&json!([plain("a", 3), plain("a", 4)])), "options.1.name", TWICE),
        (options(&json!([named("a", "x"), named("b", "x")])), "options.1.name", TWICE),
        (options(&json!([plain("x", 3), named("b", "x")])), "options.1.name", TWICE),
        (options(&json!([named("b", "x"), plain("x", 3)])), "options.1.name", TWICE),
        (options(&json!([plain("a", 3), needed("b")])), "options.1", ORDER),
        (nested(json!([plain("a", 3), needed("b")])), "options.0.options.0.options.1", ORDER),
        (nested(json!([plain("a", 1)])), "options.0.options.0.options.0.type", "BASE_TYPE_CHOICES"),
        (
            options(&json!([plain("a", 1), plain("b", 3)])),
            "options",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            option("choices", json!([choice, choice])),
            "options.0.choices.1.name",
            "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
        ),
        (
            options(&json!([proposed])),
            "options.0.autocomplete",
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID",
        ),
        (bounded(4, "value", "value"), "options.0.max_value", "NUMBER_TYPE_MIN"),
        (bounded(10, "value", "value"), "options.0.max_value", "NUMBER_TYPE_MIN"),
        (bounded(3, "length", "length"), "options.0.max_length", "NUMBER_TYPE_MIN"),
    ] {
        assert_eq!(wrong(&command), (field.to_owned(), code), "{command}");
    }
    let right = json!([needed("a"), named("b", "b"), named("c", "d")]);
    assert!(form::read::<ApplicationCommand>(&options(&right)).is_ok());
}

#[test]
fn a_command_has_8000_characters_at_most_of_texts_in_languages_the_longest() {
    let command = |last: usize, german: usize| {
        let choices = |values: &[usize]| -> Vec<Value> {
            let all = values.iter().enumerate();
            all.map(|(index, value)| {
                json!({ "name": format!("{index:02}"), "value": "v".repeat(*value) })
            })
            .collect()
        };
        // 5 + 3 x (2 + 98 + 25 x 100) = 7805, and the last option the rest.
        let full = |index: usize| {
            json!({ "type": 3, "name": format!("{index:02}"), "description": "x".repeat(98),
                "choices": choices(&[98; 25]) })
        };
        let mut rest = json!({ "type": 3, "name": "03", "description": "x".repeat(last) });
        rest["description_localizations"] = json!({ "de": "y".repeat(german) });
        let mut second = json!({ "type": 3, "name": "04", "description": "x".repeat(92) });
        second["name_localizations"] = json!({ "de": "z", "fr": "w" });
        options(&json!([full(0), full(1), full(2), rest, second]))
    };
    assert!(form::read::<ApplicationCommand>(&command(99, 5)).is_ok());
    let code = "APPLICATION_COMMAND_TOO_LARGE";
    assert_eq!(wrong(&command(100, 5)), (String::new(), code));
    assert_eq!(wrong(&command(5, 100)), (String::new(), code));
}

#[test]
fn what_is_kept_of_a_command_reads_back_as_it_was() {
    let sent = json!({ "name": "ping", "description": "d", "nsfw": true, "contexts": [2, 0, 2],
        "integration_types": [0, 1], "default_permission": false, "dm_permission": false,
        "description_localizations": { "ja": "\u{5c81}" }, "options": [
            { "type": 10, "name": "n", "description": "d", "required": true, "min_value": -1,
                "choices": [{ "name": "one", "value": 1 }, { "name": "half", "value": 0.5 }] },
            { "type": 3, "name": "s", "description": "d", "max_length": 6000,
                "choices": [{ "name": "digits", "value": "1" }] },
            { "type": 7, "name": "c", "description": "d", "channel_types": [0, 15] } ] });
    let read: ApplicationCommand = form::read(&sent).expect("a command");
    assert_eq!(read.contexts, Some(vec![2, 0]), "each once");
    assert_eq!(read.default_member_permissions, Some(Permissions::NONE), "for nobody");
    let kept = serde_json::to_string(&read).expect("text");
    assert_eq!(serde_json::from_str::<ApplicationCommand>(&kept).expect("the same"), read);
    let again: ApplicationCommand = form::read(&json!(read)).expect("as an edit of nothing");
    assert_eq!(again, read);
}

#[test]
fn an_edit_changes_what_it_names_and_is_read_as_what_it_is_of() {
    let typed: ApplicationCommand =
        form::read(&with("name_localizations", json!({ "de": "pong" }))).expect("a command");
    let menu: ApplicationCommand =
        form::read(&json!({ "name": "High Five", "type": 2 })).expect("a command");
    let edit = |of: &ApplicationCommand, patch: Value| {
        form::read::<CommandPatch>(&patch).expect("an edit").apply(of)
    };
    assert_eq!(edit(&typed, json!({})), Ok(typed.clone()));
    assert_eq!(edit(&typed, json!({ "type": 3, "id": "9", "foreign": [] })), Ok(typed.clone()));
    let renamed = edit(&typed, json!({ "name": "pong", "name_localizations": null }));
    let expected =
        ApplicationCommand { name: "pong".into(), name_localizations: None, ..typed.clone() };
    assert_eq!(renamed, Ok(expected));
    assert_eq!(edit(&menu, json!({ "name": "Low Five" })).expect("a name").name, "Low Five");
    for (of, patch, field) in [
        (&typed, json!({ "name": "Low Five" }), "name"),
        (&typed, json!({ "description": null }), "description"),
        (&typed, json!({ "options": [{}] }), "options.0.type"),
        (&menu, json!({ "description": "d" }), "description"),
    ] {
        match edit(of, patch) {
            Err(Refusal::InvalidForm(fields)) => assert_eq!(fields[0].field, field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lists_show_texts_in_the_language_of_who_asks() {
    let texts = json!({ "de": "lied", "en-GB": "song" });
    let mut sent =
        option("choices", json!([{ "name": "c", "value": "v", "name_localizations": texts }]));
    sent["name_localizations"] = texts.clone();
    sent["options"][0]["description_localizations"] = texts;
    let command = RegisteredCommand {
        id: CommandId::new(5),
        application_id: UserId::new(6),
        guild_id: Some(GuildId::new(7)),
        version: AnyId::new(8),
        command: form::read::<ApplicationCommand>(&sent).expect("a command").of_guild(),
    };
    let shown = |locale: &str, text: Option<&str>| {
        let mut shown = json!({ "id": "5", "application_id": "6", "guild_id": "7", "version": "8",
            "default_member_permissions": null, "type": 1, "name": "ping", "description": "d",
            "contexts": null, "integration_types": [0], "nsfw": false, "options": [
                { "type": 3, "name": "o", "description": "d",
                    "choices": [{ "name": "c", "value": "v" }] } ] });
        if let Some(text) = text {
            shown["name_localized"] = json!(text);
            shown["options"][0]["description_localized"] = json!(text);
            shown["options"][0]["choices"][0]["name_localized"] = json!(text);
        }
        assert_eq!(command.localized(locale), shown, "{locale}");
    };
    shown("de", Some("lied"));
    shown("en-US", Some("song"));
    shown("fr", None);
}
