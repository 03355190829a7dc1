//! TLS on the listener: a task for each connection deciphers what comes and passes it through a
//! pair of sockets, so that links and HTTP read and write as on any other connection.
//!
//! A link without TLS costs and does nothing more for that. One with TLS has two files more, about
//! 40 KiB for rustls and the buffers in between, and a copy of each byte.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// Bytes that are copied at once: one record of TLS.
const COPY_BYTES: usize = 16 * 1024;
/// Time in which a peer must take one record.
const WRITE_TIME: Duration = Duration::from_secs(60);
/// Time in which a peer must end its direction after ours has ended.
const LINGER: Duration = Duration::from_secs(5);

/// Why TLS cannot be spoken.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file is not there, or is not PEM.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The certificate cannot be used with its key.
    #[error("{path} cannot be used: {source}")]
    Unusable {
        /// File of the certificate.
        path: PathBuf,
        /// What TLS says.
        source: rustls::Error,
    },
}

/// A certificate to show, and to replace while it is shown. Clones share it.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Shown>,
}

/// What new connections are shown, and what it was made of.
#[derive(Debug)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads a certificate chain and its key, both in PEM.
    ///
    /// # Errors
    ///
    /// The files cannot be used.
    pub fn open(chain: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let current = RwLock::new(load(&chain, &key)?);
        Ok(Self(Arc::new(Inner { chain, key, current })))
    }

    /// Reads the files again; new connections are shown what is in them now. `false` when that is
    /// what was in them before.
    ///
    /// # Errors
    ///
    /// The files cannot be used; the certificate from before is shown.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let fresh = load(&self.0.chain, &self.0.key)?;
        let mut current = self.0.current.write();
        let changed = (&fresh.chain, &fresh.key) != (&current.chain, &current.key);
        if changed {
            *current = fresh;
        }
        Ok(changed)
    }

    /// Shakes hands, and returns the connection as what was deciphered.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TcpStream> {
        let config = Arc::clone(&self.0.current.read().config);
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let (near, far) = std::os::unix::net::UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        let near = UnixStream::from_std(near)?;
        tokio::spawn(pump(stream, near));
        // Whatever reads, writes and shuts down a TCP socket does so with this one.
        TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(far)))
    }
}

fn load(chain: &PathBuf, key: &PathBuf) -> Result<Shown, TlsError> {
    let unreadable = |path: &PathBuf, source| TlsError::Read { path: path.clone(), source };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|source| unreadable(chain, source))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|source| unreadable(key, source))?;
    let unusable = |source| TlsError::Unusable { path: chain.clone(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(certificates.clone(), secret.clone_key())
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Shown { chain: certificates, key: secret, config: Arc::new(config) })
}

/// Carries bytes both ways until both have ended, or the peer takes nothing any more.
async fn pump(stream: impl AsyncRead + AsyncWrite, near: UnixStream) {
    let (from_peer, to_peer) = tokio::io::split(stream);
    let (from_us, to_us) = near.into_split();
    let mut up = std::pin::pin!(carry(from_peer, to_us));
    let mut down = std::pin::pin!(carry(from_us, to_peer));
    tokio::select! {
        () = &mut up => down.await,
        () = &mut down => drop(timeout(LINGER, up).await),
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; COPY_BYTES];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let writing = async {
            to.write_all(&buffer[..length]).await?;
            to.flush().await
        };
        if !matches!(timeout(WRITE_TIME, writing).await, Ok(Ok(()))) {
            return;
        }
    }
    // A peer that is gone needs no end.
    let _gone = to.shutdown().await;
}
