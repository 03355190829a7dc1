//! What the files of a policy look like from outside: which there are, how long, how old.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config::Config;

/// Files of a library that are looked at; a larger one is no library.
const FILES_MAX: usize = 1_024;
/// Folders inside of each other that are looked at.
const DEPTH_MAX: usize = 8;

/// How a file is: bytes, inode, seconds and nanoseconds of its last change.
type Look = (u64, u64, i64, i64, i64, i64);

/// The files that a policy may consist of. Two that are equal are, in all likelihood, of the same
/// texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Footprint(BTreeMap<PathBuf, Look>);

impl Footprint {
    /// Looks at script, cases and library as they are now.
    pub(crate) fn of(config: &Config) -> Self {
        let mut footprint = Self::default();
        let path = &config.path;
        if path.is_dir() {
            footprint.folder(path, 0);
        } else {
            footprint.file(path);
            footprint.file(&path.with_extension("toml"));
        }
        let script = if path.is_dir() { path.join("policy.rhai") } else { path.clone() };
        footprint.folder(&config.library_of(&script), DEPTH_MAX);
        footprint
    }

    fn file(&mut self, path: &Path) {
        if let Ok(found) = fs::metadata(path)
            && self.0.len() < FILES_MAX
        {
            let changed = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
            let look = (found.len(), found.ino(), changed.0, changed.1, changed.2, changed.3);
            self.0.insert(path.to_owned(), look);
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()).take(FILES_MAX) {
            let is_ours = path.extension().is_some_and(|end| end == "rhai" || end == "toml");
            if is_ours {
                self.file(&path);
            } else if depth > 0 && path.is_dir() {
                self.folder(&path, depth - 1);
            }
        }
    }
}
