//! Numbers of one, two, four or eight bytes whose first two bits tell how many.
//!
//! As in QUIC. quinn has them too, but `core/proto` depends on no transport.

use smallvec::SmallVec;

/// Largest number that fits.
pub const MAX: u64 = (1 << 62) - 1;
/// Longest form in bytes.
pub const BYTES_MAX: usize = 8;

/// Appends the shortest form of `value`, which must be at most [`MAX`].
pub fn encode<const N: usize>(value: u64, out: &mut SmallVec<[u8; N]>) {
    debug_assert!(value <= MAX, "two bits tell the length");
    let (length, tag) = match value {
        0..0x40 => (1, 0),
        0x40..0x4000 => (2, 1),
        0x4000..0x4000_0000 => (4, 2),
        _ => (8, 3_u64),
    };
    let tagged = value | (tag << (8 * length - 2));
    out.extend_from_slice(&tagged.to_be_bytes()[BYTES_MAX - length..]);
}

/// Reads a number of any form, and the count of its bytes; `None` when they are not all there.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1 << (first >> 6);
    let rest = bytes.get(1..length)?;
    let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
    Some((rest.iter().fold(u64::from(first & 0x3f), join), length))
}
