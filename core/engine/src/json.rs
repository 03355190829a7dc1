//! Payloads as text.

use serde::Serialize;

/// Encodes JSON. Structs of strings, numbers and lists always serialise; an empty payload instead
/// would only hide a mistake.
pub(crate) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| unreachable!("no JSON: {error}"))
}
