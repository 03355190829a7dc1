//! Puts the admin API together.

mod accounts;
mod blueprint;
mod directory;
mod document;
mod doors;
mod export;
mod guilds;
mod handoff;
mod houses;
mod import;
mod jobs;
mod lines;
mod operations;
mod people;
mod policy;
mod sessions;
mod tokens;
mod users;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use throng_ports::hub::Hub;
use throng_proto::token::Token;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::doors::Doors;
use crate::answer;
use crate::api::Api;
use crate::config::Config;
use crate::fault::Fault;
use crate::guard;

/// Makes the admin API, which lets in whoever knows `token` and names a host that is known: where
/// it listens, or one of the settings. Who asks is written down from `ConnectInfo<SocketAddr>`.
///
/// `/healthz`, `/readyz` and `/metrics` need no token: probes and scrapers seldom have one, and the
/// listener is on loopback unless somebody decided otherwise. Nor does `/admin/v1/openapi.json`.
pub fn admin_router(hub: Arc<dyn Hub>, token: Token, config: Config, listen: SocketAddr) -> Router {
    admin_router_with(hub, token, config, listen, Router::new())
}

/// Makes the admin API with further routes, to which the same doors lead.
pub fn admin_router_with(
    hub: Arc<dyn Hub>,
    token: Token,
    mut config: Config,
    listen: SocketAddr,
    others: Router,
) -> Router {
    config.json_bytes_max = config.body_bytes_max;
    let doors = Doors::new(token, &config.admin_hosts, listen);
    let api = Api::new(hub, config);
    let hurry = from_fn_with_state(Arc::clone(&api), guard::hurry);
    let (quick, mut description) =
        accounts_and_sessions().merge(places()).merge(node()).split_for_parts();
    let (patient, rest) = patient().split_for_parts();
    description.merge(rest);
    let description = document::finish(&description);
    let describe = get(async move || answer::text(StatusCode::OK, description.clone()));
    let open = Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .route("/admin/v1/openapi.json", describe);
    quick
        .route_layer(hurry)
        .merge(patient)
        .merge(others.with_state(()))
        .route_layer(from_fn_with_state(Arc::clone(&doors), doors::check))
        .merge(open)
        .method_not_allowed_fallback(async || Fault::method_not_allowed())
        .fallback(async || Fault::not_found())
        .layer(Extension(Arc::clone(&doors)))
        .layer(from_fn_with_state(doors, doors::name))
        .layer(CatchPanicLayer::custom(guard::survive))
        .with_state(api)
}

fn accounts_and_sessions() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(accounts::list, users::create))
        .routes(routes!(accounts::read, accounts::change, accounts::delete))
        .routes(routes!(tokens::list, tokens::create, tokens::revoke_all))
        .routes(routes!(tokens::rotate))
        .routes(routes!(tokens::revoke))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::read, sessions::end))
        .routes(routes!(sessions::end_all))
}

fn places() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(houses::list, guilds::create))
        .routes(routes!(guilds::read, houses::delete))
        .routes(routes!(houses::kick))
}

fn node() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::cancel))
        .routes(routes!(operations::drain))
        .routes(routes!(policy::read))
        .routes(routes!(policy::reload))
}

/// Routes that take as long as there are members.
fn patient() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(import::import))
        .routes(routes!(export::export))
        .routes(routes!(handoff::hand_off))
}
