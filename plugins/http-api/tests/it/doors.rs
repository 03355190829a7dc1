//! Accounts, tokens and sessions as operators see them, and by which names the admin API is asked.

use axum::body::Body;
use http::{Request, StatusCode, Version};
use serde_json::{Value, json};
use throng_plugin_http_api::{Config, admin_router};
use throng_proto::token::Token;
use tower::ServiceExt;

use crate::hub::FakeHub;
use crate::request::Site;

fn asked(site: &Site) -> Vec<String> {
    site.hub.state.lock().unwrap().asked.clone()
}

#[tokio::test]
async fn accounts_are_listed_shown_and_found_by_name() {
    let site = Site::admin();
    let page = site.ask("GET /admin/v1/users?limit=1", "").await.json();
    assert_eq!(page["users"].as_array().unwrap().len(), 1);
    assert_eq!(page["users"][0]["username"], "alice");
    assert_eq!(page["users"][0]["disabled"], false);
    let page = site.ask("GET /admin/v1/users?after=1", "").await.json();
    assert_eq!(page["users"][0]["username"], "bob");
    let named = site.ask("GET /admin/v1/users?username=bob", "").await.json();
    assert_eq!(named["users"][0]["id"], "2");
    let nobody = site.ask("GET /admin/v1/users?username=eve", "").await.json();
    assert_eq!(nobody, json!({ "users": [] }));
    let bob = site.ask("GET /admin/v1/users/2", "").await.json();
    assert_eq!(bob["guilds"], json!(["100"]));
    let unknown = site.ask("GET /admin/v1/users/77", "").await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (StatusCode::NOT_FOUND, &json!(10_013)));
    for query in ["limit=0", "limit=1001", "limit=x", "after=x"] {
        let answer = site.ask(&format!("GET /admin/v1/users?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn an_account_is_disabled_and_gets_an_owner() {
    let site = Site::admin();
    let answer = site.ask("PATCH /admin/v1/users/1", r#"{"disabled":true,"owner_id":"2"}"#).await;
    let body = answer.json();
    assert_eq!((&body["disabled"], &body["owner_id"]), (&json!(true), &json!("2")));
    let answer = site.ask("PATCH /admin/v1/users/1", r#"{"disabled":false}"#).await.json();
    assert_eq!(answer["owner_id"], "2", "absent keys stay");
    let answer = site.ask("PATCH /admin/v1/users/1", r#"{"owner_id":null}"#).await.json();
    assert_eq!(answer["owner_id"], Value::Null);
    let wrong = [
        ("1", r#"{"owner_id":"1"}"#),
        ("1", r#"{"owner_id":"77"}"#),
        ("1", r#"{"disabled":"yes"}"#),
        ("1", r#"{"disable":true}"#),
        ("1", "[]"),
        // Not a bot.
        ("2", r#"{"owner_id":"1"}"#),
    ];
    for (user, body) in wrong {
        let answer = site.ask(&format!("PATCH /admin/v1/users/{user}"), body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let unknown = site.ask("PATCH /admin/v1/users/77", "{}").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let made =
        site.ask("POST /admin/v1/users", r#"{"username":"owned","bot":true,"owner_id":"2"}"#).await;
    assert_eq!((made.status, &made.json()["owner_id"]), (StatusCode::CREATED, &json!("2")));
}

#[tokio::test]
async fn a_bots_application_names_its_owner() {
    let site = Site::public();
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        let own = site.ask(&format!("GET ~{path}"), "").await.json();
        assert_eq!(own["owner"]["username"], "alice", "without one it owns itself");
    }
    let mut alice = throng_proto::record::Account::new(site.hub.find(crate::hub::ALICE).unwrap());
    alice.owner = Some(crate::hub::BOB);
    site.hub.state.lock().unwrap().accounts.insert(crate::hub::ALICE, alice);
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        let owned = site.ask(&format!("GET ~{path}"), "").await.json();
        assert_eq!(owned["owner"]["username"], "bob");
        assert_eq!(owned["bot"]["username"], "alice");
    }
}

#[tokio::test]
async fn who_owns_a_guild_is_not_deleted() {
    let site = Site::admin();
    let owner = site.ask("DELETE /admin/v1/users/1", "").await;
    assert_eq!(owner.status, StatusCode::CONFLICT);
    assert!(owner.json()["message"].as_str().unwrap().contains("100"), "the guild is named");
    assert_eq!(asked(&site), Vec::<String>::new(), "nothing was done");
    let member = site.ask("DELETE /admin/v1/users/2", "").await;
    assert_eq!(member.status, StatusCode::NO_CONTENT);
    let asked = asked(&site);
    assert!(asked[0].contains("disabled: Some(true)"), "{asked:?}");
    assert_eq!(asked[1], "delete 2");
    assert!(site.hub.last().starts_with("MemberDelete"), "it leaves its guilds");
}

#[tokio::test]
async fn tokens_are_listed_made_and_taken_away_without_showing_old_secrets() {
    let site = Site::admin();
    let listed = site.ask("GET /admin/v1/users/2/tokens", "").await.json();
    let record = json!({ "id": "abababababababab", "made_at": "2023-11-14T22:13:20.000000+00:00" });
    assert_eq!(listed, json!({ "tokens": [record] }));
    let made = site.ask("POST /admin/v1/users/2/tokens", "").await;
    assert_eq!((made.status, &made.json()["token"]), (StatusCode::CREATED, &json!("another")));
    let rotated = site.ask("POST /admin/v1/users/2/tokens/rotate", "").await.json();
    assert_eq!(rotated["token"], "rotated");
    let all = site.ask("DELETE /admin/v1/users/2/tokens", "").await.json();
    assert_eq!(all, json!({ "revoked": 3 }));
    let one = site.ask("DELETE /admin/v1/users/2/tokens/abababababababab", "").await;
    assert_eq!(one.status, StatusCode::NO_CONTENT);
    let unknown = site.ask("DELETE /admin/v1/users/2/tokens/00000000000000ab", "").await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (StatusCode::NOT_FOUND, &json!(10_012)));
    let wrong = site.ask("DELETE /admin/v1/users/2/tokens/xyz", "").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let expected =
        ["rotate 2", "revoke 2", "revoke 2 abababababababab", "revoke 2 00000000000000ab"];
    assert_eq!(asked(&site), expected);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let site = Site::admin();
    let listed = site.ask("GET /admin/v1/sessions?user_id=2&limit=5", "").await.json();
    let session = &listed["sessions"][0];
    assert_eq!(session["id"], "0000000000001234");
    assert_eq!(session["address"], "127.0.0.1:5000");
    assert_eq!(session["client"]["browser"], "discord.py");
    assert_eq!(session["modes"], json!({ "active": 2 }));
    let detail = site.ask("GET /admin/v1/sessions/0000000000001234", "").await.json();
    assert_eq!((&detail["id"], &detail["afk"]), (&session["id"], &json!(true)));
    assert_eq!(detail["policy_version"], "feed");
    let attachment = &detail["attachments"][0];
    assert_eq!(attachment["guild_id"], "100");
    assert_eq!(
        (&attachment["mode"], &attachment["verdict"]),
        (&json!("passive"), &json!("active"))
    );
    let unknown = site.ask("GET /admin/v1/sessions/0000000000005678", "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let next = site.ask("GET /admin/v1/sessions?after=0000000000001234", "").await.json();
    assert_eq!(next, json!({ "sessions": [] }));
    let ended = site.ask("DELETE /admin/v1/sessions/0000000000001234", "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let whole = site.ask("DELETE /admin/v1/sessions/0000000000001234ffffffffffffffff", "").await;
    assert_eq!(whole.status, StatusCode::NO_CONTENT, "a whole id names it too");
    let unknown = site.ask("DELETE /admin/v1/sessions/0000000000005678", "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for wrong in ["1234", "+000000000001234", "x"] {
        let answer = site.ask(&format!("DELETE /admin/v1/sessions/{wrong}"), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let all = site.ask("DELETE /admin/v1/users/2/sessions", "").await.json();
    assert_eq!(all, json!({ "ended": 1 }));
}

#[tokio::test]
async fn guilds_are_listed_with_what_they_cost_and_members_are_taken_out() {
    let site = Site::admin();
    let listed = site.ask("GET /admin/v1/guilds", "").await.json();
    let guilds = listed["guilds"].as_array().unwrap();
    assert_eq!(guilds.len(), 1, "one has gone meanwhile");
    assert_eq!((&guilds[0]["messages"], &guilds[0]["message_bytes"]), (&json!(12), &json!(3_456)));
    let seen = (&guilds[0]["id"], &guilds[0]["attachments"], &guilds[0]["relays"]);
    assert_eq!(seen, (&json!("100"), &json!(5), &json!(2)));
    let kicked = site.ask("DELETE /admin/v1/guilds/100/members/2", "").await;
    assert_eq!(kicked.status, StatusCode::NO_CONTENT);
    assert_eq!(site.hub.last(), format!("MemberDelete({:?})", crate::hub::BOB));
    assert_eq!(site.ask("DELETE /admin/v1/guilds/100", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.hub.last(), "GuildDelete");
}

#[tokio::test]
async fn a_guild_from_one_body_is_no_larger_than_one_that_grew() {
    let site = Site::admin();
    let list = |count: usize, item: fn(usize) -> Value| (0..count).map(item).collect::<Vec<_>>();
    let channel = |number| json!({ "name": format!("c{number}") });
    let role = |number| json!({ "name": format!("r{number}") });
    let long = |count: usize| "é".repeat(count);
    let wrong = [
        ("channels", json!({ "channels": list(501, channel) })),
        ("roles", json!({ "roles": list(250, role) })),
        ("description", json!({ "description": long(301) })),
        ("channels.0.topic", json!({ "channels": [{ "name": "c", "topic": long(1_025) }] })),
        ("roles.0.color", json!({ "roles": [{ "name": "r", "color": 0x100_0000 }] })),
        ("members.0.nick", json!({ "members": [{ "user_id": "2", "nick": long(33) }] })),
    ];
    for (field, mut body) in wrong {
        body["name"] = json!("guild");
        body["owner_id"] = json!("1");
        let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field}");
        let place = field.split('.').fold(&answer.json()["errors"], |at, key| &at[key]).clone();
        assert!(place["_errors"].is_array(), "{field}: {}", answer.text);
    }
    let body = json!({ "name": "guild", "owner_id": "1", "channels": list(500, channel),
        "roles": list(249, role), "description": long(300) });
    let answer = site.ask("POST /admin/v1/guilds", body.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

async fn status(listen: &str, hosts: &[&str], request: Request<Body>) -> StatusCode {
    let admin_hosts = hosts.iter().map(ToString::to_string).collect();
    let config = Config { admin_hosts, ..Config::default() };
    let listen = listen.parse().unwrap();
    let router = admin_router(FakeHub::new(), Token::parse("letmein"), config, listen);
    router.oneshot(request).await.unwrap().status()
}

fn named(host: &str) -> Request<Body> {
    let request = Request::get("/metrics").header("authorization", "letmein");
    request.header("host", host).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn only_known_hosts_are_answered() {
    let own = "192.0.2.1:9090";
    let (ok, no) = (StatusCode::OK, StatusCode::MISDIRECTED_REQUEST);
    let cases = [
        ("localhost", ok),
        ("LOCALHOST:9090", ok),
        ("localhost.:1", ok),
        ("127.0.0.1:9090", ok),
        ("[::1]:9090", ok),
        ("192.0.2.1", ok),
        ("admin.example.org", ok),
        ("Admin.Example.org.:9090", ok),
        ("evil.example", no),
        ("evil.example:9090", no),
        ("localhost.evil.example", no),
        ("evil.example#localhost", no),
        ("localhost@evil.example", no),
        ("evil.example@localhost", no),
        ("127.0.0.1.evil.example", no),
        ("198.51.100.7", no),
        ("[2001:db8::1]", no),
        ("xadmin.example.org", no),
        ("", no),
        ("a b", no),
    ];
    for (host, expected) in cases {
        assert_eq!(status(own, &["admin.example.org"], named(host)).await, expected, "{host}");
    }
    assert_eq!(status("0.0.0.0:9090", &[], named("198.51.100.7")).await, ok, "any of its own");
    assert_eq!(status("0.0.0.0:9090", &[], named("evil.example")).await, no);
}

#[tokio::test]
async fn a_request_without_a_host_is_no_browsers() {
    let bare = |version| {
        let request = Request::get("/healthz").version(version);
        request.body(Body::empty()).unwrap()
    };
    let own = "127.0.0.1:9090";
    assert_eq!(status(own, &[], bare(Version::HTTP_10)).await, StatusCode::OK);
    assert_eq!(status(own, &[], bare(Version::HTTP_11)).await, StatusCode::MISDIRECTED_REQUEST);
    let mut twice = named("localhost");
    twice.headers_mut().append("host", "evil.example".parse().unwrap());
    assert_eq!(status(own, &[], twice).await, StatusCode::MISDIRECTED_REQUEST);
    let target = Request::get("http://evil.example/metrics").header("host", "localhost");
    let target = target.body(Body::empty()).unwrap();
    assert_eq!(status(own, &[], target).await, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn what_is_refused_is_counted() {
    let site = Site::admin();
    for _ in 0..3 {
        assert_eq!(site.bare("POST /admin/v1/drain").await.status, StatusCode::UNAUTHORIZED);
    }
    site.send(named("evil.example")).await;
    let metrics = site.bare("GET /metrics").await.text;
    assert!(metrics.contains("throng_admin_refusals_total{reason=\"token\"} 3\n"), "{metrics}");
    assert!(metrics.contains("throng_admin_refusals_total{reason=\"host\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn the_admin_api_describes_every_route() {
    let site = Site::admin();
    let document = site.bare("GET /admin/v1/openapi.json").await.json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["info"]["license"]["identifier"], env!("CARGO_PKG_LICENSE"));
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            let line = format!("{} {}", method.to_uppercase(), path.replace(['{', '}'], ""));
            let answer = site.bare(&line).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{line} is served");
            let operation = &item[method];
            assert!(operation["summary"].is_string(), "{line} says what it does");
            let named = path.matches('{').count();
            let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
            assert!(parameters >= named, "{line} names its parameters");
        }
    }
    for line in ["get /admin/v1/users", "post /admin/v1/guilds/{guild_id}/members/import"] {
        let (method, path) = line.split_once(' ').unwrap();
        assert!(document["paths"][path][method].is_object(), "{line}");
    }
    assert!(paths.len() > 15, "{}", paths.len());
}
