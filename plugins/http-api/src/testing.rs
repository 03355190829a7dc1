//! What reads forms, for property tests and the fuzz target.

use serde_json::Value;

use crate::request;

/// Bytes of a part that is JSON or text.
const BYTES_MAX: usize = 4_096;

/// Reads a form whose first line is its `Content-Type`, and tells whether it was taken.
///
/// # Panics
///
/// What it says depends on how it arrives, is no object, or is longer than it may be.
#[must_use]
pub fn form(input: &[u8]) -> bool {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return false };
    let Ok(content_type) = std::str::from_utf8(&input[..end]) else { return false };
    let body = &input[end + 1..];
    let read = |pieces: &[&[u8]]| request::form_in_pieces(content_type, pieces, BYTES_MAX);
    let Some(whole) = read(&[body]) else { return false };
    let pieces: Vec<_> = body.chunks(1).collect();
    let in_pieces = read(&pieces).and_then(Result::ok);
    let whole = whole.ok();
    assert_eq!(whole, in_pieces, "in pieces of one byte");
    let Some((json, files)) = whole else { return false };
    assert!(json.is_object(), "{json}");
    let texts = json.as_object().into_iter().flat_map(|keys| keys.values());
    let longest = texts.filter_map(Value::as_str).map(str::len).max().unwrap_or_default();
    // A byte that is no UTF-8 becomes three.
    assert!(longest <= 3 * BYTES_MAX, "{longest} bytes");
    assert!(files.len() <= 1, "{files:?}");
    true
}
