//! The public API for requests that come over a link instead of HTTP.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request};
use serde_json::value::RawValue;
use throng_ports::api::{Api, Turn};
use throng_ports::link::BoxFuture;
use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::model::User;
use tower::ServiceExt as _;

use crate::api::{Caller, Place};
use crate::fault::Fault;

/// Bytes of an answer over a link: far above the largest page of messages.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Answers requests over links by the routes, rules and rate limits of a public router.
#[derive(Clone, Debug)]
pub struct Tunnel {
    router: Router,
}

impl Tunnel {
    /// Wraps the router that also serves HTTP, so that both count together.
    #[must_use]
    pub const fn new(router: Router) -> Self {
        Self { router }
    }
}

impl Api for Tunnel {
    fn call(
        &self,
        caller: User,
        request: ApiRequest,
        turn: Turn,
    ) -> BoxFuture<'static, ApiResponse> {
        let router = self.router.clone();
        Box::pin(async move {
            let id = request.id;
            let answer = match http_request(caller, request, turn) {
                Ok(request) => router.oneshot(request).await.unwrap_or_else(|never| match never {}),
                Err(fault) => axum::response::IntoResponse::into_response(fault),
            };
            unwrap(id, answer).await
        })
    }
}

/// Makes the HTTP request; whoever is identified already needs no `Authorization`.
fn http_request(caller: User, request: ApiRequest, turn: Turn) -> Result<Request<Body>, Fault> {
    let ApiRequest { method, path, body, .. } = request;
    let body =
        body.map_or_else(Body::empty, |body| Body::from(String::from(Box::<str>::from(body))));
    let mut request = Request::builder()
        .method(method.as_str())
        .uri(format!("/api/v10{path}"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body)
        .map_err(|_| Fault::not_found())?;
    request.extensions_mut().insert(Caller(caller));
    request.extensions_mut().insert(Place::of(turn));
    Ok(request)
}

async fn unwrap(id: u64, answer: Response) -> ApiResponse {
    let status = answer.status().as_u16();
    let header = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|seconds| seconds.parse().ok());
    let bytes = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8(bytes.into()).unwrap_or_default();
    ApiResponse { id, status, retry_after, body: RawValue::from_string(text).ok() }
}
