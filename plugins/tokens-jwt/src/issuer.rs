//! Tokens: random ones that the store knows by their digest, and JWTs that it need not know.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt, fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use throng_ports::token::{Signed, Tokens};
use throng_proto::id::UserId;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;

use crate::claims::{self, Demands, Key};
use crate::config::Config;

/// A key that the settings name cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("`auth.jwt_eddsa_public_key`: {0}: {1}")]
    Unreadable(PathBuf, io::Error),
    /// It is no key.
    #[error("`auth.jwt_eddsa_public_key`: {0}: {1}")]
    Wrong(PathBuf, jsonwebtoken::errors::Error),
}

/// Makes and checks tokens.
pub struct Issuer {
    keys: Vec<Key>,
    demands: Demands,
}

impl Issuer {
    /// Reads the keys that the settings name.
    ///
    /// # Errors
    ///
    /// The file of a key cannot be read, or holds none.
    pub fn new(config: &Config) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        let secret = config.jwt_hs256_secret.expose();
        if !secret.is_empty() {
            let key = DecodingKey::from_secret(secret.as_bytes());
            keys.push(Key::new(key, Algorithm::HS256));
        }
        let path = &config.jwt_eddsa_public_key;
        if !path.as_os_str().is_empty() {
            let pem = fs::read(path).map_err(|error| KeyError::Unreadable(path.clone(), error))?;
            let key = DecodingKey::from_ed_pem(&pem)
                .map_err(|error| KeyError::Wrong(path.clone(), error))?;
            keys.push(Key::new(key, Algorithm::EdDSA));
        }
        Ok(Self { keys, demands: Demands::of(config) })
    }

    /// Reads a JWT as of a moment.
    fn read(&self, token: &str, now: Timestamp) -> Option<Signed> {
        claims::is_plain(token).then_some(())?;
        let claims = self.keys.iter().find_map(|key| key.read(token))?;
        self.demands.meet(&claims, now)
    }
}

impl Tokens for Issuer {
    fn issue(&self, user: UserId) -> Token {
        let secret: [u8; 32] = rand::random();
        let made: [u8; 6] = rand::random();
        let parts = [
            URL_SAFE_NO_PAD.encode(user.to_string()),
            URL_SAFE_NO_PAD.encode(made),
            URL_SAFE_NO_PAD.encode(secret),
        ];
        Token::parse(&parts.join("."))
    }

    fn digest(&self, token: &Token) -> [u8; 32] {
        Sha256::digest(token.expose().as_bytes()).into()
    }

    fn verify(&self, token: &Token) -> Option<Signed> {
        if self.keys.is_empty() {
            return None;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let now = Timestamp::from_millis(u64::try_from(since.as_millis()).ok()?);
        self.read(token.expose(), now)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}
