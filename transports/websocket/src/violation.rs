//! What a peer may do wrong on the level of WebSocket, with the close code that answers it.

use thiserror::Error;

/// Why a peer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// A frame breaks RFC 6455.
    #[error("frame breaks the protocol")]
    Protocol,
    /// A text message or a close reason is not UTF-8.
    #[error("text is not UTF-8")]
    Text,
}

impl Violation {
    /// Returns the close code that tells the peer.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::Text => 1007,
        }
    }
}
