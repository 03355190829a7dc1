//! What a client asks for in the address it connects to.

use thiserror::Error;

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

/// Reads `v`, `encoding` and `compress`; other keys are ignored and absent ones have their
/// defaults.
///
/// # Errors
///
/// A value that is not spoken here.
pub fn negotiate(query: &str) -> Result<Wire, QueryError> {
    let mut wire = Wire::Text;
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match (key, value) {
            ("v", "9" | "10") | ("encoding", "json") | ("compress", "" | "none") => {}
            ("compress", "zlib-stream") => wire = Wire::ZlibStream,
            ("compress", "zstd-stream") => wire = Wire::ZstdStream,
            ("v", other) => return Err(QueryError::Version(short(other))),
            ("encoding", other) => return Err(QueryError::Encoding(short(other))),
            ("compress", other) => return Err(QueryError::Compression(short(other))),
            _ => {}
        }
    }
    Ok(wire)
}

/// Keeps a peer's text within a close reason: 16 bytes that can be printed.
fn short(text: &str) -> String {
    let printed = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    text.chars().take(16).map(printed).collect()
}
