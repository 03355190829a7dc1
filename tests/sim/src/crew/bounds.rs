//! Bounds of decks, which are another node's in each world.

use std::time::Duration;

use throng_engine::deck::Config;
use throng_engine::replay::Limits;

use crate::fault::Fault;
use crate::plan::Plan;

/// Returns the bounds of one deck of a world.
pub(crate) fn bounds(plan: &Plan, deck: usize) -> Config {
    let small = plan.has(Fault::SmallLogs);
    let log = Limits {
        entries_max: if small { 200 } else { 100_000 },
        bytes_max: if small { 1 << 17 } else { 1 << 28 },
        own_bytes_max: if small { 1 << 16 } else { 1 << 27 },
        age_max: Duration::from_secs(if small { 10 } else { 60 }),
    };
    Config {
        worker: u16::try_from(deck).unwrap_or(u16::MAX),
        workers: plan.decks.into(),
        log,
        resume_window: Duration::from_secs(60),
        lag_events_max: 200,
        lag_bytes_max: 1 << 20,
        ranges_max: 5,
        lists_max: 5,
        relays_max: 64,
        // Small, so that much happens while passes are under way.
        stride: 2,
        move_slice: 3,
        degrade_attachments_min: if plan.has(Fault::Bands) { 3 } else { 1_000 },
    }
}
