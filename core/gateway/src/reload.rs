//! What may change while the gateway runs: the policy and the certificate.

use std::sync::Arc;

use anyhow::Context as _;
use throng_plugin_policy_rhai::{RhaiPolicy, Watch};
use throng_ports::hub::Hub;
use throng_transport_quic::Certificates;
use throng_transport_websocket::Tls;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Loads the policy again whenever its files change.
pub(crate) fn watch_policy(policy: &RhaiPolicy, hub: &Arc<dyn Hub>) -> anyhow::Result<Watch> {
    let (hub, runtime) = (Arc::clone(hub), tokio::runtime::Handle::current());
    let watch = policy.watch(move || drop(runtime.spawn(reload_policy(Arc::clone(&hub)))));
    watch.context("the policy's folder cannot be watched; see `policy.path`")
}

/// SIGHUP, listened for from the first moment, so that an early one ends nothing.
pub(crate) struct Hangups(Signal);

impl Hangups {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self(signal(SignalKind::hangup()).context("SIGHUP cannot be listened for")?))
    }

    /// Loads policy and certificate again at every SIGHUP.
    pub(crate) fn reload(
        mut self,
        hub: &Arc<dyn Hub>,
        certificates: Option<Certificates>,
        tls: Option<Tls>,
    ) {
        let hub = Arc::clone(hub);
        tokio::spawn(async move {
            while self.0.recv().await.is_some() {
                reload_policy(Arc::clone(&hub)).await;
                if let Some(certificates) = &certificates {
                    reload_certificate(certificates);
                }
                if let Some(tls) = &tls {
                    reload_tls(tls);
                }
            }
        });
    }
}

/// Asks about everybody again whenever the policy before has come back by itself.
pub(crate) fn follow_policy(policy: &RhaiPolicy, hub: &Arc<dyn Hub>) {
    let (changed, hub) = (policy.changed(), Arc::clone(hub));
    tokio::spawn(async move {
        loop {
            changed.notified().await;
            hub.follow_policy().await;
        }
    });
}

async fn reload_policy(hub: Arc<dyn Hub>) {
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

fn reload_certificate(certificates: &Certificates) {
    let before = certificates.fingerprint();
    match certificates.reload() {
        Ok(fingerprint) if fingerprint == before => {
            tracing::info!(%fingerprint, "the certificate is unchanged");
        }
        Ok(fingerprint) => tracing::info!(%fingerprint, "the certificate is loaded"),
        Err(error) => tracing::error!(%error, "the certificate before goes on"),
    }
}

fn reload_tls(tls: &Tls) {
    match tls.reload() {
        Ok(true) => tracing::info!("the certificate of the public address is loaded"),
        Ok(false) => tracing::info!("the certificate of the public address is unchanged"),
        Err(error) => tracing::error!(%error, "the public address shows the certificate before"),
    }
}
