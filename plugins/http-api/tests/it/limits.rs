//! Limits: how often, how much, how long.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{Request, StatusCode};
use serde_json::json;
use throng_plugin_http_api::{Config, RateLimit};
use throng_ports::hub::Toll;
use throng_proto::refusal::Refusal;

use crate::request::Site;

fn config(requests: u32) -> Config {
    let mut config = Config::default();
    config.rate_limits.messages = RateLimit { requests, window_millis: 60_000 };
    config
}

#[tokio::test]
async fn every_authenticated_answer_carries_the_rate_limit() {
    let site = Site::public();
    for line in ["GET ~/users/@me", "GET ~/guilds/999", "DELETE ~/guilds/100/roles/101"] {
        let answer = site.ask(line, "").await;
        assert_eq!(answer.header("x-ratelimit-limit"), "5000", "{line}");
        assert_eq!(answer.header("x-ratelimit-remaining"), "4999");
        assert!(answer.header("x-ratelimit-reset-after").parse::<f64>().unwrap() <= 5.0);
        assert!(answer.header("x-ratelimit-reset").parse::<f64>().unwrap() > 1.7e9);
        assert_eq!(answer.header("x-ratelimit-bucket").len(), 16);
    }
}

#[tokio::test]
async fn a_bucket_belongs_to_a_route_whatever_prefix_names_it() {
    let site = Site::public();
    let first = site.ask("GET /api/v10/channels/200", "").await;
    let second = site.ask("GET /api/v9/channels/200", "").await;
    let elsewhere = site.ask("GET /api/channels/201", "").await;
    let other = site.ask("DELETE /api/v10/channels/200", "").await;
    let bucket = first.header("x-ratelimit-bucket");
    assert_eq!(second.header("x-ratelimit-bucket"), bucket);
    assert_eq!(second.header("x-ratelimit-remaining"), "4998");
    assert_eq!(elsewhere.header("x-ratelimit-bucket"), bucket);
    assert_eq!(elsewhere.header("x-ratelimit-remaining"), "4999");
    assert_ne!(other.header("x-ratelimit-bucket"), bucket);
}

#[tokio::test(start_paused = true)]
async fn one_post_too_many_is_told_when_to_come_back() {
    let site = Site::public_with(config(1));
    let post = "POST ~/channels/200/messages";
    assert_eq!(site.ask(post, r#"{"content":"x"}"#).await.status, StatusCode::OK);
    let answer = site.ask(post, r#"{"content":"x"}"#).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        answer.json(),
        json!({
            "message": "You are being rate limited.", "code": 0,
            "retry_after": 60.0, "global": false,
        })
    );
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.header("x-ratelimit-scope"), "user");
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    assert_eq!(answer.header("via"), "1.1 throng");
    assert_eq!(site.ask("GET ~/users/@me", "").await.status, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(site.ask(post, r#"{"content":"x"}"#).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_global_limit_counts_all_routes_of_a_user() {
    let mut config = Config::default();
    config.rate_limits.global_per_second = 2;
    let site = Site::public_with(config);
    assert_eq!(site.ask("GET ~/users/@me", "").await.status, StatusCode::OK);
    assert_eq!(site.ask("GET ~/guilds/100", "").await.status, StatusCode::OK);
    let answer = site.ask("GET ~/channels/200", "").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["global"], true);
    assert_eq!(answer.header("x-ratelimit-global"), "true");
    assert_eq!(answer.header("x-ratelimit-scope"), "global");
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
}

#[tokio::test]
async fn a_refusal_that_passes_says_when() {
    let site = Site::public();
    let retry_after = Duration::from_millis(2_500);
    site.hub.refuse("Typing", Refusal::RateLimited { retry_after });
    let answer = site.ask("POST ~/channels/200/typing", "").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "3");
    assert_eq!(answer.header("x-ratelimit-scope"), "shared");
    assert_eq!(answer.json()["retry_after"], 2.5);
    let reason = "the disk is full".to_owned();
    site.hub.refuse("MessageCreate", Refusal::Unavailable { reason, retry_after });
    let answer = site.ask("POST ~/channels/200/messages", r#"{"content":"x"}"#).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "3");
    assert_eq!(answer.json()["message"], "the disk is full");
}

#[tokio::test]
async fn bodies_over_their_limit_are_refused_however_they_come() {
    let site = Site::public();
    let large = json!({ "code": 40005, "message": "Request entity too large" });
    let long = format!(r#"{{"content":"{}"}}"#, "x".repeat(300_000));
    let answer = site.ask("POST ~/channels/200/messages", long.clone()).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::PAYLOAD_TOO_LARGE, large.clone()));

    let announced = Request::patch("/api/v10/guilds/100")
        .header("authorization", "Bot alice")
        .header("content-length", "99999999")
        .body(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()))
        .unwrap();
    assert_eq!(site.send(announced).await.json(), large);

    let config = Config { body_bytes_max: 1_000, ..Config::default() };
    let site = Site::public_with(config);
    let head = r#"Content-Disposition: form-data; name="files[0]"; filename="a""#;
    let file = "x".repeat(2_000);
    let request = Request::post("/api/v10/channels/200/messages")
        .header("authorization", "Bot alice")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(format!("--edge\r\n{head}\r\n\r\n{file}\r\n--edge--\r\n")))
        .unwrap();
    let answer = site.send(request).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::PAYLOAD_TOO_LARGE, large));
}

#[tokio::test(start_paused = true)]
async fn requests_end_in_time_whether_the_body_or_the_guild_stalls() {
    let site = Site::public();
    let slow = Request::post("/api/v10/guilds")
        .header("authorization", "Bot alice")
        .body(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()))
        .unwrap();
    let answer = site.send(slow).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (StatusCode::REQUEST_TIMEOUT, json!(0))
    );
    site.hub.state.lock().unwrap().stalled = true;
    assert_eq!(site.ask("GET ~/guilds/100", "").await.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_user_that_has_used_up_its_budget_is_told_when_to_come_back() {
    let site = Site::public();
    site.hub.state.lock().unwrap().broke = vec![Toll::Written];
    for line in [
        "POST ~/channels/200/messages",
        "PATCH ~/channels/200/messages/300",
        "PUT ~/channels/200/messages/300/reactions/x/@me",
        "POST ~/channels/200/typing",
        "DELETE ~/guilds/100/roles/101",
    ] {
        let answer = site.ask(line, r#"{"content":"x"}"#).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{line}");
        assert_eq!(answer.json()["retry_after"], 7.0);
        assert_eq!(answer.header("retry-after"), "7");
        assert_eq!(answer.header("x-ratelimit-scope"), "user");
    }
    assert_eq!(site.hub.last(), "", "nothing was done");
    assert_eq!(site.ask("GET ~/users/@me", "").await.status, StatusCode::OK);
    site.hub.state.lock().unwrap().broke = vec![Toll::Read];
    let answer = site.ask("GET ~/users/@me", "").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = site.ask("POST ~/channels/200/messages", r#"{"content":"x"}"#).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_cost_what_they_write_or_read() {
    let site = Site::public();
    let cost = |toll| {
        let mut state = site.hub.state.lock().unwrap();
        let charges = std::mem::take(&mut state.charges);
        assert!(charges.iter().all(|(_, other, _)| *other == toll), "{charges:?}");
        charges.iter().map(|(_, _, cost)| cost).sum::<u64>()
    };
    let body = format!(r#"{{"content":"{}"}}"#, "x".repeat(1_900));
    site.ask("POST ~/channels/200/messages", body.clone()).await;
    assert!(cost(Toll::Written) >= 2_048 + body.len() as u64);
    site.ask("POST ~/channels/200/typing", "").await;
    assert_eq!(cost(Toll::Written), 2_048);
    let answer = site.ask("GET ~/users/@me", "").await;
    assert!(cost(Toll::Read) >= 512.max(answer.text.len() as u64));
}
