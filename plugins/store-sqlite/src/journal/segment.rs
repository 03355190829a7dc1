//! One journal: a buffer before the newest of its segments' files.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use throng_ports::journal::Journal;

/// Ends the name of a segment's file.
pub(super) const SUFFIX: &str = ".log";

/// Length of a record and CRC-32 of length and record, 4 bytes each, little-endian.
pub(super) const HEADER_BYTES: usize = 8;

/// Covers the length too: otherwise a run of zeros would pass as empty records.
pub(super) fn checksum(length: [u8; 4], record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(record);
    hasher.finalize()
}

/// Bytes that one journal keeps while its file cannot be written: 64 MiB.
///
/// Past them everything appended since the last good flush is dropped, and the next flush answers
/// [`io::ErrorKind::QuotaExceeded`]: what the journal says is then no longer complete, and the
/// shell does well to rotate it and append the whole state anew.
pub const UNFLUSHED_BYTES_MAX: usize = 64 << 20;

/// An append-only log in a directory of its own.
pub(super) struct FileJournal {
    dir: PathBuf,
    oldest: u64,
    newest: u64,
    file: File,
    /// Bytes of the newest file that are whole records.
    written: u64,
    /// A write failed halfway: the file may be longer than `written`.
    torn: bool,
    buffer: Vec<u8>,
    buffer_max: usize,
    dropped: u64,
}

impl FileJournal {
    /// Creates the directory and the first segment.
    pub(super) fn create(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let file = File::create_new(dir.join(format!("0{SUFFIX}")))?;
        Ok(Self {
            dir,
            oldest: 0,
            newest: 0,
            file,
            written: 0,
            torn: false,
            buffer: Vec::new(),
            buffer_max: UNFLUSHED_BYTES_MAX,
            dropped: 0,
        })
    }

    fn path(&self, segment: u64) -> PathBuf {
        self.dir.join(format!("{segment}{SUFFIX}"))
    }

    /// Hands the buffer to the operating system, or keeps it whole.
    fn write_out(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.written)?;
            self.file.seek(SeekFrom::Start(self.written))?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(&self.buffer) {
            self.torn = true;
            return Err(error);
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        // A peak must not keep its memory for good.
        self.buffer.shrink_to(1 << 20);
        Ok(())
    }

    /// Drops a record that finds no room, together with everything that waits before it.
    fn drop_unflushed(&mut self, size: usize) {
        self.dropped += (self.buffer.len() + size) as u64;
        self.buffer = Vec::new();
    }
}

impl Journal for FileJournal {
    fn append(&mut self, record: &[u8]) {
        let size = HEADER_BYTES + record.len();
        if self.buffer.len() + size > self.buffer_max {
            // Its error comes again from the next flush, if it lasts.
            _ = self.write_out();
        }
        let Ok(length) = u32::try_from(record.len()) else { return self.drop_unflushed(size) };
        if self.buffer.len() + size > self.buffer_max {
            return self.drop_unflushed(size);
        }
        let length = length.to_le_bytes();
        self.buffer.extend_from_slice(&length);
        self.buffer.extend_from_slice(&checksum(length, record).to_le_bytes());
        self.buffer.extend_from_slice(record);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        match std::mem::take(&mut self.dropped) {
            0 => Ok(()),
            dropped => Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!("{dropped} bytes of records were dropped while the file took none"),
            )),
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.write_out()?;
        let file = File::create(self.path(self.newest + 1))?;
        self.newest += 1;
        self.file = file;
        self.written = 0;
        Ok(())
    }

    fn discard(&mut self, keep: usize) -> io::Result<()> {
        let keep = u64::try_from(keep.max(1)).unwrap_or(u64::MAX);
        while self.newest - self.oldest >= keep {
            match fs::remove_file(self.path(self.oldest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.oldest += 1,
            }
        }
        Ok(())
    }

    fn segment_bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::recovery;
    use super::*;

    /// Makes every write fail, as a full disk does, until the returned file is put back.
    fn break_file(journal: &mut FileJournal) -> File {
        let broken = File::open(journal.path(journal.newest)).unwrap();
        std::mem::replace(&mut journal.file, broken)
    }

    #[test]
    fn records_wait_while_the_file_takes_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = FileJournal::create(dir.path().join("0")).unwrap();
        journal.append(b"first");
        journal.flush().unwrap();
        let file = break_file(&mut journal);
        journal.append(b"second");
        assert!(journal.flush().is_err());
        assert!(journal.rotate().is_err());
        journal.append(b"third");
        // Part of a long record reached the file before the error.
        let mut torn = &file;
        torn.write_all(&[5; 200]).unwrap();
        journal.file = file;
        journal.flush().unwrap();
        let found = recovery::read(&journal.dir).unwrap();
        assert_eq!(found, [&b"first"[..], b"second", b"third"]);
        let bytes = fs::metadata(journal.path(0)).unwrap().len();
        assert_eq!(bytes, journal.segment_bytes(), "nothing of the torn record is left");
    }

    #[test]
    fn past_its_limit_what_waits_is_dropped_and_reported_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = FileJournal::create(dir.path().join("0")).unwrap();
        journal.buffer_max = 40;
        journal.append(b"first");
        journal.flush().unwrap();
        let file = break_file(&mut journal);
        journal.append(&[2; 20]);
        assert_ne!(journal.flush().unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        journal.append(&[3; 20]);
        journal.append(b"later");
        journal.file = file;
        let error = journal.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert!(error.to_string().starts_with("56 bytes"), "{error}");
        journal.flush().unwrap();
        assert_eq!(recovery::read(&journal.dir).unwrap(), [b"first", b"later"]);
    }

    #[test]
    fn a_healthy_file_takes_more_than_the_limit_between_two_flushes() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = FileJournal::create(dir.path().join("0")).unwrap();
        journal.buffer_max = 40;
        (0..10).for_each(|record| journal.append(&[record; 20]));
        journal.flush().unwrap();
        assert_eq!(recovery::read(&journal.dir).unwrap().len(), 10);
    }
}
