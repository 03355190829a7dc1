//! Answers that say why a request was not done, in Discord's shape.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, VIA};
use http::{HeaderValue, StatusCode};
use throng_proto::refusal::{ErrorBody, FieldError, Refusal};

use crate::answer;

/// An answer other than success.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    status: StatusCode,
    code: u32,
    message: String,
    fields: Vec<FieldError>,
    retry: Option<Retry>,
    limit: Option<Limit>,
}

/// Which limit of requests was reached, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Limit(pub(crate) &'static str);

/// When to come back, and whose limit it was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Retry {
    after: Duration,
    scope: Scope,
}

/// Whose limit a client ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One user's on one route.
    User,
    /// One user's over all routes.
    Global,
    /// A guild's.
    Shared,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        let (fields, message) = (Vec::new(), message.into());
        Self { status, code, message, fields, retry: None, limit: None }
    }

    /// Notes which limit it is that was reached, so that it is counted.
    pub(crate) fn at(self, limit: &'static str) -> Self {
        Self { limit: Some(Limit(limit)), ..self }
    }

    /// Nobody's token, or none.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized")
    }

    /// No route has the path.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, 0, "404: Not Found")
    }

    /// A route has the path but not with this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed")
    }

    /// A body, or a line of one, over its limit.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 40_005, "Request entity too large").at("bytes")
    }

    /// Text that is not JSON.
    pub(crate) fn broken_json() -> Self {
        let message = "The request body contains invalid JSON.";
        Self::new(StatusCode::BAD_REQUEST, 50_109, message)
    }

    /// A body that broke off or came too slowly.
    pub(crate) fn timed_out() -> Self {
        let message = "408: The request took longer than `request_timeout_seconds` allows.";
        Self::new(StatusCode::REQUEST_TIMEOUT, 0, message).at("request_timeout_seconds")
    }

    /// A defect of this program.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 0, "500: Internal Server Error")
    }

    /// Something wrong with a request to the admin API, in words.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 0, message)
    }

    /// One wrong field.
    pub(crate) fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Refusal::field(field, code, message).into()
    }

    /// Too many requests.
    pub(crate) fn rate_limited(after: Duration, scope: Scope) -> Self {
        Self::from(Refusal::RateLimited { retry_after: after }).scoped(scope).at("rate_limits")
    }

    fn scoped(mut self, scope: Scope) -> Self {
        self.retry = self.retry.map(|retry| Retry { scope, ..retry });
        self
    }

    /// Tells whether what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says what is wrong with the first wrong field.
    pub(crate) fn first_field(&self) -> Option<String> {
        let field = self.fields.first()?;
        let place = if field.field.is_empty() { "" } else { ": " };
        Some(format!("{}{place}{}", field.field, field.message))
    }

    /// Builds the body: `code`, `message`, and `errors` or `retry_after` where there are any.
    pub(crate) fn body(&self) -> ErrorBody<'_> {
        let body = ErrorBody::new(self.code, &self.message).with_fields(&self.fields);
        let Some(retry) = self.retry else { return body };
        let body = body.retry_after(retry.after);
        let limited = self.status == StatusCode::TOO_MANY_REQUESTS;
        if limited { body.global(retry.scope == Scope::Global) } else { body }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status =
            StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = refusal.retry_after().map(|after| Retry { after, scope: Scope::Shared });
        let (code, message) = (refusal.code(), refusal.to_string());
        let fields = match refusal {
            Refusal::InvalidForm(fields) => fields,
            _ => Vec::new(),
        };
        Self { status, code, message, fields, retry, limit: None }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = answer::json(self.status, &self.body());
        if let Some(limit) = self.limit {
            response.extensions_mut().insert(limit);
        }
        let Some(retry) = self.retry else { return response };
        let headers = response.headers_mut();
        headers
            .insert(RETRY_AFTER, HeaderValue::from(retry.after.as_millis().div_ceil(1000) as u64));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            let scope = match retry.scope {
                Scope::User => "user",
                Scope::Global => "global",
                Scope::Shared => "shared",
            };
            headers.insert("x-ratelimit-scope", HeaderValue::from_static(scope));
            if retry.scope == Scope::Global {
                headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
            }
            // discord.py takes a 429 without it for a ban by the proxy, and gives up.
            headers.insert(VIA, HeaderValue::from_static("1.1 throng"));
        }
        response
    }
}
