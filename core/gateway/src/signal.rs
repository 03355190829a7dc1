//! Signals of the operating system.

use anyhow::Context as _;
use throng_ports::hub::Hub as _;
use throng_shell::Node;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, listened for from the first moment.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Drains the node at the first signal, and ends the process at the second.
    pub(crate) fn drain_on_terminate(mut self, node: &Node) {
        let node = node.clone();
        tokio::spawn(async move {
            self.next().await;
            tracing::info!("draining: clients are asked to resume; a second signal ends at once");
            node.drain();
            self.next().await;
            tracing::warn!("ended by a second signal");
            std::process::exit(130);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
