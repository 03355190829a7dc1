//! Everything that is counted, in Prometheus' terms.

mod jobs;
mod refused;
mod render;

use std::time::Duration;

use strum::EnumCount as _;
use throng_engine::mode::Mode;
use throng_engine::time::Instant;
use throng_ports::metrics::Histogram;
use throng_proto::event::EventKind;

pub(crate) use jobs::JobMetrics;
pub(crate) use refused::Refused;
pub(crate) use throng_ports::metrics::{Cell, Cells};

const KINDS: usize = EventKind::ALL.len();

/// Counters of one worker. Only its thread writes them.
#[derive(Debug, Default)]
pub(crate) struct WorkerMetrics {
    pub(crate) links: Cell,
    pub(crate) sessions: Cell,
    pub(crate) attachments: Cells<{ Mode::ALL.len() }>,
    pub(crate) relays: Cell,
    pub(crate) relay_members: Cell,
    pub(crate) relay_leaving: Cell,
    pub(crate) relays_started: Cell,
    pub(crate) relays_ended: Cell,
    pub(crate) relay_moves: Cell,
    pub(crate) lagging: Cell,
    pub(crate) replay_events: Cell,
    pub(crate) replay_bytes: Cell,
    pub(crate) replay_own_bytes: Cell,
    /// Seconds for which everything is kept that many sessions got.
    pub(crate) resume_window: Cell,
    pub(crate) queue: Cell,
    pub(crate) pressure: Cell,
    pub(crate) degraded: Cell,
    /// Milliseconds that its last tick came late.
    pub(crate) lag_ms: Cell,
    /// When its next tick is due at the latest, in milliseconds since the start.
    pub(crate) due_at: Cell,
    pub(crate) events: Cells<KINDS>,
    pub(crate) deliveries: Cells<KINDS>,
    pub(crate) audience_nanos: Cells<KINDS>,
    pub(crate) pass_nanos: Cell,
    pub(crate) passes: Cell,
    pub(crate) writes: Cell,
    pub(crate) frames: Cell,
    pub(crate) bytes_sent: Cell,
    pub(crate) bytes_received: Cell,
    pub(crate) resumes: Cell,
    pub(crate) identifies: Cell,
    /// From when the worker has an event until its pass over the recipients is over, once for each
    /// of them.
    pub(crate) delivery: Histogram,
}

impl WorkerMetrics {
    /// Returns how late its loop is: the last tick was, or the next one already is.
    pub(crate) fn lag(&self, now: Instant) -> Duration {
        let overdue = now.since(Instant::from_millis(self.due_at.read()));
        let begun = self.due_at.read() > 0;
        Duration::from_millis(self.lag_ms.read()).max(if begun { overdue } else { Duration::ZERO })
    }
}

/// Counters of the whole node.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) workers: Vec<WorkerMetrics>,
    refused: Cells<{ Refused::COUNT }>,
    pub(crate) commands: Cell,
    pub(crate) command_nanos: Cell,
    pub(crate) guilds: Cell,
    pub(crate) guild_queue: Cell,
    /// From when a commit is asked for until the store has answered.
    pub(crate) commits: Histogram,
    /// From when a guild takes a post until its author is answered.
    pub(crate) publishing: Histogram,
    pub(crate) connections: Cell,
    pub(crate) presences: Cell,
    pub(crate) presences_coalesced: Cell,
    pub(crate) presences_shed: Cell,
    pub(crate) lists: Cell,
    pub(crate) list_viewers: Cell,
    pub(crate) list_operations: Cell,
    pub(crate) list_nanos: Cell,
    pub(crate) node_pressure: Cell,
    pub(crate) node_band: Cell,
    pub(crate) control_lag_ms: Cell,
    pub(crate) guilds_paused: Cell,
    /// Removed for their age.
    pub(crate) expired_messages: Cell,
    pub(crate) expired_reactions: Cell,
    handoffs: Cell,
    handoff_pause_nanos: Cell,
}

impl Metrics {
    pub(crate) fn new(workers: usize) -> Self {
        let workers = std::iter::repeat_with(WorkerMetrics::default).take(workers).collect();
        Self { workers, ..Self::default() }
    }

    /// Counts a hand-off, during which a guild took no requests for so long.
    pub(crate) fn handed_off(&self, pause: Duration) {
        self.handoffs.add(1);
        self.handoff_pause_nanos.time(pause);
    }

    pub(crate) fn refuse(&self, why: Refused) {
        self.refuse_many(why, 1);
    }

    pub(crate) fn refuse_many(&self, why: Refused, count: u64) {
        self.refused[why as usize].add(count);
    }
}
