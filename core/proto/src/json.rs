//! Values as JSON text.

use serde::Serialize;

/// Writes a value that is made of structs, strings, numbers and maps with keys of text.
///
/// # Panics
///
/// The value is made otherwise. Better that than to send or keep an empty text.
#[must_use]
pub fn text(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => unreachable!("structs of strings and numbers always serialise: {error}"),
    }
}
