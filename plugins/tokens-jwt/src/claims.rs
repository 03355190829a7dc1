//! What a JWT must be and say (RFC 7515, 7519 and 8725): decided here, so that nothing which a
//! setting demands may be left out, and nothing of a wrong type passes.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::{Map, Value};
use throng_ports::token::Signed;
use throng_proto::id::UserId;
use throng_proto::time::Timestamp;

use crate::config::Config;

/// Seconds from 1970 nearly to the end of the year 9999, with room for the leeway. Later moments
/// are milliseconds by mistake.
const SECONDS_MAX: u64 = 253_402_300_000;

/// A key with its one algorithm, so that the token's own header decides nothing.
pub(crate) struct Key {
    key: DecodingKey,
    validation: Validation,
}

impl Key {
    pub(crate) fn new(key: DecodingKey, algorithm: Algorithm) -> Self {
        let mut validation = Validation::new(algorithm);
        // The library passes over claims that are absent or of another type; we do not.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { key, validation }
    }

    /// Returns what a token says, if it was signed with the key.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        decode::<Claims>(token, &self.key, &self.validation).ok().map(|read| read.claims)
    }
}

/// Tells whether a token's header asks for nothing that is not done here.
///
/// `crit` names extensions that must be understood, and none is (RFC 7515, 4.1.11); `b64` changes
/// what is signed (RFC 7797). Headers that name keys (`jku`, `jwk`, `x5u`, `x5c`, `kid`) are never
/// followed: the keys are those of the settings.
pub(crate) fn is_plain(token: &str) -> bool {
    let Some(header) = token.split('.').next() else { return false };
    let Ok(header) = URL_SAFE_NO_PAD.decode(header) else { return false };
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(&header) else { return false };
    ["crit", "b64"].iter().all(|key| !header.contains_key(*key))
}

/// The claims that are looked at. Others are nobody's here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    sub: String,
    exp: Moment,
    #[serde(default)]
    nbf: Option<Moment>,
    #[serde(default)]
    iat: Option<Moment>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
}

/// One or many, as RFC 7519 4.1.3 has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// Seconds since 1970, maybe with a fraction.
#[derive(Clone, Copy, Debug)]
struct Moment(u64);

impl Moment {
    const fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(1_000))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}

struct MomentVisitor;

impl Visitor<'_> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970, before the year 10000")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Moment, E> {
        if seconds > SECONDS_MAX {
            return Err(E::custom("too late to be a time in seconds"));
        }
        Ok(Moment(seconds))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Moment, E> {
        self.visit_u64(u64::try_from(seconds).map_err(E::custom)?)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Moment, E> {
        if !(0.0..SECONDS_MAX as f64).contains(&seconds) {
            return Err(E::custom("no time in seconds"));
        }
        // Down to whole seconds: sooner for `exp`, and later than said by no more than one.
        self.visit_u64(seconds.floor() as u64)
    }
}

/// What the settings demand of every JWT.
pub(crate) struct Demands {
    issuer: String,
    audience: String,
    leeway: Duration,
}

impl Demands {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            leeway: Duration::from_secs(config.jwt_leeway_secs),
        }
    }

    /// Returns whose a token is and for how long, if its claims are as demanded at that moment.
    pub(crate) fn meet(&self, claims: &Claims, now: Timestamp) -> Option<Signed> {
        let issued_right = self.issuer.is_empty() || claims.iss.as_ref() == Some(&self.issuer);
        let named = |audience: &Audience| audience.has(&self.audience);
        let meant_right = self.audience.is_empty() || claims.aud.as_ref().is_some_and(named);
        let expires_at = claims.exp.timestamp().after(self.leeway);
        let issued_at = claims.iat.map(Moment::timestamp);
        let begun = claims.nbf.map(Moment::timestamp);
        let soonest = now.after(self.leeway);
        let timely = now < expires_at && begun.into_iter().chain(issued_at).all(|at| at <= soonest);
        if !(issued_right && meant_right && timely) {
            return None;
        }
        Some(Signed { user: subject(&claims.sub)?, issued_at, expires_at })
    }
}

/// Reads an id as it is written everywhere else: digits without a sign or zeros in front.
fn subject(text: &str) -> Option<UserId> {
    let user: UserId = text.parse().ok()?;
    (user.value() != 0 && user.to_string() == text).then_some(user)
}
