//! What the server shows to be itself: a certificate from files, or one made for development.

mod development;
mod files;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, ServerConfig};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use throng_proto::throng;

use crate::config::CertificateFiles;

/// Pause after a certificate could not be renewed.
const RENEW_PAUSE: Duration = Duration::from_secs(60);

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The file is not there, or is not PEM.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The file has no certificate in it.
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    /// TLS does not take the certificate with this key.
    #[error("{path} cannot be used: {source}")]
    Unusable {
        /// File of the certificate.
        path: PathBuf,
        /// What TLS says.
        source: rustls::Error,
    },
    /// A development certificate could not be made.
    #[error("a development certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// A development certificate could not be kept.
    #[error("{path} cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// SHA-256 of a certificate, by which clients may know a server that no authority vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where the certificate comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Files that somebody else keeps.
    Files(CertificateFiles),
    /// A file in this directory that is made when there is none, and anew before it ends.
    Development(PathBuf),
}

impl Source {
    pub(crate) fn new(files: Option<&CertificateFiles>, directory: &Path) -> Self {
        match files {
            Some(files) => Self::Files(files.clone()),
            None => Self::Development(directory.to_owned()),
        }
    }

    pub(crate) fn load(&self, now: SystemTime) -> Result<Identity, CertificateError> {
        match self {
            Self::Files(files) => files::load(files),
            Self::Development(directory) => development::load(directory, now),
        }
    }
}

/// A certificate that TLS takes.
pub(crate) struct Identity {
    fingerprint: Fingerprint,
    /// When it should be replaced, if that is up to us.
    renew_at: Option<SystemTime>,
    pub(crate) tls: Arc<QuicServerConfig>,
}

impl Identity {
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        renew_at: Option<SystemTime>,
    ) -> Result<Self, rustls::Error> {
        let end_entity = chain.first().ok_or(rustls::Error::NoCertificatesPresented)?;
        let fingerprint = Fingerprint(Sha256::digest(end_entity).into());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        tls.alpn_protocols = vec![throng::ALPN.to_vec()];
        // Whoever resumes brings the state along, so that nothing is kept here for each client.
        tls.ticketer = aws_lc_rs::Ticketer::new()?;
        tls.send_tls13_tickets = 1;
        let tls = QuicServerConfig::try_from(tls)
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { fingerprint, renew_at, tls: Arc::new(tls) })
    }
}

/// The certificate of a listener, to show and to replace while it listens.
#[derive(Clone, Debug)]
pub struct Certificates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    endpoint: Endpoint,
    server: ServerConfig,
    current: Mutex<Current>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    fingerprint: Fingerprint,
    renew_at: Option<SystemTime>,
}

impl Certificates {
    /// Wraps an endpoint that serves with `identity` already, by the rest of `server`.
    pub(crate) fn new(
        source: Source,
        endpoint: Endpoint,
        server: ServerConfig,
        identity: &Identity,
    ) -> Self {
        let Identity { fingerprint, renew_at, .. } = *identity;
        let current = Mutex::new(Current { fingerprint, renew_at });
        Self(Arc::new(Inner { source, endpoint, server, current }))
    }

    /// Returns the fingerprint of the certificate that new connections are shown.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.lock().fingerprint
    }

    /// Reads the certificate's files again; new connections are shown what is in them now.
    ///
    /// # Errors
    ///
    /// The files cannot be used; new connections are shown the certificate from before.
    pub fn reload(&self) -> Result<Fingerprint, CertificateError> {
        self.replace(SystemTime::now(), &mut self.lock())
    }

    /// Replaces a development certificate that ends soon. Each `accept` does so; here `now` may
    /// lie in the future.
    pub fn renew(&self, now: SystemTime) {
        let mut current = self.lock();
        if current.renew_at.is_none_or(|at| now < at) {
            return;
        }
        match self.replace(now, &mut current) {
            Ok(fingerprint) => tracing::info!(%fingerprint, "a new development certificate"),
            Err(error) => {
                tracing::error!(%error, "the development certificate ends soon");
                current.renew_at = Some(now + RENEW_PAUSE);
            }
        }
    }

    fn replace(
        &self,
        now: SystemTime,
        current: &mut Current,
    ) -> Result<Fingerprint, CertificateError> {
        let identity = self.0.source.load(now)?;
        let mut server = self.0.server.clone();
        server.crypto = Arc::clone(&identity.tls) as _;
        self.0.endpoint.set_server_config(Some(server));
        let Identity { fingerprint, renew_at, .. } = identity;
        *current = Current { fingerprint, renew_at };
        Ok(fingerprint)
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
