//! One session's own bytes around the shared ones.
//!
//! Written by hand, because encoders make streams of their own: none puts blocks that another one
//! made behind a few bytes.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::adler::Adler;
use super::format::{DEFLATE_FLUSH, ZSTD_FRAME, uncompressed};
use super::{Body, Past, Segment, Wire};

/// zlib header: deflate, 32 KiB window, default level.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9c];
/// An empty stored block that is the last one.
const DEFLATE_END: [u8; 5] = [0x01, 0x00, 0x00, 0xff, 0xff];

/// One frame as it travels: own bytes, shared bytes, own bytes again.
#[derive(Debug)]
pub struct Parts<'a> {
    /// This session's first bytes.
    pub head: SmallVec<[u8; 48]>,
    /// What every session of the same wire gets.
    pub shared: SmallVec<[&'a Bytes; 2]>,
    /// This session's last bytes; only [`Wire::PayloadZlib`] has any.
    pub tail: SmallVec<[u8; 16]>,
}

impl Parts<'_> {
    /// Returns the length of the frame in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.head.len() + self.shared.iter().map(|s| s.len()).sum::<usize>() + self.tail.len()
    }
}

/// Builds the frame of a dispatch for the session whose next sequence is `sequence`, on a link that
/// was sent `past` last.
#[must_use]
pub fn dispatch(wire: Wire, past: Past, sequence: u32, body: &Body) -> Parts<'_> {
    let mut parts = Parts { head: SmallVec::new(), shared: SmallVec::new(), tail: SmallVec::new() };
    open(wire, past, &mut parts.head);
    let own = own_text(sequence);
    uncompressed(wire, &own, &mut parts.head);
    if let Some(shared) = body.referring(wire, past, own.len()) {
        parts.shared.push(shared);
        return parts;
    }
    for segment in body.segments() {
        parts.shared.push(segment.form(wire));
    }
    if wire == Wire::PayloadZlib {
        let whole = |sum: Adler, segment: &Arc<Segment>| sum.then(segment.adler());
        finish(body.segments().iter().fold(Adler::of(&own), whole), &mut parts.tail);
    }
    parts
}

/// Builds a whole frame from text that only one session gets: HELLO, acknowledgements and the like.
#[must_use]
pub fn control(wire: Wire, past: Past, text: &str) -> Vec<u8> {
    let mut head: SmallVec<[u8; 48]> = SmallVec::new();
    open(wire, past, &mut head);
    uncompressed(wire, text.as_bytes(), &mut head);
    match wire {
        Wire::Text | Wire::ZstdStream => {}
        Wire::ZlibStream => head.extend_from_slice(&DEFLATE_FLUSH),
        Wire::PayloadZlib => {
            finish(Adler::of(text.as_bytes()), &mut head);
        }
    }
    head.into_vec()
}

/// Writes `{"s":N,`.
fn own_text(sequence: u32) -> SmallVec<[u8; 24]> {
    use std::io::Write as _;
    let mut text = SmallVec::new();
    let written = write!(text, "{{\"s\":{sequence},");
    debug_assert!(written.is_ok(), "memory takes any write");
    text
}

/// Puts the header in front that stream codecs begin with.
fn open(wire: Wire, past: Past, head: &mut SmallVec<[u8; 48]>) {
    let first = past == Past::NOTHING;
    match wire {
        Wire::PayloadZlib => head.extend_from_slice(&ZLIB_HEADER),
        Wire::ZlibStream if first => head.extend_from_slice(&ZLIB_HEADER),
        Wire::ZstdStream if first => head.extend_from_slice(&ZSTD_FRAME),
        _ => {}
    }
}

/// Ends a complete zlib stream, whose text has the given sums.
fn finish<const N: usize>(sums: Adler, out: &mut SmallVec<[u8; N]>) {
    out.extend_from_slice(&DEFLATE_END);
    out.extend_from_slice(&sums.to_be_bytes());
}
