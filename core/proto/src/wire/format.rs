//! What the stream codecs demand of bytes that no encoder makes.

use smallvec::SmallVec;

use super::Wire;

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
/// Largest stored deflate block.
const STORED_MAX: usize = 65_535;
/// What a sync flush adds: an empty stored block.
pub(super) const DEFLATE_FLUSH: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];

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
