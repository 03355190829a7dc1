//! Puts the public API together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use http::header::RETRY_AFTER;
use throng_ports::hub::Hub;
use tower::util::MapRequest;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowMethods, Any, CorsLayer};

use crate::api::Api;
use crate::config::Config;
use crate::fault::Fault;
use crate::request::spell;
use crate::{answer, document, guard, quota, routes, traffic};

/// Where the API is served; the first one is documented, the others are aliases.
///
/// In the order in which a path is compared with them.
pub(crate) const PREFIXES: [&str; 3] = ["/api/v10", "/api/v9", "/api"];

/// Makes the public API: Discord's routes, and its own description at `/api/v10/openapi.json`.
///
/// Everything else is answered with 404 in JSON.
pub fn public_router(hub: Arc<dyn Hub>, config: Config) -> Router {
    let api = Api::new(hub, config);
    let (open, open_document) = routes::open().split_for_parts();
    let (guarded, mut document) = routes::guarded().split_for_parts();
    document.merge(open_document);
    let document = document::finish(&document);
    let describe = get(async move || answer::text(http::StatusCode::OK, document.clone()));
    let routes = guarded
        .route_layer(from_fn_with_state(Arc::clone(&api), guard::admit))
        .merge(open)
        .route("/openapi.json", describe);
    let mut router = Router::new();
    for prefix in PREFIXES {
        router = router.nest(prefix, routes.clone());
    }
    let router = router
        .method_not_allowed_fallback(async || Fault::method_not_allowed())
        .fallback(async || Fault::not_found())
        .layer(DefaultBodyLimit::max(api.config.body_bytes_max))
        .layer(from_fn_with_state(Arc::clone(&api), guard::hurry))
        .layer(CatchPanicLayer::custom(guard::survive))
        .layer(cors())
        .layer(from_fn(traffic::name_route))
        .with_state(api);
    // Around the router, because what is inside sees a request only once its route is found.
    Router::new().fallback_service(MapRequest::new(router, spell))
}

/// Lets pages of any origin ask: a token is never sent by a browser on its own.
fn cors() -> CorsLayer {
    let exposed = quota::HEADERS.into_iter().chain([RETRY_AFTER]);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(AllowMethods::mirror_request())
        // `*` would leave out Authorization.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.collect::<Vec<_>>())
        .max_age(Duration::from_secs(86_400))
}
