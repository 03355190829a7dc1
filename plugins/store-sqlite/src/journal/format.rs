//! How a segment's file looks.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `throng` and 0, then the version of the format |
//! | 16 | identity of the generation, drawn when it was begun |
//! | 8 | number of the journal |
//! | 8 | number of the segment |
//! | 8 | place of its first record in the journal |
//! | 4 | CRC-32 of all before |
//! | 4 + 4 + n, repeated | length of a record, its checksum, the record |
//!
//! Numbers are little-endian. A record's checksum is the CRC-32 of the identity, the journal, the
//! record's place, its length and itself: it is good only where it was written. What is changed,
//! missing, doubled, in another order or from another journal is therefore known. CRC-32 finds
//! every change of up to 32 bits in a row, and all but one in four milliards of others.

/// Begins every segment; the last byte is the version of the format. Files of the first version
/// began with a record.
const MAGIC: [u8; 8] = *b"throng\0\x02";

/// Bytes before the first record.
pub(super) const HEADER_BYTES: usize = 52;
/// Bytes before each record.
pub(super) const FRAME_BYTES: usize = 8;

/// Which journal a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The generation's, drawn when it was begun.
    pub(super) generation: u128,
    /// Number of the journal in it.
    pub(super) journal: u64,
}

/// What a segment's file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) identity: Identity,
    pub(super) segment: u64,
    /// Place of its first record.
    pub(super) place: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..24].copy_from_slice(&self.identity.generation.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.identity.journal.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.segment.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.place.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..48]);
        bytes[48..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a header and returns the records after it; `None` when it is none of this version, or
    /// damaged.
    pub(super) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (bytes, records) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        let number = |at: usize| {
            let number = bytes[at..].first_chunk().copied();
            number.map_or(0, u64::from_le_bytes)
        };
        let generation = u128::from(number(16)) << 64 | u128::from(number(8));
        let identity = Identity { generation, journal: number(24) };
        let header = Self { identity, segment: number(32), place: number(40) };
        // A good header is the one that would be written.
        (header.to_bytes() == *bytes).then_some((header, records))
    }
}

/// Returns what stands before a record at a place; `None` for one of more than 4 GiB.
pub(super) fn frame(identity: Identity, place: u64, record: &[u8]) -> Option<[u8; FRAME_BYTES]> {
    let length = u32::try_from(record.len()).ok()?;
    let sum = checksum(identity, place, record);
    let mut frame = [0; FRAME_BYTES];
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..].copy_from_slice(&sum.to_le_bytes());
    Some(frame)
}

/// Reads the record at a place and returns what follows; `None` when it is not what was written.
pub(super) fn split_record(identity: Identity, place: u64, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (record, rest) = rest.split_at_checked(length)?;
    (checksum(identity, place, record) == u32::from_le_bytes(*sum)).then_some((record, rest))
}

fn checksum(identity: Identity, place: u64, record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&identity.generation.to_le_bytes());
    hasher.update(&identity.journal.to_le_bytes());
    hasher.update(&place.to_le_bytes());
    hasher.update(&(record.len() as u64).to_le_bytes());
    hasher.update(record);
    hasher.finalize()
}
