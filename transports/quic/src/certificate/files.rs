//! Certificates that somebody else keeps.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{CertificateError, Identity};
use crate::config::CertificateFiles;

/// Reads a chain and its key.
pub(super) fn load(files: &CertificateFiles) -> Result<Identity, CertificateError> {
    let unreadable =
        |path: &std::path::Path, source| CertificateError::Read { path: path.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.chain)
        .and_then(Iterator::collect)
        .map_err(|source| unreadable(&files.chain, source))?;
    if chain.is_empty() {
        return Err(CertificateError::Empty(files.chain.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| unreadable(&files.key, source))?;
    Identity::new(chain, key, None)
        .map_err(|source| CertificateError::Unusable { path: files.chain.clone(), source })
}
