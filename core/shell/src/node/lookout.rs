//! A look now and then at what nobody would notice otherwise: the data directory, room on the disk.

use std::sync::Arc;
use std::time::Duration;

use throng_ports::store::StoreError;

use super::Shared;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// The trouble of a data directory that is gone.
const GONE: &str = "data";
/// The trouble of a disk that is full or nearly so.
const FULL: &str = "disk";

/// Looks as long as the node runs.
pub(super) async fn looks(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let store = Arc::clone(&shared.store);
        // The disk may take its time.
        let Ok(found) = tokio::task::spawn_blocking(move || store.check()).await else { continue };
        note(&shared, found.err());
    }
}

fn note(shared: &Shared, found: Option<StoreError>) {
    let (gone, full) = match found {
        Some(error @ StoreError::Full(_)) => (None, Some(error.to_string())),
        Some(error) => (Some(error.to_string()), None),
        None => (None, None),
    };
    let troubles = &shared.troubles;
    match (gone, troubles.has(GONE)) {
        (Some(text), known) => {
            if !known {
                tracing::error!("{text}; nothing is taken that would be lost");
            }
            troubles.set_grave(GONE, text);
        }
        (None, true) => {
            troubles.clear(GONE);
            tracing::info!("the data directory is back");
        }
        (None, false) => {}
    }
    match (full, troubles.has(FULL)) {
        (Some(text), known) => {
            if !known {
                tracing::error!("{text}");
            }
            troubles.set(FULL, text);
        }
        (None, true) => {
            troubles.clear(FULL);
            tracing::info!("there is room on the disk again");
        }
        (None, false) => {}
    }
}
