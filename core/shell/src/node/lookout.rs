//! A look now and then at what nobody would notice otherwise: the data directory, room on the disk,
//! which guilds are the heaviest.

use std::sync::Arc;
use std::time::Duration;

use throng_ports::store::StoreError;

use crate::archive::Archive;
use crate::meter::Meter;
use crate::troubles::Troubles;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// The trouble of a data directory that is gone.
const GONE: &str = "data";
/// The trouble of a disk that is full or nearly so.
const FULL: &str = "disk";

/// The trouble of journals that were begun anew.
const SESSIONS: &str = "sessions";
/// How long it counts, so that whoever looks now and then sees it.
const TROUBLED_FOR: Duration = Duration::from_mins(1);
/// Looks in a minute.
const MINUTE: u32 = 60;

/// Looks as long as the node runs.
pub(super) async fn looks(archive: Archive, meter: Meter) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for look in 1_u32.. {
        tick.tick().await;
        if look.is_multiple_of(MINUTE) {
            meter.traffic.rank();
        }
        let store = Arc::clone(&archive.store);
        // The disk may take its time.
        let Ok(found) = tokio::task::spawn_blocking(move || store.check()).await else { continue };
        note(&meter.troubles, found.err());
    }
}

fn note(troubles: &Troubles, found: Option<StoreError>) {
    let (mut gone, mut full) = (None, None);
    match found {
        Some(error @ StoreError::Full(_)) => full = Some(error.to_string()),
        Some(error @ StoreError::Gone(_)) => gone = Some(error.to_string()),
        // What is kept beside the database.
        Some(error) => {
            tracing::error!("{error}");
            troubles.set_for(SESSIONS, error.to_string(), TROUBLED_FOR);
        }
        None => {}
    }
    match gone {
        Some(text) => {
            if !troubles.has(GONE) {
                tracing::error!("{text}; nothing is taken that would be lost");
            }
            troubles.set_grave(GONE, text);
        }
        None if troubles.clear(GONE) => tracing::info!("the data directory is back"),
        None => {}
    }
    match full {
        Some(text) => {
            if !troubles.has(FULL) {
                tracing::error!("{text}");
            }
            troubles.set(FULL, text);
        }
        None if troubles.clear(FULL) => tracing::info!("there is room on the disk again"),
        None => {}
    }
}
