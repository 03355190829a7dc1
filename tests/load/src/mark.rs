//! The mark in every message: which one it is, and when it was sent.

use std::fmt::Write as _;

use crate::clock::Moment;

/// What marks begin, part and end with; nothing else that a gateway sends has it.
const SIGN: u8 = b'~';

/// Which message it is, and when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) number: u32,
    pub(crate) sent: Moment,
}

impl Mark {
    /// Writes a content of `bytes` that begins with the mark, and is longer if that does not fit.
    pub(crate) fn content(self, bytes: usize) -> String {
        let mut content = String::with_capacity(bytes);
        let sign = char::from(SIGN);
        let written = write!(content, "{sign}{}{sign}{}{sign}", self.number, self.sent.nanos());
        debug_assert!(written.is_ok(), "memory takes any write");
        // Something to compress, but not the same letter over and over.
        let words = "it is quiet out here tonight and the lights go by ";
        content.extend(words.chars().cycle().take(bytes.saturating_sub(content.len())));
        content
    }

    /// Finds the mark in whatever surrounds it.
    pub(crate) fn find(payload: &[u8]) -> Option<Self> {
        let at = memchr::memchr(SIGN, payload)?;
        let (number, rest) = digits(&payload[at + 1..]);
        let rest = rest.strip_prefix(&[SIGN])?;
        let (sent, rest) = digits(rest);
        rest.starts_with(&[SIGN]).then_some(())?;
        Some(Self { number: u32::try_from(number).ok()?, sent: Moment::from_nanos(sent) })
    }
}

/// Reads a number off the front.
pub(crate) fn digits(bytes: &[u8]) -> (u64, &[u8]) {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            _ => return (number, &bytes[at..]),
        }
    }
    (number, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_what_surrounds_it() {
        let mark = Mark { number: 17, sent: Moment::from_nanos(123_456_789_012) };
        let content = mark.content(200);
        assert_eq!(content.len(), 200);
        let payload = format!(r#"{{"s":3,"d":{{"content":"{content}"}}}}"#);
        assert_eq!(Mark::find(payload.as_bytes()), Some(mark));
        assert_eq!(Mark::find(br#"{"s":3,"d":{"content":"~ 3 ~"}}"#), None);
    }
}
