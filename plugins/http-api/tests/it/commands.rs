//! Commands of applications over HTTP.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::catalog::COMMAND;
use crate::request::{Answer, Site};

/// Where commands are: everywhere, and in a guild.
const PLACES: [&str; 2] = ["/applications/1/commands", "/applications/1/guilds/100/commands"];

async fn ask(site: &Site, line: String, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    site.ask(&line, body).await
}

#[tokio::test]
async fn what_is_registered_is_there_until_it_is_deleted() {
    let site = Site::public();
    for place in PLACES {
        assert_eq!(ask(&site, format!("PUT ~{place}"), &json!([])).await.json(), json!([]));
        let draft = json!({ "name": "sing", "description": "Sings", "default_member_permissions": 8,
            "options": [{ "type": 3, "name": "song", "description": "Which" }] });
        let made = ask(&site, format!("POST ~{place}"), &draft).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        let one = format!("~{place}/{}", made["id"].as_str().unwrap());
        assert_eq!(ask(&site, format!("GET {one}"), &Value::Null).await.json(), made);
        let list = format!("GET ~{place}?with_localizations=true");
        assert_eq!(ask(&site, list, &Value::Null).await.json(), json!([made]));
        let again = ask(&site, format!("POST ~{place}"), &draft).await;
        assert_eq!((again.status, again.json()), (StatusCode::OK, made.clone()));
        let edited = ask(&site, format!("PATCH {one}"), &json!({ "options": null })).await.json();
        assert_eq!((&edited["id"], &edited["name"]), (&made["id"], &made["name"]));
        assert_ne!(edited["version"], made["version"]);
        assert!(edited.get("options").is_none(), "{edited}");
        let all = json!([draft, { "name": "High Five", "type": 2 }]);
        let all = ask(&site, format!("PUT ~{place}"), &all).await.json();
        assert_eq!((&all[0]["id"], all.as_array().unwrap().len()), (&made["id"], 2));
        let gone = ask(&site, format!("DELETE {one}"), &Value::Null).await;
        assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
        let left = ask(&site, format!("GET ~{place}"), &Value::Null).await.json();
        assert_eq!(left[0]["id"], all[1]["id"]);
        for (method, body) in [("GET", Value::Null), ("DELETE", Value::Null), ("PATCH", json!({}))]
        {
            let answer = ask(&site, format!("{method} {one}"), &body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
            let unknown = json!({ "code": 10063, "message": "Unknown application command" });
            assert_eq!(answer.json(), unknown, "{method}");
        }
    }
}

#[tokio::test]
async fn a_command_comes_with_every_key_that_discord_sends() {
    let site = Site::public();
    let texts = json!({ "de": "sing", "fr": "chante" });
    let draft = json!({ "name": "sing", "description": "Sings", "name_localizations": texts,
        "contexts": [0, 1], "nsfw": true });
    let keys = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let everywhere = ask(&site, format!("POST ~{}", PLACES[0]), &draft).await.json();
    assert_eq!(
        keys(&everywhere),
        "application_id contexts default_member_permissions description description_localizations \
         dm_permission id integration_types name name_localizations nsfw type version"
    );
    assert_eq!(everywhere["name_localizations"], texts);
    assert_eq!(everywhere["description_localizations"], Value::Null);
    assert_eq!(everywhere["integration_types"], json!([0]));
    assert_eq!(everywhere["contexts"], json!([0, 1]));
    let there = ask(&site, format!("POST ~{}", PLACES[1]), &draft).await.json();
    assert_eq!(
        keys(&there),
        "application_id contexts default_member_permissions description description_localizations \
         guild_id id integration_types name name_localizations nsfw type version"
    );
    assert_eq!((&there["guild_id"], &there["contexts"]), (&json!("100"), &Value::Null));
}

#[tokio::test]
async fn lists_have_texts_in_one_language_unless_all_are_asked_for() {
    let site = Site::public();
    let texts = json!({ "de": "sing", "fr": "chante" });
    let draft = json!([{ "name": "sing", "description": "d", "name_localizations": texts }]);
    ask(&site, format!("PUT ~{}", PLACES[0]), &draft).await;
    for (header, value, name) in [
        ("x-discord-locale", "de", Some("sing")),
        ("accept-language", "tlh, fr;q=0.5", Some("chante")),
        ("accept-language", "*", None),
        ("x-discord-locale", "\u{7}", None),
    ] {
        let request = Request::get(format!("/api/v10{}", PLACES[0]))
            .header("authorization", "Bot alice")
            .header(header, value.replace('\u{7}', "nothing"))
            .body(axum::body::Body::empty())
            .unwrap();
        let listed = site.send(request).await.json();
        assert_eq!(listed[0]["name_localized"].as_str(), name, "{header}: {value}");
        assert!(listed[0].get("name_localizations").is_none());
    }
}

#[tokio::test]
async fn commands_are_their_applications_alone_and_a_guilds_only_in_there() {
    let site = Site::public();
    let missing = json!({ "code": 50001, "message": "Missing Access" });
    for place in [
        "/applications/2/commands",
        "/applications/2/guilds/100/commands",
        "/applications/1/guilds/9/commands",
    ] {
        let one = format!("{place}/{COMMAND}");
        let draft = json!({ "name": "sing", "description": "d" });
        for (line, body) in [
            (format!("GET ~{place}"), Value::Null),
            (format!("POST ~{place}"), draft.clone()),
            (format!("PUT ~{place}"), json!([draft])),
            (format!("GET ~{one}"), Value::Null),
            (format!("PATCH ~{one}"), draft.clone()),
            (format!("DELETE ~{one}"), Value::Null),
        ] {
            let answer = ask(&site, line.clone(), &body).await;
            assert_eq!(
                (answer.status, answer.json()),
                (StatusCode::FORBIDDEN, missing.clone()),
                "{line}"
            );
        }
    }
    assert!(site.hub.state.lock().unwrap().catalogs.is_empty(), "nothing was changed");
}

#[tokio::test]
async fn commands_that_do_not_fit_are_named_by_their_place_in_the_list() {
    let site = Site::public();
    let draft = |name: &str| json!({ "name": name, "description": "d" });
    let mut late = draft("late");
    late["options"] = json!([
        { "type": 3, "name": "a", "description": "d" },
        { "type": 3, "name": "b", "description": "d", "required": true },
    ]);
    for (body, path, code) in [
        (json!([draft("a"), draft("B")]), "/1/name", "APPLICATION_COMMAND_INVALID_NAME"),
        (json!([draft("a"), draft("a")]), "/1", "APPLICATION_COMMANDS_DUPLICATE_NAME"),
        (json!([draft("a"), []]), "/1", "MODEL_TYPE_CONVERT"),
        (json!([late]), "/0/options/1", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
        (json!({}), "", "LIST_TYPE_CONVERT"),
    ] {
        let answer = ask(&site, format!("PUT ~{}", PLACES[0]), &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let found = answer.json();
        let found = found.pointer(&format!("/errors{path}/_errors/0/code"));
        assert_eq!(found, Some(&json!(code)), "{}", answer.text);
    }
    assert!(site.hub.state.lock().unwrap().catalogs.is_empty(), "nothing was changed");
}

#[tokio::test]
async fn nobody_is_given_or_denied_a_command() {
    let site = Site::public();
    let place = PLACES[1];
    let list = ask(&site, format!("GET ~{place}/permissions"), &Value::Null).await;
    assert_eq!((list.status, list.json()), (StatusCode::OK, json!([])));
    let one = format!("~{place}/{COMMAND}/permissions");
    let nobody = ask(&site, format!("GET {one}"), &Value::Null).await;
    assert_eq!(
        (nobody.status, nobody.json()["code"].as_u64()),
        (StatusCode::NOT_FOUND, Some(10066))
    );
    let given = ask(&site, format!("PUT {one}"), &json!({ "permissions": [] })).await;
    assert_eq!((given.status, given.json()["code"].as_u64()), (StatusCode::FORBIDDEN, Some(20001)));
    for method in ["GET", "PUT"] {
        let unknown = ask(&site, format!("{method} ~{place}/9/permissions"), &json!({})).await;
        assert_eq!(unknown.json()["code"], 10063, "{method}");
    }
}
