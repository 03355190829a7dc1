//! Removes messages that are older than they are kept (`store.messages_days`), a slice at a time.

use std::time::Duration;

use throng_proto::time::Timestamp;

use crate::archive::Archive;
use crate::clock::{self, Stopwatch};
use crate::meter::Meter;

/// Rows that the store removes at once, while commits wait: 200 x about 10 us = 2 ms.
const SLICE: usize = 200;
/// How much longer than a slice took the store is left to others after it, so that removing takes a
/// tenth of its time at most.
const REST_SHARE: u32 = 9;
/// The shortest rest: at most 10,000 rows are removed in a second.
const REST_MIN: Duration = Duration::from_millis(20);
/// Time between two looks once nothing is old enough.
const LOOK: Duration = Duration::from_mins(1);
/// The trouble of messages that cannot be removed.
const TROUBLE: &str = "retention";

/// Removes as long as the node runs; nothing when messages are kept for ever.
pub(super) async fn removes(archive: Archive, meter: Meter, days: u32) {
    let Some(age) = age(days) else { return };
    loop {
        let now = clock::wall().millis();
        let before = Timestamp::from_millis(now.saturating_sub(age));
        let watch = Stopwatch::start();
        let rest = match archive.store.expire(before, SLICE).await {
            Ok(expired) => {
                meter.troubles.clear(TROUBLE);
                meter.metrics.expired_messages.add(expired.messages);
                meter.metrics.expired_reactions.add(expired.reactions);
                let full = expired.messages + expired.reactions >= SLICE as u64;
                if full { REST_MIN.max(watch.spent() * REST_SHARE) } else { LOOK }
            }
            Err(error) => {
                tracing::warn!(%error, "old messages cannot be removed");
                meter.troubles.set(TROUBLE, format!("old messages cannot be removed: {error}"));
                LOOK
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// Returns milliseconds after which messages are removed.
fn age(days: u32) -> Option<u64> {
    (days > 0).then(|| u64::from(days) * 24 * 60 * 60 * 1_000)
}
