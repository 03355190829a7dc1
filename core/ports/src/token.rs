//! The seam to how tokens are made and checked.

use throng_proto::id::UserId;
use throng_proto::token::Token;

/// Makes tokens, and finds out what they say.
pub trait Tokens: Send + Sync + 'static {
    /// Makes a new token whose first dot-separated part is base64 of the user's id.
    fn issue(&self, user: UserId) -> Token;

    /// Returns the SHA-256 of a token, by which the store knows it.
    fn digest(&self, token: &Token) -> [u8; 32];

    /// Reads a signed token (JWT) without the store: its user, if signature and times are good.
    fn verify(&self, token: &Token) -> Option<UserId>;
}
