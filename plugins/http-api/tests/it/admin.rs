//! Routes of the admin API.

use http::StatusCode;
use serde_json::{Value, json};
use throng_plugin_http_api::{Config, admin_router};
use throng_ports::hub::Health;
use throng_ports::policy::{PolicyFault, PolicyStatus};
use throng_proto::token::Token;
use tower::ServiceExt;

use crate::hub::FakeHub;
use crate::request::Site;

#[tokio::test]
async fn everything_but_probes_and_metrics_needs_the_token() {
    let site = Site::admin();
    for line in [
        "GET /admin/v1/users",
        "POST /admin/v1/users",
        "GET /admin/v1/users/1",
        "PATCH /admin/v1/users/1",
        "DELETE /admin/v1/users/1",
        "GET /admin/v1/users/1/tokens",
        "POST /admin/v1/users/1/tokens",
        "DELETE /admin/v1/users/1/tokens",
        "POST /admin/v1/users/1/tokens/rotate",
        "DELETE /admin/v1/users/1/tokens/0000000000000000",
        "GET /admin/v1/sessions",
        "DELETE /admin/v1/sessions/0000000000000000",
        "DELETE /admin/v1/users/1/sessions",
        "GET /admin/v1/guilds",
        "POST /admin/v1/guilds",
        "DELETE /admin/v1/guilds/100",
        "DELETE /admin/v1/guilds/100/members/2",
        "GET /admin/v1/guilds/100",
        "POST /admin/v1/guilds/100/members/import",
        "POST /admin/v1/guilds/100/handoff",
        "POST /admin/v1/drain",
        "GET /admin/v1/policy",
        "POST /admin/v1/policy/reload",
    ] {
        let answer = site.bare(line).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{line}");
        assert_eq!(answer.json(), json!({ "message": "401: Unauthorized", "code": 0 }));
    }
    assert!(!site.hub.state.lock().unwrap().drained);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(site.bare(&format!("GET {path}")).await.status, StatusCode::OK);
    }
    assert_eq!(site.ask("GET /nowhere", "").await.json()["message"], "404: Not Found");
    assert_eq!(site.ask("GET /admin/v1/drain", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_hand_off_says_how_long_the_guild_paused() {
    let site = Site::admin();
    let answer = site.ask("POST /admin/v1/guilds/100/handoff", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected =
        json!({"pause_ms": 1.5, "took_ms": 20.0, "members": 2, "changes": 1, "queued": 3});
    assert_eq!(answer.json(), expected);
    let unknown = site.ask("POST /admin/v1/guilds/101/handoff", "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_empty_admin_token_lets_nobody_in() {
    let listen = ([127, 0, 0, 1], 9090).into();
    let router = admin_router(FakeHub::new(), Token::parse(""), Config::default(), listen);
    let request = http::Request::post("/admin/v1/drain")
        .header("host", "127.0.0.1:9090")
        .header("authorization", "Bearer ")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn users_are_made_once_and_show_their_token() {
    let site = Site::admin();
    let answer = site.ask("POST /admin/v1/users", r#"{"username":"carol","bot":true}"#).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let user = answer.json();
    assert!(user["id"].is_string());
    assert_eq!((&user["token"], &user["bot"]), (&json!("secret"), &json!(true)));
    let answer = site.ask("POST /admin/v1/users", r#"{"username":"carol"}"#).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.json()["message"], "Username `carol` is taken; choose another one.");
    for body in [r#"{"username":""}"#, r#"{"bot":true}"#, r#"{"username":"d","bto":true}"#] {
        assert_eq!(site.ask("POST /admin/v1/users", body).await.status, 400, "{body}");
    }
    let long = json!({ "username": "x".repeat(33) }).to_string();
    assert_eq!(site.ask("POST /admin/v1/users", long).await.status, 400);
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_is_a_conflict_too() {
    let site = Site::admin();
    site.hub.state.lock().unwrap().rival = true;
    let answer = site.ask("POST /admin/v1/users", r#"{"username":"carol"}"#).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

fn whole_guild() -> Value {
    json!({
        "name": "Tea",
        "owner_id": "1",
        "roles": [
            { "name": "@everyone", "permissions": 1024 },
            { "name": "low", "permissions": "2048" },
            { "name": "high", "permissions": 8 },
        ],
        "channels": [
            { "name": "open" },
            { "name": "staff", "type": 0, "permission_overwrites": [
                { "id": "@everyone", "type": 0, "allow": "0", "deny": "1024" },
                { "id": "high", "type": 0, "allow": 1024, "deny": 0 },
                { "id": "2", "type": 1, "allow": "1024" },
            ] },
        ],
        "members": [{ "user_id": "2", "roles": ["high", "@everyone"] }],
    })
}

#[tokio::test]
async fn a_guild_is_made_whole_and_shown_with_all_ids() {
    let site = Site::admin();
    let answer = site.ask("POST /admin/v1/guilds", whole_guild().to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let guild = answer.json();
    let id = guild["id"].as_str().unwrap();
    assert_eq!(guild["roles"][0]["id"], id);
    assert_eq!(guild["roles"][0]["permissions"], "1024");
    let positions: Vec<_> = (0..3).map(|index| guild["roles"][index]["position"].clone()).collect();
    assert_eq!(positions, [json!(0), json!(1), json!(2)]);
    let high = &guild["roles"][2]["id"];
    assert_eq!(
        guild["channels"][1]["permission_overwrites"],
        json!([
            { "id": id, "type": 0, "allow": "0", "deny": "1024" },
            { "id": high, "type": 0, "allow": "1024", "deny": "0" },
            { "id": "2", "type": 1, "allow": "1024", "deny": "0" },
        ])
    );
    assert_eq!(guild["members"][0]["roles"], json!([high]));
    assert_eq!(guild["members"][1]["user"]["id"], "1");
    assert_eq!(guild["member_count"], 2);
    assert_eq!(site.hub.state.lock().unwrap().drafts.len(), 1);
}

#[tokio::test]
async fn a_guild_without_channels_has_general() {
    let site = Site::admin();
    let guild = site.ask("POST /admin/v1/guilds", r#"{"name":"Tea","owner_id":1}"#).await.json();
    assert_eq!(guild["channels"][0]["name"], "general");
    assert_eq!(guild["channels"][0]["type"], 0);
    assert_eq!(guild["member_count"], 1);
    let body = r#"{"name":"Tea","owner_id":1,"channels":[]}"#;
    assert_eq!(site.ask("POST /admin/v1/guilds", body).await.json()["channels"], json!([]));
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let site = Site::admin();
    for (path, value, word) in [
        ("/owner_id", json!("77"), "`77` in `owner_id`"),
        ("/members/0/user_id", json!("78"), "`78` in `user_id`"),
        ("/members/0/roles", json!(["boss"]), "`boss`"),
        ("/channels/1/permission_overwrites/0/id", json!("chef"), "`chef`"),
        ("/channels/1/type", json!(1), "`staff` has type 1"),
        ("/roles/1/name", json!("high"), "`high` is listed twice"),
    ] {
        let mut body = whole_guild();
        *body.pointer_mut(path).unwrap() = value;
        let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.json()["message"].as_str().unwrap().contains(word), "{}", answer.text);
    }
    let answer = site.ask("POST /admin/v1/guilds", r#"{"name":"Tea","owner":"1"}"#).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("owner"), "{}", answer.text);
    assert!(site.hub.state.lock().unwrap().drafts.is_empty());
}

#[tokio::test]
async fn a_guild_is_shown_whole() {
    let site = Site::admin();
    let guild = site.ask("GET /admin/v1/guilds/100", "").await.json();
    assert_eq!((&guild["id"], &guild["member_count"]), (&json!("100"), &json!(1)));
    assert_eq!(guild["members"][0]["user"]["username"], "bob");
    assert!(guild["roles"].is_array() && guild["channels"].is_array());
    let answer = site.ask("GET /admin/v1/guilds/5", "").await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (StatusCode::NOT_FOUND, json!(10004))
    );
}

#[tokio::test]
async fn probes_say_how_the_node_is() {
    let site = Site::admin();
    assert_eq!(site.bare("GET /healthz").await.json(), json!({ "status": "ok" }));
    assert_eq!(site.bare("GET /readyz").await.json(), json!({ "status": "ready" }));
    for (health, status, word) in [
        (Health::Starting, 503, "starting"),
        (Health::Draining, 503, "draining"),
        (Health::Degraded("disk full".to_owned()), 200, "disk full"),
    ] {
        site.hub.state.lock().unwrap().health = Some(health);
        let answer = site.bare("GET /readyz").await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains(word), "{}", answer.text);
        assert_eq!(site.bare("GET /healthz").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn metrics_and_drain_reach_the_hub() {
    let site = Site::admin();
    let answer = site.bare("GET /metrics").await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    assert!(answer.text.contains("throng_up 1"));
    assert_eq!(site.ask("POST /admin/v1/drain", "").await.status, StatusCode::ACCEPTED);
    assert!(site.hub.state.lock().unwrap().drained);
}

#[tokio::test]
async fn the_policy_is_shown_and_a_broken_one_says_where() {
    let site = Site::admin();
    let status = PolicyStatus {
        name: "quiet-hours".to_owned(),
        version: "0123abcd".to_owned(),
        hooks: vec!["passivity".to_owned()],
        ..PolicyStatus::default()
    };
    site.hub.state.lock().unwrap().policy = status.clone();
    let answer = site.ask("GET /admin/v1/policy", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["version"], "0123abcd");
    assert_eq!(answer.json()["fault"], Value::Null);
    assert_eq!(answer.json()["review"]["running"], false);
    assert_eq!(site.ask("POST /admin/v1/policy/reload", "").await.status, StatusCode::OK);
    let fault = PolicyFault {
        file: "quiet-hours.rhai".to_owned(),
        line: 3,
        column: 7,
        message: "expecting ';'".to_owned(),
        report: "quiet-hours.rhai:3:7: expecting ';'".to_owned(),
    };
    site.hub.state.lock().unwrap().policy = PolicyStatus { fault: Some(fault), ..status };
    let answer = site.ask("POST /admin/v1/policy/reload", "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fault = &answer.json()["fault"];
    assert_eq!((&fault["line"], &fault["column"]), (&json!(3), &json!(7)));
    assert_eq!(answer.json()["version"], "0123abcd", "the one before goes on");
}
