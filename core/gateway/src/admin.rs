//! The admin listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use throng_plugin_http_api::{Config, admin_router_with};
use throng_ports::hub::Hub;
use throng_proto::token::Token;
use throng_shell::{EdgeRefusal, Node, PlaceLimits, Places};
use tokio::net::TcpListener;

use crate::config::Settings;
use crate::descriptors;
use crate::public::taken;
use crate::web::{Budget, Web};

/// Pause after a failed accept, which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The admin listener, bound but not yet served.
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    pub(crate) async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let admin = settings.admin;
        let listener =
            TcpListener::bind(admin).await.with_context(|| taken(admin, "admin", "admin"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the process ends, within the bounds of the public listener.
    pub(crate) fn start(self, node: &Node, token: Token, config: Config, others: Router) {
        let hub: Arc<dyn Hub> = Arc::new(node.clone());
        let web = Arc::new(Web {
            node: node.clone(),
            budget: Budget::new(config.answer_bytes_max),
            head_time: Duration::from_secs(config.head_timeout_seconds),
            write_time: Duration::from_secs(config.write_timeout_seconds),
            refusal_pause: config.refusal_pause(),
            router: admin_router_with(hub, token, config, self.address, others),
            reentry: None,
        });
        tokio::spawn(serve(self.listener, web));
    }
}

/// Takes connections; those that do nothing give way to new ones.
async fn serve(listener: TcpListener, web: Arc<Web>) {
    let most = descriptors::admin_connections();
    let places = Places::new(PlaceLimits {
        connections_max: most,
        http_max: most,
        ..PlaceLimits::default()
    });
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match places.visit_http(peer.ip()) {
                Ok(visit) => drop(tokio::spawn(Arc::clone(&web).serve(stream.into(), peer, visit))),
                Err(full) => web.node.count_refusal(EdgeRefusal::Full(full), peer),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection of the admin API was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
