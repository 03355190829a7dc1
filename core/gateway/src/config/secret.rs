//! Settings that are never shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// What stands for a secret wherever settings are shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// A text that is never shown: not by `throng config`, not by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// Returns the text itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { HIDDEN }
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

/// Settings whose values no error quotes.
pub(super) const KEYS: [&str; 1] = ["auth.jwt_hs256_secret"];

/// Drops what a parser quotes of a file: the line may hold a secret. Its place and what is wrong
/// stay.
pub(super) fn without_quotes(error: &str) -> String {
    let quoted = |line: &&str| line.split_once('|').is_some_and(|(number, _)| is_margin(number));
    let kept: Vec<&str> =
        error.lines().map(str::trim).filter(|line| !line.is_empty() && !quoted(line)).collect();
    kept.join(": ")
}

fn is_margin(text: &str) -> bool {
    text.trim().chars().all(|digit| digit.is_ascii_digit())
}
