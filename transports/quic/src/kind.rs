//! How a gateway opens the transport by its name: where it listens, and what it says of that.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;
use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::{Bound, BoxFuture, Listener as _};
use throng_ports::settings::{Section, Settings as _};
use throng_proto::throng::PORT;

use crate::certificate::Certificates;
use crate::config::Config;
use crate::listener::{BindError, QuicListener};

/// The transport as a kind: the settings `quic`.
#[derive(Clone, Copy, Debug)]
pub struct Quic;

/// The address cannot be taken.
#[derive(Debug, Error)]
#[error(
    "cannot listen on {address}: free it, or choose another by --quic or the key `quic.listen`"
)]
struct Taken {
    address: SocketAddr,
    source: BindError,
}

impl Kind<Bound> for Quic {
    fn name(&self) -> &'static str {
        "quic"
    }

    fn section(&self) -> Section {
        let listen = "UDP address of QUIC clients; by default port 8443 beside `listen`, or any \
                      free port when that is taken or `listen` has port 0.";
        Section::new("QUIC connections.")
            .row("listen", &None::<SocketAddr>, listen)
            .table("transport", Config::section())
            .check(|values| values.get::<Option<SocketAddr>>("listen").map(drop))
    }

    fn open(&self, given: Given) -> BoxFuture<'static, Opened<Bound>> {
        Box::pin(async move {
            let place = Place {
                // Where the development certificate lies.
                directory: given.data.join("quic"),
                config: Config::read(&given.values.table("transport"))?,
            };
            let listener = match given.values.get("listen")? {
                Some(listen) => place.bind(listen),
                None => place.bind_anywhere(given.listen),
            }?;
            let certificates = listener.certificates();
            let (address, fingerprint) = (listener.local_addr()?, certificates.fingerprint());
            let says = format!("{address} certificate sha256 {fingerprint}");
            let reload = Some(Box::new(move || reload(&certificates)) as _);
            Ok(Bound { listener: Box::new(listener), says, reload })
        })
    }
}

/// What a listener is bound with.
struct Place {
    directory: PathBuf,
    config: Config,
}

impl Place {
    /// Listens on the usual port, or on any when that is taken: nobody asked for this one.
    fn bind_anywhere(&self, public: SocketAddr) -> Result<QuicListener, Taken> {
        let any = SocketAddr::new(public.ip(), 0);
        if public.port() == 0 {
            return self.bind(any);
        }
        self.bind(SocketAddr::new(public.ip(), PORT)).or_else(|error| {
            tracing::warn!("{error}: {}; QUIC takes a free port instead", error.source);
            self.bind(any)
        })
    }

    fn bind(&self, address: SocketAddr) -> Result<QuicListener, Taken> {
        QuicListener::bind(address, &self.directory, self.config.clone())
            .map_err(|source| Taken { address, source })
    }
}

fn reload(certificates: &Certificates) -> Result<String, Box<dyn Error + Send + Sync>> {
    let before = certificates.fingerprint();
    let fingerprint = certificates.reload()?;
    let what = if fingerprint == before { "unchanged" } else { "loaded" };
    Ok(format!("the certificate is {what} fingerprint={fingerprint}"))
}
