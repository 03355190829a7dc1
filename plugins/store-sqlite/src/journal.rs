//! Journals as files: `sessions/<generation>/<journal>/<segment>.log`, and which generation is in
//! force.

mod format;
mod recovery;
mod segment;
#[cfg(feature = "testing")]
pub mod testing;
mod watch;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use throng_ports::journal::{Found, Journal, Journals};

use format::Identity;
pub use segment::UNFLUSHED_BYTES_MAX;
use segment::{FileJournal, private_dir, private_file};
use watch::Watch;

/// Names the generation in force; written whole beside it and renamed, so that it is never half
/// there.
const CURRENT: &str = "current";

/// Journals in a directory.
#[derive(Debug)]
pub struct FileJournals {
    dir: PathBuf,
    begun: Mutex<Option<Begun>>,
    // Nobody else may use the directory while these live.
    _lock: Arc<File>,
}

/// A generation that was begun.
#[derive(Clone, Debug)]
struct Begun {
    generation: Generation,
    /// How each journal is.
    watches: Vec<Arc<Watch>>,
    /// It was put in force.
    sealed: bool,
}

/// A generation as it is named: the number of its directory, and what its files say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Generation {
    number: u64,
    identity: u128,
}

impl Generation {
    fn parse(name: &str) -> Option<Self> {
        let (number, identity) = name.trim().split_once(' ')?;
        let identity = u128::from_str_radix(identity, 16).ok()?;
        Some(Self { number: number.parse().ok()?, identity })
    }
}

impl FileJournals {
    pub(crate) const fn new(dir: PathBuf, lock: Arc<File>) -> Self {
        Self { dir, begun: Mutex::new(None), _lock: lock }
    }

    /// Looks whether what is written here is what the next run will find. Journals that were
    /// removed or replaced begin anew at their next flush, and are put in force again.
    ///
    /// # Errors
    ///
    /// Says what was lost.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some(begun) = self.begun.lock().clone() else { return Ok(()) };
        let dir = self.dir.display();
        // Each is told, so all are looked at.
        if begun.watches.iter().filter(|watch| watch.look()).count() > 0 {
            return Err(format!(
                "the sessions' journals in {dir} were removed or replaced and begin anew; after a \
                 crash before that sessions could not resume"
            ));
        }
        if begun.sealed && self.current().ok().flatten() != Some(begun.generation) {
            return match self.seal() {
                Ok(()) => Err(format!("the sessions' journals in {dir} were put in force again")),
                Err(error) => Err(format!("the sessions' journals are not in force: {error}")),
            };
        }
        Ok(())
    }

    /// Returns the generation in force, if one was ever sealed.
    fn current(&self) -> io::Result<Option<Generation>> {
        let name = match fs::read(self.dir.join(CURRENT)) {
            Ok(name) => name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let current = Generation::parse(&String::from_utf8_lossy(&name));
        if current.is_none() {
            tracing::warn!(
                "the sessions' journals are damaged or of an older gateway: sessions of \
                            the last run begin anew"
            );
        }
        Ok(current)
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
    fn recover(&self) -> io::Result<Vec<Vec<Found>>> {
        let Some(current) = self.current()? else { return Ok(Vec::new()) };
        let dir = self.dir.join(current.number.to_string());
        let read = |journal: u64| {
            let identity = Identity { generation: current.identity, journal };
            recovery::read(&dir.join(journal.to_string()), identity)
        };
        Ok(numbered(&dir, "")?.into_iter().map(read).collect())
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        let current = self.current()?.map(|current| current.number);
        let newest = numbered(&self.dir, "")?.last().copied().max(current);
        if let Err(error) = self.keep_only(current) {
            tracing::warn!(%error, "journals that nobody needs cannot be removed");
        }
        let number = newest.map_or(1, |newest| newest.saturating_add(1));
        let generation = Generation { number, identity: rand::random() };
        let dir = self.dir.join(number.to_string());
        let watches: Vec<Arc<Watch>> = (0..count).map(|_| Arc::default()).collect();
        let journals = (0_u64..).zip(&watches).map(|(journal, watch)| {
            let identity = Identity { generation: generation.identity, journal };
            let dir = dir.join(journal.to_string());
            let journal = FileJournal::create(dir, identity, Arc::clone(watch));
            Box::new(journal) as Box<dyn Journal>
        });
        let journals = journals.collect();
        *self.begun.lock() = Some(Begun { generation, watches, sealed: false });
        Ok(journals)
    }

    fn seal(&self) -> io::Result<()> {
        let Some(Begun { generation, watches, .. }) = self.begun.lock().clone() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no generation was begun"));
        };
        if watches.iter().any(|watch| watch.is_behind() || watch.is_lost()) {
            let text = "a journal holds what it could not write";
            return Err(io::Error::new(io::ErrorKind::StorageFull, text));
        }
        let Generation { number, identity } = generation;
        let own = self.dir.join(number.to_string());
        private_dir(&own)?;
        // Nor one whose beginning it has lost: from then on this is all that there is.
        sync_all(&own)?;
        let draft = self.dir.join("current.new");
        let mut file = private_file(&draft)?;
        writeln!(file, "{number} {identity:032x}")?;
        // A crash of the machine must not leave an empty name in force.
        file.sync_all()?;
        fs::rename(&draft, self.dir.join(CURRENT))?;
        if let Some(begun) = &mut *self.begun.lock() {
            begun.sealed = true;
        }
        if let Err(error) = self.keep_only(Some(number)) {
            tracing::warn!(%error, "journals that nobody needs cannot be removed");
        }
        Ok(())
    }
}

/// Brings everything below a directory to the disk.
fn sync_all(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_not_put_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Arc::new(File::create(dir.path().join("lock")).unwrap());
        let journals = FileJournals::new(dir.path().join("sessions"), lock);
        let mut journal = journals.begin(1).unwrap().remove(0);
        journal.append(b"first");
        journal.flush().unwrap();
        journals.seal().unwrap();
        let mut journal = journals.begin(1).unwrap().remove(0);
        journal.append(b"next");
        let watch = journals.begun.lock().as_ref().map(|begun| Arc::clone(&begun.watches[0]));
        watch.unwrap().set_behind(true);
        assert_eq!(journals.seal().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(journals.recover().unwrap(), [[Found::Record(b"first".to_vec())]]);
        // A flush that the disk takes is all that it needs.
        journal.flush().unwrap();
        journals.seal().unwrap();
        assert_eq!(journals.recover().unwrap(), [[Found::Record(b"next".to_vec())]]);
    }
}
