//! The QUIC listener.

use std::net::SocketAddr;

use anyhow::Context as _;
use throng_ports::link::Listener as _;
use throng_proto::throng::PORT;
use throng_shell::Node;
use throng_transport_quic::{Certificates, QuicListener};

use crate::config::Settings;
use crate::log;
use crate::public::taken;
use crate::vital::vital;

/// The QUIC listener, bound but not yet served.
pub(crate) struct Listening {
    listener: QuicListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds the listener, unless it is turned off.
    pub(crate) fn bind(settings: &Settings) -> anyhow::Result<Option<Self>> {
        if !settings.quic.enabled {
            return Ok(None);
        }
        let listener = match settings.quic.listen {
            Some(listen) => bind(listen, settings),
            None => bind_anywhere(settings),
        }?;
        let address = listener.local_addr()?;
        Ok(Some(Self { listener, address }))
    }

    pub(crate) fn certificates(&self) -> Certificates {
        self.listener.certificates()
    }

    pub(crate) fn announce(&self) {
        let fingerprint = self.certificates().fingerprint();
        let address = self.address;
        log::say(&format!("listening: quic {address} certificate sha256 {fingerprint}"));
    }

    /// Serves until the node drains.
    pub(crate) fn start(self, node: &Node) {
        let node = node.clone();
        let serving = node.clone();
        vital(&node, "the QUIC listener", async move {
            serving.serve(Box::new(self.listener)).await;
        });
    }
}

/// Listens on the usual port, or on any when that is taken: nobody asked for this one.
fn bind_anywhere(settings: &Settings) -> anyhow::Result<QuicListener> {
    let any = SocketAddr::new(settings.listen.ip(), 0);
    if settings.listen.port() == 0 {
        return bind(any, settings);
    }
    let usual = SocketAddr::new(settings.listen.ip(), PORT);
    bind(usual, settings).or_else(|error| {
        tracing::warn!("{error:#}; QUIC takes a free port instead");
        bind(any, settings)
    })
}

fn bind(listen: SocketAddr, settings: &Settings) -> anyhow::Result<QuicListener> {
    // Where the development certificate lies.
    let directory = settings.data.join("quic");
    QuicListener::bind(listen, &directory, settings.quic.transport.clone())
        .with_context(|| taken(listen, "quic", "quic.listen"))
}
