//! The UDP socket, and connections that want to be taken.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use throng_ports::link::{BoxFuture, Incoming, Listener};
use tokio::sync::Semaphore;

use crate::caller::Caller;
use crate::certificate::{CertificateError, Certificates, Source};
use crate::config::Config;

/// 16 KiB of packets are kept for a connection that was not taken yet: all of a slow handshake.
const INCOMING_BYTES_MAX: u64 = 16 * 1024;
/// 16 MiB of packets are kept for all of them: 4,096 with three each.
const INCOMING_BYTES_TOTAL_MAX: u64 = 16 * 1024 * 1024;
/// Pause when the endpoint is gone, which does not mend itself.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Why a listener cannot start.
#[derive(Debug, Error)]
pub enum BindError {
    /// There is no certificate to show.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The address cannot be bound; [`io::ErrorKind::AddrInUse`] is kept as such.
    #[error(transparent)]
    Socket(#[from] io::Error),
}

/// A UDP socket that makes QUIC links.
#[derive(Debug)]
pub struct QuicListener {
    endpoint: Endpoint,
    certificates: Certificates,
    house: Arc<House>,
}

/// What all connections of a listener share.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) config: Config,
    /// Handshakes under way.
    pub(crate) handshakes: AtomicUsize,
    /// Room for refusals that say why.
    pub(crate) refusals: Semaphore,
}

impl QuicListener {
    /// Listens on an address, in the runtime of the calling task, which then also drives the
    /// connections.
    ///
    /// A development certificate lies in `directory`; certificates from files need none.
    ///
    /// # Errors
    ///
    /// There is no usable certificate, or the address cannot be bound.
    pub fn bind(address: SocketAddr, directory: &Path, config: Config) -> Result<Self, BindError> {
        let source = Source::new(config.certificate.as_ref(), directory);
        let identity = source.load(SystemTime::now())?;
        let mut server = ServerConfig::with_crypto(Arc::clone(&identity.tls) as _);
        server
            .transport_config(Arc::new(config.transport()))
            .max_incoming(config.backlog)
            .incoming_buffer_size(INCOMING_BYTES_MAX)
            .incoming_buffer_size_total(INCOMING_BYTES_TOTAL_MAX);
        let endpoint = Endpoint::new(
            EndpointConfig::default(),
            Some(server.clone()),
            socket(address, &config)?,
            Arc::new(TokioRuntime),
        )?;
        let certificates = Certificates::new(source, endpoint.clone(), server, &identity);
        let refusals = Semaphore::new(config.refusals_max.min(Semaphore::MAX_PERMITS));
        let house = Arc::new(House { config, handshakes: AtomicUsize::new(0), refusals });
        Ok(Self { endpoint, certificates, house })
    }

    /// Returns the certificate, to show its fingerprint and to reload it.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    async fn next(&self) -> io::Result<Caller> {
        loop {
            let Some(incoming) = self.endpoint.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                return Err(io::ErrorKind::NotConnected.into());
            };
            self.certificates.renew(SystemTime::now());
            if incoming.remote_address_validated() || !self.is_flooded() {
                return Ok(Caller::new(incoming, Arc::clone(&self.house)));
            }
            // Costs no memory here: the client comes back with a token that proves its address.
            let _retried = incoming.retry();
        }
    }

    fn is_flooded(&self) -> bool {
        let handshakes = self.house.handshakes.load(Ordering::Relaxed);
        handshakes >= self.house.config.handshakes_unproven_max
    }
}

impl Listener for QuicListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>> {
        Box::pin(async move { Ok(Box::new(self.next().await?) as Box<dyn Incoming>) })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }
}

impl Drop for QuicListener {
    fn drop(&mut self) {
        // Links live on, and nobody takes new connections any more.
        self.endpoint.set_server_config(None);
    }
}

fn socket(address: SocketAddr, config: &Config) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The kernel has the last word on sizes, and any size works.
    let _smaller = socket.set_recv_buffer_size(config.socket_buffer_bytes);
    let _smaller = socket.set_send_buffer_size(config.socket_buffer_bytes);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}
