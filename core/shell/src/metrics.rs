//! Everything that is counted, in Prometheus' terms.

mod jobs;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use throng_engine::mode::Mode;
use throng_engine::time::Instant;
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
    AnswerBytes,
    AnswerTime,
}

impl Refused {
    const ALL: [(Self, &'static str); 34] = [
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
        (Self::AnswerBytes, "answer_bytes"),
        (Self::AnswerTime, "answer_secs"),
    ];
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
    pub(crate) commits: Cell,
    pub(crate) commit_nanos: Cell,
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

    /// Writes everything in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let mut page = Page(String::with_capacity(16 * 1024));
        self.render_node(&mut page);
        self.render_gauges(&mut page);
        self.render_traffic(&mut page);
        self.render_kinds(&mut page);
        page.0
    }

    fn render_node(&self, page: &mut Page) {
        page.family("throng_refusals_total", "counter", "Refusals and ends, by limit or cause.");
        for (why, name) in Refused::ALL {
            page.sample(&format!("{{limit=\"{name}\"}}"), self.refused[why as usize].read());
        }
        for (name, kind, help, cell) in self.node_cells() {
            page.family(name, kind, help);
            page.sample("", cell.read());
        }
        for (name, help, cell) in [
            ("throng_command_seconds_total", "Time in guilds' turns.", &self.command_nanos),
            ("throng_commit_seconds_total", "Time waiting for commits.", &self.commit_nanos),
            ("throng_list_seconds_total", "Time in member lists.", &self.list_nanos),
            (
                "throng_handoff_pause_seconds_total",
                "Time that guilds took no requests for hand-offs.",
                &self.handoff_pause_nanos,
            ),
        ] {
            page.family(name, "counter", help);
            page.seconds("", cell.read());
        }
    }

    fn node_cells(&self) -> [(&'static str, &'static str, &'static str, &Cell); 16] {
        let (gauge, counter) = ("gauge", "counter");
        let (coalesced, shed) = (&self.presences_coalesced, &self.presences_shed);
        [
            ("throng_connections", gauge, "Open connections.", &self.connections),
            ("throng_guilds", gauge, "Loaded guilds.", &self.guilds),
            ("throng_node_pressure", gauge, "Pressure, 0 to 100.", &self.node_pressure),
            ("throng_node_band", gauge, "0 calm, 1 busy, 2 hot, 3 critical.", &self.node_band),
            ("throng_control_lag_ms", gauge, "How late a look came.", &self.control_lag_ms),
            ("throng_guilds_paused", gauge, "Guilds about to change hands.", &self.guilds_paused),
            ("throng_guild_queue", gauge, "Requests waiting for guilds.", &self.guild_queue),
            ("throng_commands_total", counter, "Commands answered.", &self.commands),
            ("throng_commits_total", counter, "Commits answered.", &self.commits),
            ("throng_handoffs_total", counter, "Guilds handed to other owners.", &self.handoffs),
            ("throng_presences_total", counter, "Presences told.", &self.presences),
            ("throng_presences_coalesced_total", counter, "Presences that others hid.", coalesced),
            ("throng_presences_shed_total", counter, "Presences shed, once per worker.", shed),
            ("throng_lists", gauge, "Member lists that are kept up.", &self.lists),
            ("throng_list_viewers", gauge, "Sessions that watch lists.", &self.list_viewers),
            ("throng_list_operations_total", counter, "Changes of lists.", &self.list_operations),
        ]
    }

    fn render_gauges(&self, page: &mut Page) {
        type Gauge = (&'static str, &'static str, fn(&WorkerMetrics) -> &Cell);
        let gauges: [Gauge; 14] = [
            ("throng_links", "Live links.", |w| &w.links),
            ("throng_sessions", "Sessions, with and without a link.", |w| &w.sessions),
            ("throng_relays", "Relays.", |w| &w.relays),
            ("throng_relay_members", "Members that relays hold.", |w| &w.relay_members),
            ("throng_relay_leaving", "Attachments about to move to other relays.", |w| {
                &w.relay_leaving
            }),
            ("throng_lagging", "Links that are behind.", |w| &w.lagging),
            ("throng_replay_events", "Events kept for resuming.", |w| &w.replay_events),
            ("throng_replay_bytes", "Bytes of those events.", |w| &w.replay_bytes),
            ("throng_replay_own_bytes", "Bytes of those for one session alone.", |w| {
                &w.replay_own_bytes
            }),
            ("throng_resume_window_seconds", "How far back sessions can resume.", |w| {
                &w.resume_window
            }),
            ("throng_worker_queue", "Events waiting for workers.", |w| &w.queue),
            ("throng_pressure", "How full the fullest queue is, 0 to 100.", |w| &w.pressure),
            ("throng_worker_lag_ms", "How late the last tick came.", |w| &w.lag_ms),
            ("throng_guilds_degraded", "Guilds whose streams are digests.", |w| &w.degraded),
        ];
        for (name, help, cell) in gauges {
            page.family(name, "gauge", help);
            for (index, worker) in self.workers.iter().enumerate() {
                page.sample(&format!("{{worker=\"{index}\"}}"), cell(worker).read());
            }
        }
        page.family("throng_attachments", "gauge", "Attachments by mode.");
        for mode in Mode::ALL {
            let sum = self.workers.iter().map(|w| w.attachments[mode as usize].read()).sum();
            page.sample(&format!("{{mode=\"{}\"}}", mode.name()), sum);
        }
    }

    fn render_traffic(&self, page: &mut Page) {
        type Counter = (&'static str, &'static str, fn(&WorkerMetrics) -> &Cell);
        let counters: [Counter; 10] = [
            ("throng_identifies_total", "Sessions begun.", |w| &w.identifies),
            ("throng_resumes_total", "Sessions resumed.", |w| &w.resumes),
            ("throng_relays_started_total", "Relays started.", |w| &w.relays_started),
            ("throng_relays_ended_total", "Relays ended.", |w| &w.relays_ended),
            ("throng_relay_moves_total", "Attachments moved to other relays.", |w| &w.relay_moves),
            ("throng_passes_total", "Passes over sessions.", |w| &w.passes),
            ("throng_sends_total", "Calls that handed frames to links.", |w| &w.writes),
            ("throng_frames_total", "Frames that links took.", |w| &w.frames),
            ("throng_bytes_sent_total", "Bytes written to links.", |w| &w.bytes_sent),
            ("throng_bytes_received_total", "Bytes read from links.", |w| &w.bytes_received),
        ];
        for (name, help, cell) in counters {
            page.family(name, "counter", help);
            for (index, worker) in self.workers.iter().enumerate() {
                page.sample(&format!("{{worker=\"{index}\"}}"), cell(worker).read());
            }
        }
        page.family("throng_pass_seconds_total", "counter", "Time in passes over sessions.");
        for (index, worker) in self.workers.iter().enumerate() {
            page.seconds(&format!("{{worker=\"{index}\"}}"), worker.pass_nanos.read());
        }
    }

    fn render_kinds(&self, page: &mut Page) {
        type Counter = fn(&WorkerMetrics) -> &Cells<KINDS>;
        let counters: [(&str, &str, Counter); 2] = [
            ("throng_events_total", "Events by type, once per relay.", |w| &w.events),
            ("throng_deliveries_total", "Events by type, once per session.", |w| &w.deliveries),
        ];
        for (name, help, cells) in counters {
            page.family(name, "counter", help);
            for kind in EventKind::ALL {
                let sum = self.workers.iter().map(|w| cells(w)[kind as usize].read()).sum();
                page.sample(&format!("{{type=\"{}\"}}", kind.name()), sum);
            }
        }
        page.family(
            "throng_event_seconds_total",
            "counter",
            "Time in finding recipients, by type.",
        );
        for kind in EventKind::ALL {
            let sum = self.workers.iter().map(|w| w.audience_nanos[kind as usize].read()).sum();
            page.seconds(&format!("{{type=\"{}\"}}", kind.name()), sum);
        }
    }
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let written = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        debug_assert!(written.is_ok(), "memory takes any write");
    }

    fn name(&self) -> &str {
        let last = self.0.rfind("# TYPE ").map_or("", |at| &self.0[at + 7..]);
        last.split(' ').next().unwrap_or_default()
    }

    fn sample(&mut self, labels: &str, value: u64) {
        let line = format!("{}{labels} {value}\n", self.name());
        self.0.push_str(&line);
    }

    fn seconds(&mut self, labels: &str, nanos: u64) {
        let seconds = Duration::from_nanos(nanos).as_secs_f64();
        let line = format!("{}{labels} {seconds}\n", self.name());
        self.0.push_str(&line);
    }
}
