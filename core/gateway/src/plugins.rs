//! Plugins of a running gateway: how they start, are waited for, and end.

mod host;
mod session;

use std::sync::Arc;
use std::time::Duration;

use throng_ports::metrics::{Page, Source};
use throng_ports::plugin::Plugin;
use throng_shell::Node;
use throng_transport_memory::listen;

use crate::builder::Plan;
use crate::vital::vital;
use host::Seat;

/// Sessions of plugins that wait to be taken.
const WAITING_MAX: usize = 64;

/// The plugins that were not turned off, by their names.
pub(crate) struct Plugins(Vec<(&'static str, Arc<dyn Plugin>)>);

impl Plugins {
    /// Opens all, before anything runs.
    pub(crate) async fn open(plan: &Plan) -> anyhow::Result<Self> {
        Ok(Self(plan.adapters.plugins.open_all(&plan.loaded).await?))
    }

    pub(crate) fn all(&self) -> &[(&'static str, Arc<dyn Plugin>)] {
        &self.0
    }

    /// Starts all beside each other. `/readyz` waits for each.
    pub(crate) fn start(&self, node: &Node) {
        if self.0.is_empty() {
            return;
        }
        let (listener, dialer) = listen(WAITING_MAX);
        let serving = node.clone();
        vital(node, "the listener of plugins", async move {
            serving.serve(Box::new(listener)).await;
        });
        for (name, plugin) in &self.0 {
            node.show(Arc::new(Numbers(Arc::clone(plugin))));
            let seat = Arc::new(Seat::new(name, node, dialer.clone()));
            seat.begins();
            let starting = tokio::spawn(Arc::clone(plugin).start(Arc::clone(&seat) as _));
            tokio::spawn(async move {
                match starting.await {
                    Ok(started) => seat.has_started(started),
                    Err(_) => seat.has_started(Err("it was ended by a panic".into())),
                }
            });
        }
    }

    /// Waits for the node to drain, and then for all plugins, no longer than so.
    pub(crate) async fn drain(&self, node: &Node, limit: Duration) {
        node.draining().await;
        let drains = self.0.iter().map(|(name, plugin)| {
            let drained = tokio::time::timeout(limit, tokio::spawn(plugin.drain()));
            async move {
                match drained.await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => tracing::error!(name, "a panic ended the drain of a plugin"),
                    Err(_) => tracing::warn!(name, "a plugin has not drained after {limit:?}"),
                }
            }
        });
        futures_util::future::join_all(drains).await;
    }
}

/// Shows the numbers of a plugin.
struct Numbers(Arc<dyn Plugin>);

impl Source for Numbers {
    fn measure(&self, page: &mut Page) {
        self.0.measure(page);
    }
}
