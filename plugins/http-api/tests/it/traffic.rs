//! What is counted of requests, and what those who ask are told of the gateway's own address.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use throng_plugin_http_api::{Config, Told, Traffic, public_router};
use throng_ports::metrics::{Page, Source as _};
use tower::ServiceExt as _;

use crate::hub::FakeHub;

fn post(body: String) -> Request<Body> {
    Request::post("/api/v10/channels/200/messages")
        .header("authorization", "Bot alice")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn limits_that_requests_reach_are_counted_by_their_names() {
    let config = Config { json_bytes_max: 2_000, ..Config::default() };
    let (router, traffic) =
        Traffic::of(public_router(FakeHub::new(), config), Duration::from_secs(1));
    let deep = format!("{{\"content\":\"x\",\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let long = format!("{{\"content\":\"{}\"}}", "x".repeat(3_000));
    for (body, status) in [
        (deep.clone(), StatusCode::BAD_REQUEST),
        (deep, StatusCode::BAD_REQUEST),
        (long, StatusCode::PAYLOAD_TOO_LARGE),
        ("{\"content\":\"x\"}".to_owned(), StatusCode::OK),
        ("{\"content\":5}".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(router.clone().oneshot(post(body)).await.unwrap().status(), status);
    }
    let mut page = Page::default();
    traffic.measure(&mut page);
    let text = page.into_text();
    for (limit, count) in
        [("depth", 2), ("bytes", 1), ("rate_limits", 0), ("request_timeout_seconds", 0)]
    {
        let line = format!("throng_http_limits_total{{limit=\"{limit}\"}} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[tokio::test]
async fn who_came_by_another_address_is_told_that_one() {
    let router = public_router(FakeHub::new(), Config::default());
    let told = |url: &str| Some(Told(Some(url.to_owned())));
    for (extension, right) in [
        (told("wss://gateway.example"), "wss://gateway.example"),
        (Some(Told(None)), "ws://127.0.0.1:8080"),
        (None, "ws://127.0.0.1:8080"),
    ] {
        for path in ["/api/v10/gateway", "/api/v10/gateway/bot"] {
            let request = Request::get(path).header("authorization", "Bot alice");
            let mut request = request.body(Body::empty()).unwrap();
            if let Some(told) = extension.clone() {
                request.extensions_mut().insert(told);
            }
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(
                answer.headers()["cache-control"],
                "no-store",
                "{path}: it depends on who asks"
            );
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["url"], json!(right), "{path}");
        }
    }
}
