//! Tokens: random ones that the store knows by their digest, and JWTs that it need not know.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use throng_ports::token::Tokens;
use throng_proto::id::UserId;
use throng_proto::token::Token;

use crate::config::AuthConfig;

/// Makes and checks tokens.
pub(crate) struct Issuer {
    keys: Vec<(DecodingKey, Validation)>,
}

/// What a JWT must say: whose it is, and until when. `exp` is checked by the library.
#[derive(Deserialize)]
struct Claims {
    sub: UserId,
}

impl Issuer {
    /// Reads the keys that the settings name.
    pub(crate) fn new(config: &AuthConfig) -> anyhow::Result<Self> {
        let mut keys = Vec::new();
        if !config.jwt_hs256_secret.is_empty() {
            let key = DecodingKey::from_secret(config.jwt_hs256_secret.as_bytes());
            keys.push((key, validation(Algorithm::HS256, config)));
        }
        let path = &config.jwt_eddsa_public_key;
        if !path.as_os_str().is_empty() {
            let wrong = || format!("`auth.jwt_eddsa_public_key`: {}", path.display());
            let pem = std::fs::read(path).with_context(wrong)?;
            let key = DecodingKey::from_ed_pem(&pem).with_context(wrong)?;
            keys.push((key, validation(Algorithm::EdDSA, config)));
        }
        Ok(Self { keys })
    }
}

/// Each key has one algorithm, so that the token's own header decides nothing.
fn validation(algorithm: Algorithm, config: &AuthConfig) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "sub"]);
    validation.validate_nbf = true;
    if config.jwt_audience.is_empty() {
        validation.validate_aud = false;
    } else {
        validation.set_audience(&[&config.jwt_audience]);
    }
    if !config.jwt_issuer.is_empty() {
        validation.set_issuer(&[&config.jwt_issuer]);
    }
    validation
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

    fn verify(&self, token: &Token) -> Option<UserId> {
        let read = |(key, validation): &(DecodingKey, Validation)| {
            decode::<Claims>(token.expose(), key, validation).ok()
        };
        self.keys.iter().find_map(read).map(|token| token.claims.sub)
    }
}
