//! Percent-escapes, which clients may write for any character of an address.

use std::borrow::Cow;

/// Replaces `%41` and its like by what they stand for, once; what is no escape stays as it is. See
/// RFC 3986, 2.1.
///
/// Bytes that are no UTF-8 become U+FFFD, so that every reader gets text.
#[must_use]
pub fn undone(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| byte(after)).flatten();
        let (byte, after) = escaped.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the two digits behind a `%`.
fn byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<2>()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(digits[0])? << 4 | digit(digits[1])?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_what_is_none_stays() {
        for (written, meant) in [
            ("@me", "@me"),
            ("%40me", "@me"),
            ("%40%6De%6d", "@mem"),
            ("%2540", "%40"),
            ("%F0%9f%91%8D", "\u{1f44d}"),
            ("%FF", "\u{fffd}"),
            ("%zz%4%", "%zz%4%"),
            ("%+4%%41", "%+4%A"),
        ] {
            assert_eq!(undone(written), meant, "{written}");
        }
    }
}
