//! Writes what is counted.

use std::time::Duration;

use throng_engine::mode::Mode;
use throng_ports::metrics::{Histogram, Kind, Page};
use throng_proto::event::EventKind;

use super::{Cell, Cells, KINDS, Metrics, Refused, WorkerMetrics};

impl Metrics {
    /// Writes everything.
    pub(crate) fn render(&self, page: &mut Page) {
        self.refusals(page);
        self.node(page);
        self.times(page);
        self.workers(page);
        self.kinds(page);
    }

    fn refusals(&self, page: &mut Page) {
        let help = "Refusals and ends, by limit or cause.";
        page.family("throng_refusals_total", Kind::Counter, help);
        for why in Refused::ALL {
            page.sample(&[("limit", why.name())], self.refused[*why as usize].read());
        }
    }

    fn node(&self, page: &mut Page) {
        let (coalesced, shed) = (&self.presences_coalesced, &self.presences_shed);
        let gauges = [
            ("throng_connections", "Open connections.", &self.connections),
            ("throng_guilds", "Loaded guilds.", &self.guilds),
            ("throng_node_pressure", "Pressure, 0 to 100.", &self.node_pressure),
            ("throng_node_band", "0 calm, 1 busy, 2 hot, 3 critical.", &self.node_band),
            ("throng_guilds_paused", "Guilds about to change hands.", &self.guilds_paused),
            ("throng_guild_queue", "Requests waiting for guilds.", &self.guild_queue),
            ("throng_lists", "Member lists that are kept up.", &self.lists),
            ("throng_list_viewers", "Sessions that watch lists.", &self.list_viewers),
        ];
        for (name, help, cell) in gauges {
            page.single(name, Kind::Gauge, help, cell.read());
        }
        let counters = [
            ("throng_commands_total", "Commands answered.", &self.commands),
            ("throng_handoffs_total", "Guilds handed to other owners.", &self.handoffs),
            ("throng_presences_total", "Presences told.", &self.presences),
            ("throng_presences_coalesced_total", "Presences that others hid.", coalesced),
            ("throng_presences_shed_total", "Presences shed, once per worker.", shed),
            ("throng_list_operations_total", "Changes of lists.", &self.list_operations),
        ];
        for (name, help, cell) in counters {
            page.single(name, Kind::Counter, help, cell.read());
        }
        let help = "Rows removed for the age of their message.";
        page.family("throng_store_expired_rows_total", Kind::Counter, help);
        page.sample(&[("table", "messages")], self.expired_messages.read());
        page.sample(&[("table", "reactions")], self.expired_reactions.read());
    }

    fn times(&self, page: &mut Page) {
        let pause = "Time that guilds took no requests for hand-offs.";
        for (name, help, nanos) in [
            ("throng_command_seconds_total", "Time in guilds' turns.", &self.command_nanos),
            ("throng_list_seconds_total", "Time in member lists.", &self.list_nanos),
            ("throng_handoff_pause_seconds_total", pause, &self.handoff_pause_nanos),
        ] {
            page.family(name, Kind::Counter, help);
            page.seconds(&[], Duration::from_nanos(nanos.read()));
        }
        page.family("throng_control_lag_seconds", Kind::Gauge, "How late a look came.");
        page.seconds(&[], Duration::from_millis(self.control_lag_ms.read()));
        let help = "Commits, from when they are asked for until they are answered.";
        Histogram::write(page, "throng_commit_seconds", help, std::iter::once(&self.commits));
        let help = "Posts, from when their guild takes them until they are answered.";
        Histogram::write(page, "throng_publish_seconds", help, std::iter::once(&self.publishing));
        let help = "Deliveries, from when a worker has the event until its pass is over.";
        let deliveries = self.workers.iter().map(|worker| &worker.delivery);
        Histogram::write(page, "throng_delivery_seconds", help, deliveries);
    }

    fn workers(&self, page: &mut Page) {
        for (name, help, cell) in GAUGES {
            self.each(page, (name, Kind::Gauge, help), |page, labels, worker| {
                page.sample(labels, cell(worker).read());
            });
        }
        for (name, help, cell) in COUNTERS {
            self.each(page, (name, Kind::Counter, help), |page, labels, worker| {
                page.sample(labels, cell(worker).read());
            });
        }
        let (name, help) = ("throng_worker_lag_seconds", "How late the last tick came.");
        self.each(page, (name, Kind::Gauge, help), |page, labels, worker| {
            page.seconds(labels, Duration::from_millis(worker.lag_ms.read()));
        });
        let (name, help) = ("throng_pass_seconds_total", "Time in passes over sessions.");
        self.each(page, (name, Kind::Counter, help), |page, labels, worker| {
            page.seconds(labels, Duration::from_nanos(worker.pass_nanos.read()));
        });
        page.family("throng_attachments", Kind::Gauge, "Attachments by mode.");
        for mode in Mode::ALL {
            let sum: u64 = self.workers.iter().map(|w| w.attachments[mode as usize].read()).sum();
            page.sample(&[("mode", mode.name())], sum);
        }
    }

    /// Writes a family with one sample for each worker.
    fn each(
        &self,
        page: &mut Page,
        (name, kind, help): (&str, Kind, &str),
        write: impl Fn(&mut Page, &[(&str, &str)], &WorkerMetrics),
    ) {
        page.family(name, kind, help);
        for (index, worker) in self.workers.iter().enumerate() {
            write(page, &[("worker", &index.to_string())], worker);
        }
    }

    fn kinds(&self, page: &mut Page) {
        type Counter = fn(&WorkerMetrics) -> &Cells<KINDS>;
        let sum = |cells: Counter, kind: EventKind| -> u64 {
            self.workers.iter().map(|worker| cells(worker)[kind as usize].read()).sum()
        };
        let counters: [(&str, &str, Counter); 2] = [
            ("throng_events_total", "Events by type, once per relay.", |w| &w.events),
            ("throng_deliveries_total", "Events by type, once per session.", |w| &w.deliveries),
        ];
        for (name, help, cells) in counters {
            page.family(name, Kind::Counter, help);
            for kind in EventKind::ALL {
                page.sample(&[("type", kind.name())], sum(cells, kind));
            }
        }
        let help = "Time in finding recipients, by type.";
        page.family("throng_event_seconds_total", Kind::Counter, help);
        for kind in EventKind::ALL {
            let nanos = sum(|worker| &worker.audience_nanos, kind);
            page.seconds(&[("type", kind.name())], Duration::from_nanos(nanos));
        }
    }
}

type OfWorker = (&'static str, &'static str, fn(&WorkerMetrics) -> &Cell);

const GAUGES: &[OfWorker] = &[
    ("throng_links", "Live links.", |w| &w.links),
    ("throng_sessions", "Sessions, with and without a link.", |w| &w.sessions),
    ("throng_relays", "Relays.", |w| &w.relays),
    ("throng_relay_members", "Members that relays hold.", |w| &w.relay_members),
    ("throng_relay_leaving", "Attachments about to move to other relays.", |w| &w.relay_leaving),
    ("throng_lagging", "Links that are behind.", |w| &w.lagging),
    ("throng_replay_events", "Events kept for resuming.", |w| &w.replay_events),
    ("throng_replay_bytes", "Bytes of those events.", |w| &w.replay_bytes),
    ("throng_replay_own_bytes", "Bytes of those for one session alone.", |w| &w.replay_own_bytes),
    ("throng_resume_window_seconds", "How far back sessions can resume.", |w| &w.resume_window),
    ("throng_worker_queue", "Events waiting for workers.", |w| &w.queue),
    ("throng_pressure", "How full the fullest queue is, 0 to 100.", |w| &w.pressure),
    ("throng_guilds_degraded", "Guilds whose streams are digests.", |w| &w.degraded),
];

const COUNTERS: &[OfWorker] = &[
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
