//! Certificates for development: made here, known by their fingerprint, and short-lived.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{CertificateError, Identity};

/// File of the certificate and its key.
const FILE: &str = "quic-development.pem";
/// First words of the file; the second since 1970 follows at which the certificate ends.
const TITLE: &str = "Throng's development certificate, valid until ";
/// Who it is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Clocks of clients may be this much behind.
const VALID_BEFORE: Duration = Duration::from_secs(60 * 60);
/// With the hour before, an hour less than the 14 days that browsers allow.
const VALID_FOR: Duration = Duration::from_secs((14 * 24 - 2) * 60 * 60);
/// Three days for everybody to learn the next fingerprint.
const RENEW_BEFORE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Reads the certificate in `directory`, or makes one when there is none that is good for long.
pub(super) fn load(directory: &Path, now: SystemTime) -> Result<Identity, CertificateError> {
    let path = directory.join(FILE);
    // What cannot be read is of no use to anybody: nobody but us made it.
    let kept = fs::read_to_string(&path).ok().and_then(|text| read(&text, now));
    if let Some(identity) = kept {
        return Ok(identity);
    }
    let text = make(now)?;
    write(&path, &text).map_err(|source| CertificateError::Write { path: path.clone(), source })?;
    let source = rustls::Error::General("it was made just now and cannot be read".to_owned());
    read(&text, now).ok_or(CertificateError::Unusable { path, source })
}

/// Reads a certificate that need not be renewed yet.
fn read(text: &str, now: SystemTime) -> Option<Identity> {
    let ends = text.strip_prefix(TITLE)?.lines().next()?.parse().ok()?;
    let renew_at = UNIX_EPOCH.checked_add(Duration::from_secs(ends))?.checked_sub(RENEW_BEFORE)?;
    if now >= renew_at {
        return None;
    }
    let certificate = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()?;
    Identity::new(vec![certificate], key, Some(renew_at)).ok()
}

/// Makes a certificate with its key, as text.
fn make(now: SystemTime) -> Result<String, rcgen::Error> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let ends = now + VALID_FOR;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "Throng development");
    params.not_before = epoch + now.saturating_sub(VALID_BEFORE);
    params.not_after = epoch + ends;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?.pem();
    Ok(format!("{TITLE}{}\n{certificate}{}", ends.as_secs(), key.serialize_pem()))
}

/// Writes the file whole, readable by its owner only.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new: PathBuf = path.with_extension("new");
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&new, path)
}
