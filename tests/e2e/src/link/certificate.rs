//! Trusts one certificate, by its fingerprint.

use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme};
use sha2::{Digest as _, Sha256};
use throng_proto::throng::ALPN;

/// SHA-256 of a certificate, as the gateway prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl FromStr for Fingerprint {
    type Err = anyhow::Error;

    fn from_str(hex: &str) -> Result<Self> {
        let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16)).collect();
        ensure!(digits.len() == 64, "{hex} is no SHA-256");
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let high = pair[0].context("no hexadecimal digit")?;
            let low = pair[1].context("no hexadecimal digit")?;
            *byte = u8::try_from(high << 4 | low)?;
        }
        Ok(Self(bytes))
    }
}

impl Fingerprint {
    /// Takes the fingerprint of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

/// Describes a client that speaks `throng/1` to whoever has the certificate.
pub(super) fn trust(certificate: Fingerprint) -> Result<QuicClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier { certificate, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config.try_into()?)
}

#[derive(Debug)]
struct Verifier {
    certificate: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        if found == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General(format!("another certificate: {found:?}")))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
