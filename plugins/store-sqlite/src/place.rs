//! Whether the files that are open are still those in the data directory.
//!
//! A directory that is removed or replaced while the gateway runs takes what is written with it:
//! files that are open go on, but nobody will find them again.

use std::io;
use std::path::{Path, PathBuf};

use throng_ports::store::StoreError;

/// Files that are looked at.
const FILES: [&str; 3] = ["lock", "throng.db", "throng.db-wal"];
/// Bytes that should be free; below, the next commits may find no room.
const FREE_BYTES_MIN: u64 = 4 << 20;

/// Files that should be left to make; journals begin new ones.
#[cfg(unix)]
const FREE_FILES_MIN: u64 = 16;

/// The data directory as it was when it was opened.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    dir: PathBuf,
    files: Vec<(PathBuf, Identity)>,
}

/// What a file is, whatever its name.
pub(crate) type Identity = (u64, u64);

impl Place {
    /// Notes what the files are. One that does not exist is not looked at.
    pub(crate) fn new(dir: &Path) -> Self {
        let files = FILES.iter().filter_map(|name| {
            let path = dir.join(name);
            identity(&path).ok().map(|identity| (path, identity))
        });
        Self { dir: dir.to_owned(), files: files.collect() }
    }

    /// Looks whether they are still there.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (path, expected) in &self.files {
            let lost = match identity(path) {
                Ok(found) if found == *expected => continue,
                Ok(_) => "is another file than the one that is open".to_owned(),
                Err(error) => format!("cannot be found: {error}"),
            };
            let dir = self.dir.display();
            return Err(StoreError::Gone(format!(
                "{} {lost}; put the data directory {dir} back, or start the gateway again",
                path.display()
            )));
        }
        Ok(())
    }

    /// Looks whether there is room for what comes next.
    #[cfg(unix)]
    pub(crate) fn check_room(&self) -> Result<(), StoreError> {
        let Ok(room) = rustix::fs::statvfs(&self.dir) else { return Ok(()) };
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        // A file system that makes room for files as it goes counts none.
        if room.f_files > 0 && room.f_favail < FREE_FILES_MIN {
            let dir = self.dir.display();
            let text = format!("{} more files can be made in {dir}", room.f_favail);
            return Err(StoreError::Full(text));
        }
        if room.f_blocks > 0 && free < FREE_BYTES_MIN {
            let text = format!("{free} bytes are left for {}", self.dir.display());
            return Err(StoreError::Full(text));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    pub(crate) fn check_room(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Tells what the file at a path is.
#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Tells whether there is a file at a path.
#[cfg(not(unix))]
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    path.metadata().map(|_| (0, 0))
}
