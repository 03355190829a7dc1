//! Numbers and texts in as few bytes as they need.

/// Appends a number, seven bits a byte, the lowest first.
pub(super) fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Appends a size.
pub(super) fn put_size(to: &mut Vec<u8>, size: usize) {
    put_number(to, size as u64);
}

/// Appends a text with its length before it.
pub(super) fn put_text(to: &mut Vec<u8>, text: &str) {
    put_size(to, text.len());
    to.extend_from_slice(text.as_bytes());
}

/// Takes a number off the front; `None` when the bytes end before it does.
pub(super) fn number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Takes a size off the front.
pub(super) fn size(from: &mut &[u8]) -> Option<usize> {
    usize::try_from(number(from)?).ok()
}

/// Takes so many bytes off the front.
pub(super) fn bytes<'a>(from: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (bytes, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(bytes)
}

/// Takes a text off the front.
pub(super) fn text<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    let len = size(from)?;
    std::str::from_utf8(bytes(from, len)?).ok()
}
