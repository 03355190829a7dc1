//! Sends requests to a router and reads answers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use throng_plugin_http_api::{Config, admin_router, public_router};
use throng_proto::token::Token;
use tower::ServiceExt;

use crate::hub::FakeHub;

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A router and the hub behind it.
pub(crate) struct Site {
    pub(crate) hub: Arc<FakeHub>,
    router: Router,
    token: &'static str,
}

impl Site {
    pub(crate) fn public() -> Self {
        Self::public_with(Config::default())
    }

    pub(crate) fn public_with(config: Config) -> Self {
        let hub = FakeHub::new();
        Self { router: public_router(hub.clone(), config), hub, token: "Bot alice" }
    }

    /// Returns the public API before the same hub.
    pub(crate) fn as_public(&self) -> Self {
        let hub = self.hub.clone();
        Self { router: public_router(hub.clone(), Config::default()), hub, token: "Bot alice" }
    }

    pub(crate) fn admin() -> Self {
        Self::admin_with(Config::default())
    }

    pub(crate) fn admin_with(config: Config) -> Self {
        let hub = FakeHub::new();
        let listen = ([127, 0, 0, 1], 9090).into();
        let router = admin_router(hub.clone(), Token::parse("letmein"), config, listen);
        Self { router, hub, token: "Bearer letmein" }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Sends as somebody known, with a body or with the empty text for none.
    pub(crate) async fn ask(&self, line: &str, body: impl Into<Body>) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let path = match path.strip_prefix('~') {
            Some(rest) => format!("/api/v10{rest}"),
            None => path.to_owned(),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:9090")
            .header("authorization", self.token)
            .header("content-type", "application/json")
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    /// Sends as somebody known, and reads the body if it comes whole.
    pub(crate) async fn begin(&self, line: &str) -> Result<Vec<u8>, axum::Error> {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", self.token).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        Ok(response.into_body().collect().await?.to_bytes().to_vec())
    }

    /// Sends without a token.
    pub(crate) async fn bare(&self, line: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        self.send(request.body(Body::empty()).unwrap()).await
    }
}
