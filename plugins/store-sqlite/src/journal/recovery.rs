//! Reading a journal back: every record that is certain, and where some are missing.

use std::fs;
use std::path::Path;

use throng_ports::journal::Found;

use super::format::{Header, Identity, split_record};
use super::numbered;
use super::segment::SUFFIX;

/// Reads what is left of a journal, oldest first.
///
/// Nothing that is wrong with a file ends the reading: what cannot be read is a gap.
pub(super) fn read(journal: &Path, identity: Identity) -> Vec<Found> {
    let mut reading = Reading { identity, found: Vec::new(), place: 0 };
    let segments = numbered(journal, SUFFIX).unwrap_or_else(|error| {
        tracing::warn!(path = %journal.display(), %error, "a journal cannot be read");
        Vec::new()
    });
    for segment in segments {
        let path = journal.join(format!("{segment}{SUFFIX}"));
        match fs::read(&path) {
            Ok(bytes) => reading.take(segment, &bytes, &path),
            Err(error) => tracing::warn!(path = %path.display(), %error, "it cannot be read"),
        }
    }
    reading.found
}

struct Reading {
    identity: Identity,
    found: Vec<Found>,
    /// Place of the next record, if none is missing.
    place: u64,
}

impl Reading {
    fn take(&mut self, segment: u64, bytes: &[u8], path: &Path) {
        let path = path.display();
        let Some((header, mut rest)) = Header::split(bytes) else {
            // One that was begun and never written to is empty.
            if !bytes.is_empty() {
                tracing::warn!(%path, "a journal's file is damaged or of an older gateway");
            }
            return;
        };
        if header.identity != self.identity || header.segment != segment {
            return tracing::warn!(%path, "a journal's file is another one's");
        }
        if header.place < self.place {
            return tracing::warn!(%path, "a journal's file repeats what is known");
        }
        if header.place > self.place {
            if self.found.last() != Some(&Found::Gap) {
                self.found.push(Found::Gap);
            }
            self.place = header.place;
        }
        while let Some((record, after)) = split_record(self.identity, self.place, rest) {
            self.found.push(Found::Record(record.to_vec()));
            self.place += 1;
            rest = after;
        }
        if !rest.is_empty() {
            tracing::warn!(%path, lost = rest.len(), "the end of a journal's file is lost");
        }
    }
}
