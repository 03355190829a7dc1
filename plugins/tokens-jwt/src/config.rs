//! Settings of tokens, and how a gateway opens the issuer by its name.

use std::path::PathBuf;
use std::sync::Arc;

use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::BoxFuture;
use throng_ports::settings::{BadSetting, Secret, Section, Settings as _, Values};
use throng_ports::token::Tokens;

use crate::issuer::Issuer;

/// Bytes that a secret has at least.
const SECRET_BYTES_MIN: usize = 32;
/// Seconds by which clocks may differ.
const LEEWAY_SECS_MAX: u64 = 300;

throng_ports::settings! {
    /// Random tokens that the store knows, and signed ones (JWT) that it need not know.
    pub struct Config {
        /// Secret for JWTs signed with HS256, at least 32 bytes; empty turns them off. Never shown.
        jwt_hs256_secret: Secret = Secret::default(),
        /// File with the public key, in PEM, for JWTs signed with EdDSA; empty turns them off.
        jwt_eddsa_public_key: PathBuf = PathBuf::new(),
        /// What `iss` must be, and then it must be there; empty takes any.
        jwt_issuer: String = String::new(),
        /// What `aud` must be or have, and then it must be there; empty takes any.
        jwt_audience: String = String::new(),
        /// Seconds by which the clock of whoever signs JWTs may differ: `exp` counts so much
        /// longer, `nbf` and `iat` may lie so far ahead. At most 300.
        jwt_leeway_secs: u64 = 2,
    }
}

/// The issuer as a kind: `auth.kind = "jwt"`.
#[derive(Clone, Copy, Debug)]
pub struct Jwt;

impl Kind<Arc<dyn Tokens>> for Jwt {
    fn name(&self) -> &'static str {
        "jwt"
    }

    fn section(&self) -> Section {
        Config::section().check(check)
    }

    fn open(&self, given: Given) -> BoxFuture<'static, Opened<Arc<dyn Tokens>>> {
        Box::pin(async move { Ok(Arc::new(Issuer::new(&given.read()?)?) as Arc<dyn Tokens>) })
    }
}

fn check(values: &Values) -> Result<(), BadSetting> {
    let config = Config::read(values)?;
    let secret = config.jwt_hs256_secret.expose();
    if !secret.is_empty() && secret.len() < SECRET_BYTES_MIN {
        return Err(BadSetting::must_be("jwt_hs256_secret", "at least 32 bytes long"));
    }
    if config.jwt_leeway_secs > LEEWAY_SECS_MAX {
        return Err(BadSetting::must_be("jwt_leeway_secs", "at most 300"));
    }
    Ok(())
}
