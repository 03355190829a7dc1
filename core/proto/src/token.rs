//! Secrets that are never printed.

use std::fmt;

/// A bearer secret; its `Debug` form is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes the text of an `Authorization` header or of an IDENTIFY, without `Bot ` or `Bearer `
    /// in front.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let bare = ["Bot ", "Bearer "].iter().find_map(|scheme| text.strip_prefix(scheme));
        Self(bare.unwrap_or(text).trim().to_owned())
    }

    /// Returns the secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}
