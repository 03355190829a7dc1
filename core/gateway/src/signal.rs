//! Signals of the operating system.

use anyhow::Context as _;
use throng_ports::hub::Operations as _;
use throng_shell::Node;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, listened for from the first moment.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// What the system sends for a file that grows past a limit would end the process; a write that
    /// fails is told as any other.
    _too_large: Signal,
}

/// Number of SIGXFSZ, the same on every Linux but those on MIPS and PA-RISC, and on macOS.
const TOO_LARGE: i32 = 25;

impl Signals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            _too_large: listen(SignalKind::from_raw(TOO_LARGE))?,
        })
    }

    /// Drains the node at the first signal, and ends the process at the second.
    pub(crate) fn drain_on_terminate(mut self, node: &Node) {
        let node = node.clone();
        tokio::spawn(async move {
            self.next().await;
            node.drain();
            tracing::info!("draining: clients are asked to resume; a second signal ends at once");
            self.next().await;
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
