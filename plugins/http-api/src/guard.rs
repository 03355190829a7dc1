//! What stands before every handler: identity, rate limits, time and panics.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use throng_proto::id::UserId;
use throng_proto::model::User;
use throng_proto::token::Token;

use crate::api::{Api, Caller};
use crate::config::RateLimit;
use crate::cost::Cost;
use crate::fault::{Fault, Scope};
use crate::public::PREFIXES;
use crate::quota::{Exceeded, Key};
use crate::traffic::AskedBy;

/// Bucket that counts all requests of a user.
const GLOBAL: u64 = 0;

/// Lets users through that are known and within their limits.
pub(crate) async fn admit(
    State(api): State<Arc<Api>>,
    path: MatchedPath,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let Ok(params) = params else { return Fault::not_found().into_response() };
    // A request over a link comes with its user; nothing in an HTTP request can say so.
    let known = request.extensions().get::<Caller>().map(|Caller(user)| user.clone());
    let user = match known {
        Some(user) => user,
        None => match authenticate(&api, request.headers()).await {
            Ok(user) => user,
            Err(fault) => return fault.into_response(),
        },
    };
    let id = user.id;
    let (key, limit) = bucket(&api, request.method(), path.as_str(), &params, user.id);
    let taken = take_global(&api, user.id)
        .map_err(|exceeded| (exceeded, Scope::Global))
        .and_then(|()| api.limiter.take(key, limit).map_err(|exceeded| (exceeded, Scope::User)));
    let (quota, mut response) = match taken {
        Ok(quota) => {
            let answer = match Cost::begin(&api, user.id, &request) {
                Ok(cost) => {
                    request.extensions_mut().insert(Caller(user));
                    cost.finish(&api, next.run(request).await)
                }
                Err(after) => Fault::rate_limited(after, Scope::User).into_response(),
            };
            (quota, answer)
        }
        Err((Exceeded(quota), scope)) => {
            (quota, Fault::rate_limited(quota.reset_after(), scope).into_response())
        }
    };
    quota.write(response.headers_mut());
    response.extensions_mut().insert(AskedBy(id));
    response
}

async fn authenticate(api: &Api, headers: &HeaderMap) -> Result<User, Fault> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.map(Token::parse).filter(|token| !token.expose().is_empty());
    let token = token.ok_or_else(Fault::unauthorized)?;
    api.hub.authenticate(token).await?.ok_or_else(Fault::unauthorized)
}

fn take_global(api: &Api, user: UserId) -> Result<(), Exceeded> {
    let requests = api.config.rate_limits.global_per_second;
    if requests == 0 {
        return Ok(());
    }
    let limit = RateLimit { requests, window_millis: 1_000 };
    api.limiter.take(Key { route: GLOBAL, user, place: 0 }, limit).map(drop)
}

/// Finds what a request counts as, and the limit for it.
fn bucket(
    api: &Api,
    method: &Method,
    path: &str,
    params: &RawPathParams,
    user: UserId,
) -> (Key, RateLimit) {
    // Aliases of the API count together.
    let route = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let mut hasher = DefaultHasher::new();
    (method.as_str(), route).hash(&mut hasher);
    let place = params
        .iter()
        .find(|(name, _)| matches!(*name, "guild_id" | "channel_id"))
        .and_then(|(_, id)| id.parse().ok())
        .unwrap_or_default();
    let limits = &api.config.rate_limits;
    let posts = *method == Method::POST && route == "/channels/{channel_id}/messages";
    let limit = if posts { limits.messages } else { limits.others };
    (Key { route: hasher.finish(), user, place }, limit)
}

/// Ends requests that take too long, a slow body included.
pub(crate) async fn hurry(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(api.config.request_timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::timed_out().into_response(),
    }
}

/// Answers for a handler that panicked.
#[expect(clippy::needless_pass_by_value, reason = "tower-http hands the payload over by value")]
pub(crate) fn survive(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(reason, "a handler of the HTTP API panicked");
    Fault::internal().into_response()
}
