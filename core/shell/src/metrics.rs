//! Everything that is counted, in Prometheus' terms.

mod jobs;
mod render;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use throng_engine::time::Instant;
use throng_ports::metrics::Histogram;
use throng_proto::event::EventKind;

pub(crate) use jobs::JobMetrics;

const KINDS: usize = EventKind::ALL.len();

/// A number that one thread changes and the scrape reads.
#[derive(Debug, Default)]
pub(crate) struct Cell(AtomicU64);

impl Cell {
    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, to: u64) {
        self.0.store(to, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, by: u64) {
        self.0.fetch_sub(by, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// As many numbers as there are of something.
#[derive(Debug)]
pub(crate) struct Cells<const N: usize>([Cell; N]);

impl<const N: usize> Default for Cells<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Cell::default()))
    }
}

impl<const N: usize> std::ops::Deref for Cells<N> {
    type Target = [Cell; N];

    fn deref(&self) -> &[Cell; N] {
        &self.0
    }
}

/// Why something was refused or ended; the name of a limit where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Refused {
    Connections,
    BadToken,
    IdentifyRate,
    PayloadRate,
    PayloadSize,
    Decode,
    Timeout,
    SessionsPerUser,
    GuildsPerShard,
    GuildsPerUser,
    GuildsMade,
    Intents,
    Shard,
    Version,
    Policy,
    InvalidResume,
    Lag,
    MemberLists,
    StoreFailed,
    EventBytes,
    GuildQueue,
    Journal,
    Overload,
    RequestsPerLink,
    ListRange,
    RangesPerChannel,
    ListChannels,
    Jobs,
    RelayCount,
    HandOff,
    OverloadMembers,
    OverloadBulk,
    OverloadIdentify,
    Written,
    Read,
    Delivered,
    GuildsTold,
    GuildsEntered,
    GuildsAtOnce,
    MembersSought,
    Resumes,
    AnswerBytes,
    AnswerTime,
    Activities,
    Handshake,
    BadHandshake,
    HttpConnections,
    HttpIdle,
    Address,
    ConnectionRate,
    HttpAnswerBytes,
    HttpWriteTime,
    TurnedOut,
    TokenExpired,
}

impl Refused {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Connections, "connections_max"),
        (Self::BadToken, "bad_token"),
        (Self::IdentifyRate, "identifies_per_5s"),
        (Self::PayloadRate, "payloads_max"),
        (Self::PayloadSize, "payload_bytes_max"),
        (Self::Decode, "decode"),
        (Self::Timeout, "heartbeat_timeout"),
        (Self::SessionsPerUser, "sessions_per_user"),
        (Self::GuildsPerShard, "guilds_per_shard"),
        (Self::GuildsPerUser, "guilds_per_user"),
        (Self::GuildsMade, "guilds_made_per_hour"),
        (Self::Intents, "intents"),
        (Self::Shard, "shard"),
        (Self::Version, "version"),
        (Self::Policy, "policy"),
        (Self::InvalidResume, "invalid_resume"),
        (Self::Lag, "lag"),
        (Self::MemberLists, "member_lists_per_30s"),
        (Self::StoreFailed, "store"),
        (Self::EventBytes, "event_bytes_max"),
        (Self::GuildQueue, "guild_queue"),
        (Self::Journal, "journal"),
        (Self::Overload, "overload"),
        (Self::RequestsPerLink, "requests_per_link"),
        (Self::ListRange, "list_range"),
        (Self::RangesPerChannel, "ranges_per_channel"),
        (Self::ListChannels, "list_channels"),
        (Self::Jobs, "jobs_queue_max"),
        (Self::RelayCount, "relay_count_max"),
        (Self::HandOff, "handoff_queue"),
        (Self::OverloadMembers, "overload_member_lists"),
        (Self::OverloadBulk, "overload_bulk"),
        (Self::OverloadIdentify, "overload_identifies"),
        (Self::Written, "budgets_written"),
        (Self::Read, "budgets_read"),
        (Self::Delivered, "budgets_delivered"),
        (Self::GuildsTold, "budgets_guilds_told"),
        (Self::GuildsEntered, "budgets_guilds_entered"),
        (Self::GuildsAtOnce, "budgets_guilds_at_once"),
        (Self::MembersSought, "budgets_members_sought"),
        (Self::Resumes, "budgets_resumes"),
        (Self::AnswerBytes, "answer_bytes"),
        (Self::AnswerTime, "answer_secs"),
        (Self::Activities, "presence_bytes_max"),
        (Self::Handshake, "handshake_evicted"),
        (Self::BadHandshake, "handshakes_refused"),
        (Self::HttpConnections, "http_connections_max"),
        (Self::HttpIdle, "http_evicted"),
        (Self::Address, "connections_per_address"),
        (Self::ConnectionRate, "connections_per_sec"),
        (Self::HttpAnswerBytes, "http_answer_bytes_max"),
        (Self::HttpWriteTime, "http_write_timeout"),
        (Self::TurnedOut, "turned_out"),
        (Self::TokenExpired, "token_expired"),
    ];

    /// Returns its name in metrics and in the log.
    pub(crate) fn name(self) -> &'static str {
        let own = Self::ALL.iter().find(|(why, _)| *why == self);
        own.map_or("", |(_, name)| name)
    }
}

/// Counters of one worker. Only its thread writes them.
#[derive(Debug, Default)]
pub(crate) struct WorkerMetrics {
    pub(crate) links: Cell,
    pub(crate) sessions: Cell,
    pub(crate) attachments: [Cell; 4],
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
    refused: Cells<{ Refused::ALL.len() }>,
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
        self.handoff_pause_nanos.add(u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn refuse(&self, why: Refused) {
        self.refuse_many(why, 1);
    }

    pub(crate) fn refuse_many(&self, why: Refused, count: u64) {
        self.refused[why as usize].add(count);
    }
}
