//! Bodies of the admin API: read like those of the public one, so that all that is wrong is told,
//! each with its place.

use http::StatusCode;
use serde_json::{Value, json};

use crate::hub::BOB;
use crate::request::{Answer, Site};

/// Finds the first error of a field.
fn code(answer: &Answer, field: &str) -> Value {
    let errors = &answer.json()["errors"];
    let place = field.split('.').fold(errors, |at, key| &at[key]).clone();
    place["_errors"][0]["code"].clone()
}

#[tokio::test]
async fn all_that_is_wrong_with_a_guild_is_told_at_once() {
    let site = Site::admin();
    let body = json!({
        "name": "x", "owner_id": "me", "region": "eu",
        "roles": [{ "name": "mod", "permissions": [], "colour": 5 }, 5],
        "channels": [
            { "name": "a", "permission_overwrites": [{ "id": {}, "type": 2 }, null] },
            { "name": "!!!" },
            { "topic": 5, "name": "a", "type": "voice" },
        ],
        "members": [{ "user_id": 2.5, "roles": "mod" }],
    });
    let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for (field, right) in [
        ("name", "BASE_TYPE_BAD_LENGTH"),
        ("owner_id", "NUMBER_TYPE_COERCE"),
        ("region", "UNKNOWN_FIELD"),
        ("roles.0.permissions", "NUMBER_TYPE_COERCE"),
        ("roles.0.colour", "UNKNOWN_FIELD"),
        ("roles.1", "MODEL_TYPE_CONVERT"),
        ("channels.0.permission_overwrites.0.id", "BASE_TYPE_INVALID"),
        ("channels.0.permission_overwrites.0.type", "BASE_TYPE_CHOICES"),
        ("channels.0.permission_overwrites.1", "BASE_TYPE_REQUIRED"),
        ("channels.1.name", "BASE_TYPE_BAD_LENGTH"),
        ("channels.2.topic", "STRING_TYPE_CONVERT"),
        ("channels.2.type", "NUMBER_TYPE_COERCE"),
        ("members.0.user_id", "NUMBER_TYPE_COERCE"),
        ("members.0.roles", "LIST_TYPE_CONVERT"),
    ] {
        assert_eq!(code(&answer, field), right, "{field}: {}", answer.text);
    }
    assert!(site.hub.state.lock().unwrap().drafts.is_empty());
}

#[tokio::test]
async fn bodies_about_accounts_are_objects_with_known_keys() {
    let site = Site::admin();
    for (request, body, field, right) in [
        ("POST /admin/v1/users", json!(["ada"]), "", "MODEL_TYPE_CONVERT"),
        ("POST /admin/v1/users", json!({}), "username", "BASE_TYPE_REQUIRED"),
        (
            "POST /admin/v1/users",
            json!({ "username": "x".repeat(33) }),
            "username",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            "POST /admin/v1/users",
            json!({ "username": "ada", "bot": "yes" }),
            "bot",
            "BOOLEAN_TYPE_CONVERT",
        ),
        (
            "POST /admin/v1/users",
            json!({ "username": "ada", "admin": true }),
            "admin",
            "UNKNOWN_FIELD",
        ),
        ("PATCH /admin/v1/users/2", json!({ "disabled": 1 }), "disabled", "BOOLEAN_TYPE_CONVERT"),
        ("PATCH /admin/v1/users/2", json!({ "owner_id": true }), "owner_id", "NUMBER_TYPE_COERCE"),
        ("PATCH /admin/v1/users/2", json!({ "enabled": true }), "enabled", "UNKNOWN_FIELD"),
    ] {
        let answer = site.ask(request, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{request} {body}");
        let found = if field.is_empty() {
            answer.json()["errors"]["_errors"][0]["code"].clone()
        } else {
            code(&answer, field)
        };
        assert_eq!(found, right, "{request} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn names_of_text_channels_are_made_plain() {
    let site = Site::admin();
    let body = json!({ "name": "Tea", "owner_id": "1", "channels": [
        { "name": "Joey's  Cool Channel" }, { "name": "Big Stage", "type": 13 },
    ] });
    let guild = site.ask("POST /admin/v1/guilds", body.to_string()).await.json();
    assert_eq!(guild["channels"][0]["name"], "joeys-cool-channel");
    assert_eq!(guild["channels"][1]["name"], "Big Stage");
}

#[tokio::test]
async fn nobody_comes_back_whose_account_was_deleted() {
    let site = Site::admin();
    let deleted = site.ask("DELETE /admin/v1/users/2", "").await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
    let body = json!({ "name": "Tea", "owner_id": "1", "members": [{ "user_id": "2" }] });
    let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    let body = json!({ "name": "Tea", "owner_id": BOB });
    let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    let import = "POST /admin/v1/guilds/100/members/import";
    let report = site.ask(import, "{\"user_id\":\"2\"}\n").await.json();
    assert_eq!(report["errors"][0]["message"], "Unknown user `2`.");
    // Its messages stay, so it is still somebody to the public API, but nobody to add.
    let public = site.as_public();
    assert_eq!(public.ask("GET ~/users/2", "").await.status, StatusCode::OK);
    let added = public.ask("PUT ~/guilds/100/members/2", r#"{"access_token":"bob"}"#).await;
    assert_eq!((added.status, added.json()["code"].clone()), (StatusCode::NOT_FOUND, json!(10013)));
}
