//! How large the files are, for metrics.

use std::fs;
use std::path::{Path, PathBuf};

use throng_ports::metrics::{Kind, Page};

use crate::open::DATABASE;
use crate::salvage;

/// The files of a data directory.
#[derive(Clone, Debug)]
pub(crate) struct Sizes(PathBuf);

impl Sizes {
    pub(crate) fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// Writes them, and how often a row could not be read.
    pub(crate) fn measure(&self, page: &mut Page) {
        let database = self.0.join(DATABASE);
        let log = self.0.join(format!("{DATABASE}-wal"));
        let help = "Bytes of files in the data directory.";
        page.family("throng_store_bytes", Kind::Gauge, help);
        page.sample(&[("file", "database")], length(&database));
        page.sample(&[("file", "wal")], length(&log));
        page.sample(&[("file", "journals")], below(&self.0.join("sessions")));
        if let Ok(disk) = rustix::fs::statvfs(&self.0) {
            let help = "Bytes of the disk with the data directory, and of those the free ones.";
            page.family("throng_store_disk_bytes", Kind::Gauge, help);
            let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
            page.sample(&[("room", "all")], bytes(disk.f_blocks));
            page.sample(&[("room", "free")], bytes(disk.f_bavail));
        }
        let (name, help) =
            ("throng_store_unreadable_rows_total", "Times that a row could not be read.");
        page.single(name, Kind::Counter, help, salvage::count());
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// Adds up the files below a directory. What cannot be read counts as nothing.
fn below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => below(&entry.path()),
        Ok(_) => length(&entry.path()),
        Err(_) => 0,
    });
    bytes.sum()
}
