//! What may change while the gateway runs: the policy and certificates.

use std::sync::Arc;

use anyhow::Context as _;
use throng_ports::hub::Hub;
use throng_ports::link::Reload;
use throng_ports::policy::{Noticed, PolicyHost};
use throng_transport_websocket::Tls;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::gateway::Gateway;

/// Certificates, by the names of the listeners that show them.
pub(crate) type Certificates = Vec<(&'static str, Reload)>;

/// Loads the policy again whenever its files change, and asks about everybody again whenever the
/// policy before has come back by itself.
pub(crate) fn watch_policy(host: &dyn PolicyHost, hub: &Arc<dyn Hub>) -> anyhow::Result<()> {
    let (hub, runtime) = (Arc::clone(hub), tokio::runtime::Handle::current());
    let tell = move |noticed| {
        let hub = Arc::clone(&hub);
        match noticed {
            Noticed::Changed => drop(runtime.spawn(reload_policy(hub))),
            Noticed::Replaced => drop(runtime.spawn(async move { hub.follow_policy().await })),
        }
    };
    host.watch(Box::new(tell)).context("the policy's folder cannot be watched; see `policy.path`")
}

/// SIGHUP, listened for from the first moment, so that an early one ends nothing.
pub(crate) struct Hangups(Signal);

impl Hangups {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self(signal(SignalKind::hangup()).context("SIGHUP cannot be listened for")?))
    }

    /// Loads policy and certificates again at every SIGHUP.
    pub(crate) fn reload(mut self, gateway: &Gateway) {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            while self.0.recv().await.is_some() {
                gateway.reload().await;
            }
        });
    }
}

/// Loads the policy again, and says what came of it.
pub(crate) async fn reload_policy(hub: Arc<dyn Hub>) {
    let before = hub.policy().0;
    match hub.reload_policy().await {
        Ok(status) => {
            let same = (&before.version, before.since) == (&status.version, status.since);
            let what = if same { "unchanged" } else { "loaded" };
            tracing::info!(name = status.name, version = status.version, "the policy is {what}");
        }
        Err(fault) => tracing::error!("the policy is refused, the one before goes on:\n{fault}"),
    }
}

/// Reads certificates again, and says what came of it.
pub(crate) fn reload_certificates(certificates: &Certificates) {
    for (listener, reload) in certificates {
        match reload() {
            Ok(said) => tracing::info!(listener, "{said}"),
            Err(error) => tracing::error!(listener, %error, "the certificate before goes on"),
        }
    }
}

/// Reads the certificate of the public address again.
pub(crate) fn of_public(tls: Tls) -> Reload {
    Box::new(move || {
        let what = if tls.reload()? { "loaded" } else { "unchanged" };
        Ok(format!("the certificate of the public address is {what}"))
    })
}
