//! Why a payload cannot be read, and what a link is closed with then.

use thiserror::Error;

use crate::close::CloseCode;

/// Why a payload cannot be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Not JSON.
    #[error("payload is not valid: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Something else than an object.
    #[error("payload is not an object")]
    NoObject,
    /// A key that cannot be left out, or cannot be passed over, is missing or of the wrong type.
    #[error("payload is not valid: `{0}` is missing or of the wrong type")]
    Key(&'static str),
    /// An opcode that clients never send.
    #[error("opcode {0} is unknown")]
    UnknownOpcode(u64),
}

impl DecodeError {
    /// Returns the code to close with.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Malformed(_) | Self::NoObject | Self::Key(_) => CloseCode::DecodeError,
            Self::UnknownOpcode(_) => CloseCode::UnknownOpcode,
        }
    }
}
