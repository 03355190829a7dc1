//! How a stream that the gateway opens begins.

use thiserror::Error;

use crate::id::GuildId;

/// First byte of a stream with the dispatches of one guild.
const GUILD: u8 = 0x01;
/// Bytes before the first frame of a stream that the gateway opens.
pub const PREAMBLE_BYTES: usize = 9;

/// A stream is of a kind that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("stream of unknown kind {0:#04x}")]
pub struct StreamError(pub u8);

/// Returns how the stream of a guild begins.
#[must_use]
pub fn preamble(guild: GuildId) -> [u8; PREAMBLE_BYTES] {
    let mut bytes = [GUILD; PREAMBLE_BYTES];
    bytes[1..].copy_from_slice(&guild.value().to_be_bytes());
    bytes
}

/// Reads which guild's stream begins like this.
///
/// # Errors
///
/// It is no guild's stream.
pub fn guild(preamble: [u8; PREAMBLE_BYTES]) -> Result<GuildId, StreamError> {
    let [kind, id @ ..] = preamble;
    if kind == GUILD { Ok(GuildId::new(u64::from_be_bytes(id))) } else { Err(StreamError(kind)) }
}
