//! Journals as files: `sessions/<generation>/<journal>/<segment>.log`, and which generation is in
//! force.

mod recovery;
mod segment;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use throng_ports::journal::{Journal, Journals, Record};

use segment::FileJournal;
pub use segment::UNFLUSHED_BYTES_MAX;

/// Names the generation in force; written whole beside it and renamed, so that it is never half
/// there.
const CURRENT: &str = "current";

/// Journals in a directory.
#[derive(Debug)]
pub struct FileJournals {
    dir: PathBuf,
    begun: Mutex<Option<u64>>,
    // Nobody else may use the directory while these live.
    _lock: Arc<File>,
}

impl FileJournals {
    pub(crate) const fn new(dir: PathBuf, lock: Arc<File>) -> Self {
        Self { dir, begun: Mutex::new(None), _lock: lock }
    }

    /// Returns the generation in force, if one was ever sealed.
    fn current(&self) -> io::Result<Option<u64>> {
        match fs::read_to_string(self.dir.join(CURRENT)) {
            Ok(name) => Ok(name.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes every generation but one.
    fn keep_only(&self, kept: Option<u64>) -> io::Result<()> {
        for number in numbered(&self.dir, "")? {
            if Some(number) != kept {
                fs::remove_dir_all(self.dir.join(number.to_string()))?;
            }
        }
        Ok(())
    }
}

impl Journals for FileJournals {
    fn recover(&self) -> io::Result<Vec<Vec<Record>>> {
        let Some(current) = self.current()? else { return Ok(Vec::new()) };
        let generation = self.dir.join(current.to_string());
        let journals = numbered(&generation, "")?;
        journals
            .into_iter()
            .map(|journal| recovery::read(&generation.join(journal.to_string())))
            .collect()
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        fs::create_dir_all(&self.dir)?;
        let current = self.current()?;
        let newest = numbered(&self.dir, "")?.last().copied().max(current);
        self.keep_only(current)?;
        let generation = newest.map_or(1, |newest| newest + 1);
        let dir = self.dir.join(generation.to_string());
        let journals = (0..count)
            .map(|index| {
                let journal = FileJournal::create(dir.join(index.to_string()))?;
                Ok(Box::new(journal) as Box<dyn Journal>)
            })
            .collect::<io::Result<Vec<_>>>()?;
        fs::create_dir_all(&dir)?;
        *self.begun.lock() = Some(generation);
        Ok(journals)
    }

    fn seal(&self) -> io::Result<()> {
        let Some(generation) = *self.begun.lock() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no generation was begun"));
        };
        let draft = self.dir.join("current.new");
        let mut file = File::create(&draft)?;
        writeln!(file, "{generation}")?;
        // A crash of the machine must not leave an empty name in force.
        file.sync_all()?;
        fs::rename(&draft, self.dir.join(CURRENT))?;
        self.keep_only(Some(generation))
    }
}

/// Lists the entries whose names are a number and a suffix, in order of the numbers.
fn numbered(dir: &Path, suffix: &str) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(suffix)?.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
