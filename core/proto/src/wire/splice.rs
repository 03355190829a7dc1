//! One session's own bytes around the shared ones.
//!
//! Written by hand, because encoders make streams of their own: none puts blocks that another one
//! made behind a few bytes.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::adler::Adler;
use super::{Body, Past, Segment, Wire};

/// 2^17 bytes of window: the most that a client keeps, and the largest block.
pub(super) const ZSTD_WINDOW_LOG: u32 = 17;
/// Frame header for that window: magic, no content size, no checksum, window descriptor 0x38.
pub(crate) const ZSTD_FRAME: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
/// A compressed block of 17 spaces that leaves the repeat offsets at 1, 4, 8, the state every fresh
/// encoder assumes: 8 literals by run length, three sequences with the offsets 8, 4, 1.
pub(super) const ZSTD_NORMALISER: [u8; 14] =
    [0x5c, 0x00, 0x00, 0x41, 0x20, 0x03, 0x00, 0x38, 0x00, 0x76, 0x00, 0x18, 0x50, 0xb8];
/// What a decoder makes of the normaliser.
pub(super) const ZSTD_PAD: [u8; 17] = [b' '; 17];
/// Bytes of `{"s":N,` with one digit, and with the ten of the largest sequence.
pub(super) const OWN_MIN: usize = 7;
pub(super) const OWN_MAX: usize = 16;
/// Largest raw zstd block here: the window, as RFC 8878 §3.1.1.2.4 demands.
const ZSTD_RAW_MAX: usize = 1 << ZSTD_WINDOW_LOG;
/// zlib header: deflate, 32 KiB window, default level.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9c];
/// Largest stored deflate block.
const STORED_MAX: usize = 65_535;
/// What a sync flush adds: an empty stored block.
pub(super) const DEFLATE_FLUSH: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];
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

/// Puts `text` into blocks that take no encoder.
pub(super) fn uncompressed(wire: Wire, text: &[u8], head: &mut SmallVec<[u8; 48]>) {
    match wire {
        Wire::Text => head.extend_from_slice(text),
        Wire::PayloadZlib | Wire::ZlibStream => {
            for chunk in text.chunks(STORED_MAX) {
                let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
                head.push(0x00);
                head.extend_from_slice(&length.to_le_bytes());
                head.extend_from_slice(&(!length).to_le_bytes());
                head.extend_from_slice(chunk);
            }
        }
        Wire::ZstdStream => {
            for chunk in text.chunks(ZSTD_RAW_MAX) {
                let header = u32::try_from(chunk.len()).unwrap_or(u32::MAX) << 3;
                head.extend_from_slice(&header.to_le_bytes()[..3]);
                head.extend_from_slice(chunk);
            }
        }
    }
}

/// Ends a complete zlib stream, whose text has the given sums.
fn finish<const N: usize>(sums: Adler, out: &mut SmallVec<[u8; N]>) {
    out.extend_from_slice(&DEFLATE_END);
    out.extend_from_slice(&sums.to_be_bytes());
}
