//! Puts the admin API together.

mod blueprint;
mod directory;
mod export;
mod guilds;
mod handoff;
mod import;
mod jobs;
mod lines;
mod operations;
mod people;
mod policy;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;
use throng_ports::hub::Hub;
use throng_proto::token::Token;
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::Api;
use crate::config::Config;
use crate::fault::Fault;
use crate::guard;

/// Makes the admin API, which lets in whoever knows `token`.
///
/// `/healthz`, `/readyz` and `/metrics` need no token: probes and scrapers seldom have one, and the
/// listener is on loopback unless somebody decided otherwise.
pub fn admin_router(hub: Arc<dyn Hub>, token: Token, mut config: Config) -> Router {
    config.json_bytes_max = config.body_bytes_max;
    let api = Api::new(hub, config);
    let hurry = from_fn_with_state(Arc::clone(&api), guard::hurry);
    let check = from_fn_with_state(Arc::new(token), check);
    let open = Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics));
    let quick = Router::new()
        .route("/admin/v1/users", post(users::create))
        .route("/admin/v1/guilds", post(guilds::create))
        .route("/admin/v1/guilds/{guild_id}", get(guilds::read))
        .route("/admin/v1/jobs", get(jobs::list))
        .route("/admin/v1/jobs/{job_id}", delete(jobs::cancel))
        .route("/admin/v1/drain", post(operations::drain))
        .route("/admin/v1/policy", get(policy::read))
        .route("/admin/v1/policy/reload", post(policy::reload))
        .route_layer(hurry);
    // These take as long as there are members.
    let patient = Router::new()
        .route("/admin/v1/guilds/{guild_id}/members/import", post(import::import))
        .route("/admin/v1/guilds/{guild_id}/members/export", get(export::export))
        .route("/admin/v1/guilds/{guild_id}/handoff", post(handoff::hand_off));
    quick
        .merge(patient)
        .route_layer(check)
        .merge(open)
        .method_not_allowed_fallback(async || Fault::method_not_allowed())
        .fallback(async || Fault::not_found())
        .layer(CatchPanicLayer::custom(guard::survive))
        .with_state(api)
}

/// Lets requests through that carry the token.
async fn check(State(token): State<Arc<Token>>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = header.map(Token::parse);
    // An empty token would let everybody in; comparing takes equally long whatever is wrong.
    let right = given.is_some_and(|given| {
        !token.expose().is_empty()
            && bool::from(given.expose().as_bytes().ct_eq(token.expose().as_bytes()))
    });
    if right { next.run(request).await } else { Fault::unauthorized().into_response() }
}
