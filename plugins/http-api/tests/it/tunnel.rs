//! Requests that come over a link.

use serde_json::value::RawValue;
use throng_plugin_http_api::{Config, Tunnel, public_router};
use throng_ports::api::{Api as _, Turn};
use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::model::User;
use throng_proto::refusal::Refusal;

use crate::hub::{ALICE, CHANNEL, FakeHub, GUILD, MESSAGE};

fn request(id: u64, method: &str, path: &str, body: Option<&str>) -> ApiRequest {
    let body = body.map(|body| RawValue::from_string(body.to_owned()).unwrap());
    ApiRequest { id, method: method.to_owned(), path: path.to_owned(), body }
}

fn body(answer: &ApiResponse) -> serde_json::Value {
    serde_json::from_str(answer.body.as_ref().unwrap().get()).unwrap()
}

fn alice() -> User {
    User::new(ALICE, "alice", true)
}

#[tokio::test]
async fn a_post_over_a_link_is_answered_like_one_over_http() {
    let hub = FakeHub::new();
    let tunnel = Tunnel::new(public_router(hub.clone(), Config::default()));
    let post = request(
        7,
        "POST",
        &format!("/channels/{CHANNEL}/messages"),
        Some(r#"{"content":"hi","nonce":"1","enforce_nonce":true}"#),
    );
    let answer = tunnel.call(alice(), post, Turn::default()).await;
    assert_eq!((answer.id, answer.status), (7, 200));
    assert_eq!(hub.last_draft().content.as_deref(), Some("hi"));
    let me = tunnel.call(alice(), request(8, "GET", "/users/@me", None), Turn::default()).await;
    assert_eq!((me.id, me.status), (8, 200));
    assert_eq!(body(&me)["username"], "alice");
}

#[tokio::test]
async fn refusals_over_a_link_have_their_status_and_retry_time() {
    let hub = FakeHub::new();
    let mut config = Config::default();
    config.rate_limits.messages.requests = 1;
    let tunnel = Tunnel::new(public_router(hub.clone(), config));
    let path = format!("/channels/{CHANNEL}/messages");
    let post = |id| request(id, "POST", &path, Some(r#"{"content":"hi"}"#));
    assert_eq!(tunnel.call(alice(), post(1), Turn::default()).await.status, 200);
    let limited = tunnel.call(alice(), post(2), Turn::default()).await;
    assert_eq!(limited.status, 429);
    assert!(limited.retry_after.is_some_and(|seconds| seconds > 0.0));
    hub.refuse("ChannelGet", Refusal::MissingAccess);
    let refused = tunnel
        .call(alice(), request(3, "GET", &format!("/channels/{CHANNEL}"), None), Turn::default())
        .await;
    assert_eq!((refused.status, &body(&refused)["code"]), (403, &50001.into()));
}

#[tokio::test]
async fn what_is_no_request_is_not_found() {
    let tunnel = Tunnel::new(public_router(FakeHub::new(), Config::default()));
    for (method, path) in [("GET", "/nowhere"), ("no method", "/users/@me"), ("GET", "no path")] {
        assert_eq!(
            tunnel.call(alice(), request(1, method, path, None), Turn::default()).await.status,
            404
        );
    }
}

#[tokio::test]
async fn a_path_over_a_link_may_have_escapes_that_it_needs_not() {
    let tunnel = Tunnel::new(public_router(FakeHub::new(), Config::default()));
    let reactions = format!("/channels/{CHANNEL}/messages/{MESSAGE}/reactions/\u{1f44d}/@me");
    let reactions = reactions.replace('\u{1f44d}', "%F0%9F%91%8D");
    for (method, path, sent) in [
        ("GET", "/users/@me", None),
        ("GET", "/users/@me/guilds", None),
        ("GET", "/applications/@me", None),
        ("GET", "/oauth2/applications/@me", None),
        ("PATCH", &format!("/guilds/{GUILD}/members/@me"), Some("{}")),
        ("GET", &format!("/guilds/{GUILD}/members/search?query=a"), None),
        ("GET", &format!("/channels/{CHANNEL}/messages"), None),
        ("PUT", &reactions, None),
        ("DELETE", &reactions, None),
    ] {
        let answer = tunnel.call(alice(), request(1, method, path, sent), Turn::default()).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        for spelled in [path.replace('@', "%40"), escaped(path)] {
            let again = request(1, method, &spelled, sent);
            let again = tunnel.call(alice(), again, Turn::default()).await;
            assert_eq!(again.status, answer.status, "{method} {spelled}: {again:?}");
            let texts = [&again, &answer].map(|one| one.body.as_ref().map(|body| body.get()));
            assert_eq!(texts[0], texts[1], "{method} {spelled}");
        }
    }
}

/// Escapes every letter, digit and sign of a path's segments.
fn escaped(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments = path.split('/').map(|segment| {
        let bare = segment.replace("%F0%9F%91%8D", "\u{1f44d}");
        bare.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()
    });
    let path = segments.collect::<Vec<_>>().join("/");
    if query.is_empty() { path } else { format!("{path}?{query}") }
}
