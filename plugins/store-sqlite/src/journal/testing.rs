//! Segments of any bytes, for tests of decoders and the fuzz target.

use super::format::{FRAME_BYTES, HEADER_BYTES, Header, Identity, frame, split_record};

/// Where a record of the tests stands.
const IDENTITY: Identity = Identity { generation: 5, journal: 1 };
const PLACE: u64 = 7;

/// Reads a segment, and the same bytes as a record.
///
/// # Panics
///
/// What is read is not what would be written, or a right record is not found in its place alone.
pub fn segment(input: &[u8]) {
    if let Some((header, _)) = Header::split(input) {
        assert_eq!(header.to_bytes(), input[..HEADER_BYTES], "a header that is not written");
    }
    if let Some((record, _)) = split_record(IDENTITY, PLACE, input) {
        let written = frame(IDENTITY, PLACE, record);
        assert_eq!(written.as_ref().map(|frame| &frame[..]), Some(&input[..FRAME_BYTES]));
    }
    let framed = frame(IDENTITY, PLACE, input).map(|frame| [&frame[..], input, input].concat());
    let found = framed.as_deref().and_then(|bytes| split_record(IDENTITY, PLACE, bytes));
    assert_eq!(found, Some((input, input)), "a right record is not found");
    let elsewhere = framed.as_deref().and_then(|bytes| split_record(IDENTITY, PLACE + 1, bytes));
    assert_eq!(elsewhere, None, "a record is found where it was not written");
}
