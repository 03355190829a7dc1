//! The mark in every message: which one it is, and when it was sent.

use std::fmt::Write as _;

use crate::clock::Moment;

/// What marks begin, part and end with; nothing else that a gateway sends has it.
const SIGN: u8 = b'~';
/// Longest of the words, with a space.
const WORD_BYTES_MAX: usize = 12;
/// What messages are made of, so that they compress as talk does.
#[rustfmt::skip]
const WORDS: [&str; 64] = [
    "the", "of", "and", "to", "a", "in", "that", "it", "is", "was", "I", "for", "on", "you", "he",
    "be", "with", "as", "by", "at", "have", "are", "this", "not", "but", "had", "his", "they",
    "from", "she", "which", "or", "we", "an", "there", "her", "were", "one", "do", "been", "all",
    "their", "has", "would", "will", "what", "if", "can", "when", "so", "my", "server", "tonight",
    "raid", "channel", "patch", "stream", "lol", "anyone", "guild", "thanks", "weekend", "voice",
    "update",
];

/// Which message it is, and when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) number: u32,
    pub(crate) sent: Moment,
}

impl Mark {
    /// Writes a content of `bytes` that begins with the mark, and is longer if that does not fit.
    pub(crate) fn content(self, bytes: usize) -> String {
        let mut content = String::with_capacity(bytes + WORD_BYTES_MAX);
        let sign = char::from(SIGN);
        let written = write!(content, "{sign}{}{sign}{}{sign}", self.number, self.sent.nanos());
        debug_assert!(written.is_ok(), "memory takes any write");
        let begun = content.len();
        let mut state = u64::from(self.number) + 1;
        while content.len() < bytes {
            // Knuth's generator is random enough for small talk; its high bits are the better ones.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            content.push_str(WORDS[(state >> 33) as usize % WORDS.len()]);
            content.push(' ');
        }
        content.truncate(bytes.max(begun));
        content
    }

    /// Finds the first mark in whatever surrounds it, and returns what follows.
    pub(crate) fn find(payload: &[u8]) -> Option<(Self, &[u8])> {
        let at = memchr::memchr(SIGN, payload)?;
        let (number, rest) = digits(&payload[at + 1..]);
        let (sent, rest) = digits(rest.strip_prefix(&[SIGN])?);
        let rest = rest.strip_prefix(&[SIGN])?;
        Some((Self { number: u32::try_from(number).ok()?, sent: Moment::from_nanos(sent) }, rest))
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
        let (found, rest) = Mark::find(payload.as_bytes()).expect("it is there");
        assert_eq!(found, mark);
        assert_eq!(Mark::find(rest), None);
        assert_eq!(Mark::find(br#"{"s":3,"d":{"content":"~ 3 ~"}}"#), None);
    }
}
