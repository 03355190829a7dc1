//! The seam to how tokens are made and checked.

#[cfg(feature = "conformance")]
pub mod conformance;

use throng_proto::id::UserId;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;

/// Makes tokens, and finds out what they say.
pub trait Tokens: Send + Sync + 'static {
    /// Makes a new token whose first dot-separated part is base64 of the user's id.
    fn issue(&self, user: UserId) -> Token;

    /// Returns the SHA-256 of a token, by which the store knows it.
    fn digest(&self, token: &Token) -> [u8; 32];

    /// Reads a signed token (JWT) without the store, if signature and times are good.
    fn verify(&self, token: &Token) -> Option<Signed>;
}

/// What a signed token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose it is.
    pub user: UserId,
    /// When it was made, if it says so.
    pub issued_at: Option<Timestamp>,
    /// Until when it is good, with what clocks may differ.
    pub expires_at: Timestamp,
}
