//! The QUIC listener.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use throng_ports::link::Listener as _;
use throng_shell::Node;
use throng_transport_quic::{Certificates, QuicListener};

use crate::config::{QuicConfig, Settings};
use crate::public::taken;

/// The QUIC listener, bound but not yet served.
pub(crate) struct Listening {
    listener: QuicListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds the listener, unless it is turned off.
    pub(crate) fn bind(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let QuicConfig { enabled, listen, transport } = &settings.quic;
        if !enabled {
            return Ok(None);
        }
        let directory = directory(&settings.data);
        let listener = QuicListener::bind(*listen, &directory, transport.clone())
            .with_context(|| taken(*listen, "quic", "quic.listen"))?;
        let address = listener.local_addr()?;
        Ok(Some(Self { listener, address }))
    }

    pub(crate) fn certificates(&self) -> Certificates {
        self.listener.certificates()
    }

    #[allow(clippy::print_stdout, reason = "whoever started the gateway looks for this line")]
    pub(crate) fn announce(&self) {
        let fingerprint = self.certificates().fingerprint();
        println!("listening: quic {} certificate sha256 {fingerprint}", self.address);
    }

    /// Serves until the node drains.
    pub(crate) fn start(self, node: &Node) {
        let node = node.clone();
        tokio::spawn(async move { node.serve(Box::new(self.listener)).await });
    }
}

/// Where the development certificate lies.
fn directory(data: &Path) -> std::path::PathBuf {
    data.join("quic")
}
