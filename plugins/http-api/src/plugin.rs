//! Routes of plugins, below `/plugins/<name>/` on either listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::Uri;
use http::uri::PathAndQuery;
use throng_ports::plugin::{Call, Door, Plugin};
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::Config;
use crate::fault::Fault;
use crate::{guard, traffic};

/// Makes the routes of plugins, each under its name, for one of the listeners.
///
/// Bodies, times and panics are kept within the bounds of the API.
pub fn plugin_router(
    plugins: &[(&'static str, Arc<dyn Plugin>)],
    door: Door,
    config: &Config,
) -> Router {
    let mut router = Router::new();
    for (name, plugin) in plugins {
        let prefix = format!("/plugins/{name}");
        let desk = Desk {
            plugin: Arc::clone(plugin),
            door,
            skip: prefix.len(),
            body_bytes_max: config.body_bytes_max,
            time: config.request_timeout(),
        };
        let answer = any(move |request: Request| desk.clone().answer(request));
        router = router
            .route(&prefix, answer.clone())
            .route(&format!("{prefix}/"), answer.clone())
            .route(&format!("{prefix}/{{*rest}}"), answer);
    }
    router.layer(CatchPanicLayer::custom(guard::survive)).layer(from_fn(traffic::name_route))
}

/// Where one plugin is asked.
#[derive(Clone)]
struct Desk {
    plugin: Arc<dyn Plugin>,
    door: Door,
    /// Bytes of the path that are the gateway's.
    skip: usize,
    body_bytes_max: usize,
    time: Duration,
}

impl Desk {
    async fn answer(self, request: Request) -> Response {
        let answered = tokio::time::timeout(self.time, self.ask(request)).await;
        answered.unwrap_or_else(|_| Fault::timed_out().into_response())
    }

    async fn ask(&self, request: Request) -> Response {
        let peer =
            request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
        let (mut parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, self.body_bytes_max).await else {
            return Fault::too_large().into_response();
        };
        parts.uri = self.below(&parts.uri);
        let request = Request::from_parts(parts, body);
        let call = Call { door: self.door, peer, request };
        self.plugin.answer(call).await.map(Body::from)
    }

    /// Returns the address without what names the plugin.
    fn below(&self, uri: &Uri) -> Uri {
        let whole = uri.path_and_query().map_or("", PathAndQuery::as_str);
        let rest = whole.get(self.skip..).unwrap_or_default();
        let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        rest.parse().unwrap_or_default()
    }
}
