//! What a client asks for in the address it connects to.

use thiserror::Error;

use crate::escape;
use crate::intents::Intents;
use crate::wire::Wire;

/// Why an address is refused; the link is closed with 4012 and this text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueryError {
    /// A version other than 9 and 10.
    #[error("API version `{0}` is not spoken here, connect with v=10")]
    Version(String),
    /// An encoding other than JSON.
    #[error("encoding `{0}` is not spoken here, connect with encoding=json")]
    Encoding(String),
    /// A compression that does not exist.
    #[error("compression `{0}` is unknown, use zlib-stream, zstd-stream or none")]
    Compression(String),
}

/// A version of the gateway's protocol that is spoken here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Content of messages needs no intent.
    V9,
    /// What counts when a client names none.
    #[default]
    V10,
}

impl Version {
    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V9 => 9,
            Self::V10 => 10,
        }
    }

    /// Returns the intents that a session has which asked for these: up to v9 MESSAGE_CONTENT needs
    /// not be named. See [Discord Docs/Change Log], API v10.
    ///
    /// [Discord Docs/Change Log]: https://discord.com/developers/docs/change-log
    #[must_use]
    pub fn intents(self, named: Intents) -> Intents {
        match self {
            Self::V9 => named.union(Intents::MESSAGE_CONTENT),
            Self::V10 => named,
        }
    }
}

/// What a client asks for in its address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Version.
    pub version: Version,
    /// How payloads travel.
    pub wire: Wire,
}

/// Reads `v`, `encoding` and `compress`; other keys are ignored and absent ones have their
/// defaults. Percent-escapes mean what they stand for.
///
/// # Errors
///
/// A value that is not spoken here.
pub fn negotiate(query: &str) -> Result<Terms, QueryError> {
    let mut terms = Terms::default();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let (key, value) = (escape::undone(key), escape::undone(value));
        match (&*key, &*value) {
            ("v", "9") => terms.version = Version::V9,
            ("v", "10") => terms.version = Version::V10,
            ("encoding", "json") | ("compress", "" | "none") => {}
            ("compress", "zlib-stream") => terms.wire = Wire::ZlibStream,
            ("compress", "zstd-stream") => terms.wire = Wire::ZstdStream,
            ("v", other) => return Err(QueryError::Version(short(other))),
            ("encoding", other) => return Err(QueryError::Encoding(short(other))),
            ("compress", other) => return Err(QueryError::Compression(short(other))),
            _ => {}
        }
    }
    Ok(terms)
}

/// Keeps a peer's text within a close reason: 16 bytes that can be printed.
fn short(text: &str) -> String {
    let printed = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    text.chars().take(16).map(printed).collect()
}
