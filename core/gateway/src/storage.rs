//! Where state is kept, and copies of it.

use std::path::Path;
use std::sync::Arc;

use throng_ports::store::Store;

use crate::config::{Settings, StoreKind};
use crate::log;

/// Opens the store, and tells whether it was empty.
pub(crate) fn open(settings: &Settings) -> anyhow::Result<(Arc<dyn Store>, bool)> {
    match settings.store.kind {
        StoreKind::Memory => {
            tracing::warn!("store.kind is memory: everything is lost when the process ends");
            Ok((Arc::new(throng_plugin_store_memory::MemoryStore::new()), true))
        }
        StoreKind::Sqlite => {
            let first = !settings.data.join("throng.db").exists();
            let config = settings.store.sqlite;
            let store = throng_plugin_store_sqlite::SqliteStore::open(&settings.data, config)?;
            Ok((Arc::new(store), first))
        }
    }
}

/// Copies the database.
pub(crate) fn backup(settings: &Settings, file: &Path) -> anyhow::Result<()> {
    let bytes = throng_plugin_store_sqlite::backup(&settings.data, file)?;
    log::say(&format!("{}: {bytes} bytes", file.display()));
    Ok(())
}
