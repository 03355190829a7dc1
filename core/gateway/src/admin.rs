//! The admin listener.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use throng_ports::hub::Hub;
use throng_proto::token::Token;
use tokio::net::TcpListener;

use crate::config::Settings;
use crate::public::taken;

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

    #[allow(clippy::print_stdout, reason = "whoever started the gateway looks for this line")]
    pub(crate) fn announce(&self, data: &Path) {
        println!("listening: admin http://{}", self.address);
        println!("admin token: {}", data.join("admin.token").display());
    }

    /// Serves until the process ends.
    pub(crate) fn start(
        self,
        hub: &Arc<dyn Hub>,
        token: Token,
        config: throng_plugin_http_api::Config,
    ) {
        let router = throng_plugin_http_api::admin_router(Arc::clone(hub), token, config);
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, router).await {
                tracing::error!(%error, "the admin API ended");
            }
        });
    }
}
