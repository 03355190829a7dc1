//! Settings of the store, and how a gateway opens it by its name.

use std::sync::Arc;

use throng_ports::kind::{Given, Kind, Opened};
use throng_ports::link::BoxFuture;
use throng_ports::settings::{Section, Settings as _};
use throng_ports::store::Store;

use crate::store::SqliteStore;

throng_ports::settings! {
    /// A file in the data directory, in SQLite's write-ahead mode.
    pub struct Config {
        /// Bytes of pages that each connection caches; there are `readers` + 1. Default 16 MiB.
        cache_bytes: u64 = 16 << 20,
        /// Commits, and as many reads, that wait before further ones are refused as overload; at
        /// least 1. Default 4096.
        queue_max: usize = 4096,
        /// Threads that read, each with its own connection; at least 1. Default 2.
        readers: usize = 2,
        /// Pages of 4 KiB that the database may grow to, past which it counts as full; 0 is no
        /// limit. Default 0.
        pages_max: u32 = 0,
        /// Bytes up to which the whole database is checked for damage at start; above, only its
        /// header, schema and tables' roots. Default 256 MiB, about a second.
        quick_check_bytes_max: u64 = 256 << 20,
    }
}

impl Copy for Config {}

/// The store as a kind: `store.kind = "sqlite"`.
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

impl Kind<Arc<dyn Store>> for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn section(&self) -> Section {
        Config::section()
    }

    fn open(&self, given: Given) -> BoxFuture<'static, Opened<Arc<dyn Store>>> {
        Box::pin(async move {
            let config = given.read()?;
            Ok(Arc::new(SqliteStore::open(&given.data, config)?) as Arc<dyn Store>)
        })
    }
}
