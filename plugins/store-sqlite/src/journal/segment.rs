//! One journal: a buffer before the newest of its segments' files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use throng_ports::journal::Journal;

use super::format::{FRAME_BYTES, Header, Identity, frame};
use super::watch::Watch;

/// Ends the name of a segment's file.
pub(super) const SUFFIX: &str = ".log";

/// Bytes that one journal keeps while its file cannot be written: 64 MiB.
///
/// Past them everything appended since the last good flush is dropped, and so is what is appended
/// next, until the journal is rotated. The next flush answers [`io::ErrorKind::QuotaExceeded`]: the
/// shell rotates the journal then and appends the whole state anew. Whoever reads it finds a gap.
pub const UNFLUSHED_BYTES_MAX: usize = 64 << 20;

/// An append-only log in a directory of its own.
pub(super) struct FileJournal {
    dir: PathBuf,
    identity: Identity,
    oldest: u64,
    newest: u64,
    /// `None` while the newest file cannot be created.
    file: Option<File>,
    /// Bytes of the newest file that are whole records.
    written: u64,
    /// A write failed halfway: the file may be longer than `written`.
    torn: bool,
    buffer: Vec<u8>,
    buffer_max: usize,
    /// Place of the next record.
    place: u64,
    /// Bytes of records in the newest segment.
    bytes: u64,
    dropped: u64,
    /// Records of this segment were dropped, so that later ones could not be read.
    broken: bool,
    watch: Arc<Watch>,
}

impl FileJournal {
    /// Creates the directory and the first segment, or does so later when that cannot be done now.
    pub(super) fn create(dir: PathBuf, identity: Identity, watch: Arc<Watch>) -> Self {
        let mut journal = Self {
            dir,
            identity,
            oldest: 0,
            newest: 0,
            file: None,
            written: 0,
            torn: false,
            buffer: Vec::new(),
            buffer_max: UNFLUSHED_BYTES_MAX,
            place: 0,
            bytes: 0,
            dropped: 0,
            broken: false,
            watch,
        };
        journal.buffer.extend_from_slice(&journal.header());
        // Its error comes again from the next flush, if it lasts.
        _ = journal.write_out();
        journal
    }

    fn path(&self, segment: u64) -> PathBuf {
        self.dir.join(format!("{segment}{SUFFIX}"))
    }

    fn header(&self) -> [u8; super::format::HEADER_BYTES] {
        let (identity, place) = (self.identity, self.place);
        Header { identity, segment: self.newest, place }.to_bytes()
    }

    /// Hands the buffer to the operating system, or keeps it whole.
    fn write_out(&mut self) -> io::Result<()> {
        let written = self.try_write();
        self.watch.set_behind(written.is_err());
        written
    }

    fn try_write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                private_dir(&self.dir)?;
                let path = self.dir.join(format!("{}{SUFFIX}", self.newest));
                let file = private_file(&path)?;
                self.watch.begin(&path);
                self.file.insert(file)
            }
        };
        if self.buffer.is_empty() && !self.torn {
            return Ok(());
        }
        if self.torn {
            file.set_len(self.written)?;
            file.seek(SeekFrom::Start(self.written))?;
            self.torn = false;
        }
        if let Err(error) = file.write_all(&self.buffer) {
            self.torn = true;
            return Err(error);
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        // A peak must not keep its memory for good.
        self.buffer.shrink_to(1 << 20);
        Ok(())
    }

    /// Gives up what was written into a file that nobody finds any more: the journal has to begin
    /// anew.
    fn lose(&mut self) -> io::Error {
        self.buffer = Vec::new();
        (self.broken, self.dropped) = (true, 0);
        let text = format!("{} was removed or replaced", self.path(self.newest).display());
        io::Error::new(io::ErrorKind::QuotaExceeded, text)
    }

    /// Drops a record that finds no room, together with everything that waits before it.
    fn drop_unflushed(&mut self, size: usize) {
        self.dropped += (self.buffer.len() + size) as u64;
        self.buffer = Vec::new();
        self.broken = true;
    }
}

impl Journal for FileJournal {
    fn append(&mut self, record: &[u8]) {
        let place = self.place;
        self.place += 1;
        let size = FRAME_BYTES + record.len();
        self.bytes += size as u64;
        if self.broken {
            self.dropped += size as u64;
            return;
        }
        if self.buffer.len() + size > self.buffer_max {
            // Its error comes again from the next flush, if it lasts.
            _ = self.write_out();
        }
        let frame = frame(self.identity, place, record);
        let Some(frame) = frame.filter(|_| self.buffer.len() + size <= self.buffer_max) else {
            return self.drop_unflushed(size);
        };
        self.buffer.extend_from_slice(&frame);
        self.buffer.extend_from_slice(record);
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.watch.is_lost() {
            return Err(self.lose());
        }
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
        if self.watch.is_lost() {
            self.lose();
            private_dir(&self.dir)?;
        } else {
            self.write_out()?;
        }
        let path = self.path(self.newest + 1);
        let file = private_file(&path)?;
        self.watch.begin(&path);
        self.newest += 1;
        self.file = Some(file);
        (self.written, self.bytes, self.broken, self.torn) = (0, 0, false, false);
        let header = self.header();
        self.buffer.extend_from_slice(&header);
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
        self.bytes
    }
}

/// Makes a directory, for its owner alone: journals hold messages and the names of sessions.
pub(super) fn private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes an empty file, for its owner alone.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use throng_ports::journal::Found;

    use super::super::recovery;
    use super::*;

    const IDENTITY: Identity = Identity { generation: 7, journal: 3 };

    fn create(dir: &Path) -> FileJournal {
        FileJournal::create(dir.join("0"), IDENTITY, Arc::default())
    }

    fn recovered(journal: &FileJournal) -> Vec<Found> {
        recovery::read(&journal.dir, IDENTITY)
    }

    fn records(records: &[&[u8]]) -> Vec<Found> {
        records.iter().map(|record| Found::Record(record.to_vec())).collect()
    }

    /// Makes every write fail, as a full disk does, until the returned file is put back.
    fn break_file(journal: &mut FileJournal) -> File {
        let broken = File::open(journal.path(journal.newest)).unwrap();
        journal.file.replace(broken).unwrap()
    }

    #[test]
    fn records_wait_while_the_file_takes_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = create(dir.path());
        journal.append(b"first");
        journal.flush().unwrap();
        let file = break_file(&mut journal);
        journal.append(b"second");
        assert!(journal.flush().is_err());
        assert!(journal.watch.is_behind());
        assert!(journal.rotate().is_err());
        journal.append(b"third");
        // Part of a long record reached the file before the error.
        let mut torn = &file;
        torn.write_all(&[5; 200]).unwrap();
        journal.file = Some(file);
        journal.flush().unwrap();
        assert!(!journal.watch.is_behind());
        assert_eq!(recovered(&journal), records(&[b"first", b"second", b"third"]));
        let bytes = fs::metadata(journal.path(0)).unwrap().len();
        assert_eq!(bytes, journal.written, "nothing of the torn record is left");
    }

    #[test]
    fn past_its_limit_what_waits_is_dropped_and_reported_once_and_leaves_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = create(dir.path());
        journal.buffer_max = 40;
        journal.append(b"first");
        journal.flush().unwrap();
        let file = break_file(&mut journal);
        journal.append(&[2; 20]);
        assert_ne!(journal.flush().unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        journal.append(&[3; 20]);
        journal.append(b"later");
        journal.file = Some(file);
        let error = journal.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert!(error.to_string().starts_with("69 bytes"), "{error}");
        journal.flush().unwrap();
        assert_eq!(recovered(&journal), records(&[b"first"]));
        journal.rotate().unwrap();
        journal.append(b"anew");
        journal.flush().unwrap();
        let mut expected = records(&[b"first", b"anew"]);
        expected.insert(1, Found::Gap);
        assert_eq!(recovered(&journal), expected);
    }

    #[test]
    fn a_healthy_file_takes_more_than_the_limit_between_two_flushes() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = create(dir.path());
        journal.buffer_max = 40;
        (0..10).for_each(|record| journal.append(&[record; 20]));
        journal.flush().unwrap();
        assert_eq!(recovered(&journal).len(), 10);
    }

    #[test]
    fn a_journal_that_cannot_be_created_is_created_when_it_can() {
        let dir = tempfile::tempdir().unwrap();
        // A file where its directory should be: nobody is spared by being root.
        fs::write(dir.path().join("0"), "").unwrap();
        let mut journal = create(dir.path());
        journal.append(b"first");
        assert!(journal.flush().is_err());
        assert!(journal.watch.is_behind());
        fs::remove_file(dir.path().join("0")).unwrap();
        journal.append(b"second");
        journal.flush().unwrap();
        assert_eq!(recovered(&journal), records(&[b"first", b"second"]));
    }
}
