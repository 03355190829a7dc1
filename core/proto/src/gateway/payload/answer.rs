//! An answer as it was encoded, taken apart: whoever may read only one of the two messages gets it
//! with the content of that one.

use serde::Deserialize as _;
use serde_json::Value;

use crate::id::UserId;

/// Key of the answered message.
const REFERENCED: &str = "referenced_message";
/// What only an answer says that has its answered message: inside a string quotes are escaped.
const MARK: &str = "\"referenced_message\":{";

/// The variants of an answer in which only one of the two messages has its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halves {
    /// Author of the answered message, and whom it mentions: they may read it.
    pub readers: Vec<UserId>,
    /// Data of the answer in full, without the content of the answered message.
    pub outer: String,
    /// Data of the answer without its content, around the answered message in full.
    pub inner: String,
}

impl Halves {
    /// Takes the data of a [`MessageChanged`](super::MessageChanged) apart that was encoded in
    /// full and stripped; `None` when it is no answer, or one whose answered message is gone.
    #[must_use]
    pub fn of(full: &str, stripped: &str) -> Option<Self> {
        if !full.contains(MARK) {
            return None;
        }
        let mut full: Value = serde_json::from_str(full).ok()?;
        let mut bare: Value = serde_json::from_str(stripped).ok()?;
        let inner = full.get_mut(REFERENCED)?;
        let id = |user: &Value| UserId::deserialize(&user["id"]).ok();
        let mentions = inner["mentions"].as_array().into_iter().flatten();
        let readers = std::iter::once(&inner["author"]).chain(mentions).filter_map(id).collect();
        std::mem::swap(inner, bare.get_mut(REFERENCED)?);
        Some(Self { readers, outer: full.to_string(), inner: bare.to_string() })
    }
}
