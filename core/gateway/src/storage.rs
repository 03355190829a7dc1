//! What the gateway itself asks of a store: whether it is empty, and a copy of it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use throng_plugin_store_sqlite::backup as copy;
use throng_ports::store::Store;
use throng_proto::id::UserId;

use crate::config::Loaded;
use crate::log;

/// The key that chooses a store.
pub(crate) const KIND: &str = "store.kind";

/// Tells whether nobody has ever used a store.
pub(crate) async fn is_empty(store: &Arc<dyn Store>) -> anyhow::Result<bool> {
    let cannot = "the store cannot be read";
    let accounts = store.accounts(UserId::new(0), 1).await.context(cannot)?;
    Ok(accounts.is_empty() && store.guilds().await.context(cannot)?.is_empty())
}

/// Copies the database.
pub(crate) fn backup(loaded: &Loaded, file: &Path) -> anyhow::Result<()> {
    let kind = loaded.chosen.get(KIND).map_or("", String::as_str);
    ensure!(
        ["sqlite", "memory"].contains(&kind),
        "only the store `sqlite` is copied so, and store.kind is `{kind}`: copy it by its own means"
    );
    let bytes = copy(&loaded.settings.data, file)?;
    log::say(&format!("{}: {bytes} bytes", file.display()));
    Ok(())
}
