//! Reading a journal back: every record that is whole, segment by segment.

use std::path::Path;
use std::{fs, io};

use throng_ports::journal::Record;

use super::numbered;
use super::segment::{HEADER_BYTES, SUFFIX, checksum};

/// Reads the records of a journal's segments, oldest first.
pub(super) fn read(journal: &Path) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for segment in numbered(journal, SUFFIX)? {
        let path = journal.join(format!("{segment}{SUFFIX}"));
        let bytes = fs::read(&path)?;
        let read = take_records(&bytes, &mut records);
        if read < bytes.len() {
            let lost = bytes.len() - read;
            tracing::warn!(path = %path.display(), lost, "the end of a journal is cut off");
        }
    }
    Ok(records)
}

/// Takes whole records from the front and returns how many bytes they fill.
fn take_records(bytes: &[u8], records: &mut Vec<Record>) -> usize {
    let mut rest = bytes;
    while let Some((record, after)) = split_record(rest) {
        records.push(record.to_vec());
        rest = after;
    }
    bytes.len() - rest.len()
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<{ HEADER_BYTES / 2 }>()?;
    let (sum, rest) = rest.split_first_chunk::<{ HEADER_BYTES / 2 }>()?;
    let (record, rest) =
        rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (checksum(*length, record) == u32::from_le_bytes(*sum)).then_some((record, rest))
}
