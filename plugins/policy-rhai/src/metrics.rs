//! What is counted of a policy, in Prometheus' terms.

use std::time::Duration;

use throng_ports::metrics::{Cell, Cells, Kind, Page};

use crate::hook::Hook;
use crate::program::{Cause, Limit};
use crate::stripe::{STRIPES, stripe};
use crate::verdict::{KINDS_MAX, Verdict};

/// Upper bounds of the latency histogram in microseconds.
const LATENCY_MICROS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 2_000, 10_000];
const FAULTS: [&str; 3] = ["raised", "verdict", "panicked"];

/// Counters of one hook of one version.
#[derive(Debug, Default)]
pub(crate) struct Counters([Stripe; STRIPES]);

/// What some threads counted; as large as cache lines, so that no two threads share one.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    verdicts: Cells<{ KINDS_MAX }>,
    hits: Cell,
    skipped: Cell,
    faults: Cells<{ FAULTS.len() }>,
    stopped: Cells<{ Limit::ALL.len() }>,
    operations: Cell,
    nanos: Cell,
    latency: Cells<{ LATENCY_MICROS.len() + 1 }>,
}

impl Counters {
    /// Counts a verdict of the script.
    pub(crate) fn answer(&self, verdict: &Verdict) {
        self.mine().verdicts[verdict.index()].add(1);
    }

    /// Counts a verdict that was remembered.
    pub(crate) fn hit(&self, verdict: &Verdict) {
        self.mine().hits.add(1);
        self.answer(verdict);
    }

    /// Counts a question that was not put, because the hook is left alone.
    pub(crate) fn skip(&self) {
        self.mine().skipped.add(1);
    }

    /// Counts a run, whatever came of it.
    pub(crate) fn run(&self, operations: u64, took: Duration) {
        let mine = self.mine();
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = LATENCY_MICROS.partition_point(|bound| bound * 1_000 < nanos);
        mine.operations.add(operations);
        mine.nanos.time(took);
        mine.latency[bucket].add(1);
    }

    /// Counts a failure.
    pub(crate) fn fail(&self, cause: Cause) {
        let mine = self.mine();
        match cause {
            Cause::Raised => mine.faults[0].add(1),
            Cause::Verdict => mine.faults[1].add(1),
            Cause::Panicked => mine.faults[2].add(1),
            Cause::Stopped(limit) => mine.stopped[limit as usize].add(1),
        }
    }

    fn mine(&self) -> &Stripe {
        &self.0[stripe()]
    }

    fn sum(&self, cell: impl Fn(&Stripe) -> &Cell) -> u64 {
        self.0.iter().map(|stripe| cell(stripe).read()).sum()
    }

    fn runs(&self) -> u64 {
        (0..=LATENCY_MICROS.len()).map(|bucket| self.sum(|s| &s.latency[bucket])).sum()
    }
}

/// One hook as the page shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) hook: Hook,
    pub(crate) version: &'a str,
    pub(crate) counters: &'a Counters,
    pub(crate) open: bool,
}

/// What is known of loads and of the cache.
#[derive(Debug)]
pub(crate) struct Loads<'a> {
    /// The version in force, then the one before it.
    pub(crate) versions: Vec<&'a str>,
    pub(crate) failed: bool,
    pub(crate) failures: u64,
    pub(crate) taken_back: u64,
    pub(crate) cached: u64,
}

/// Writes what is known of loads and of the cache.
pub(crate) fn loads(page: &mut Page, loads: &Loads<'_>) {
    let help = "1 for the version in force, 0 for the one before it.";
    page.family("throng_policy_loaded", Kind::Gauge, help);
    for (index, version) in loads.versions.iter().enumerate() {
        page.sample(&[("version", *version)], u64::from(index == 0));
    }
    let Loads { failed, failures, taken_back, cached, .. } = *loads;
    let help_back = "Versions that were taken back because a hook of theirs failed.";
    let rows = [
        ("load_failed", Kind::Gauge, "Whether the last load was refused.", u64::from(failed)),
        ("load_failures_total", Kind::Counter, "Loads that were refused.", failures),
        ("taken_back_total", Kind::Counter, help_back, taken_back),
        ("cached_verdicts", Kind::Gauge, "Verdicts that are remembered.", cached),
    ];
    for (name, kind, help, value) in rows {
        page.single(&format!("throng_policy_{name}"), kind, help, value);
    }
}

/// Writes what is counted of hooks.
pub(crate) fn hooks(page: &mut Page, rows: &[Row<'_>]) {
    type Total = fn(&Counters) -> u64;
    let totals: [(&str, &str, Total); 4] = [
        ("calls", "Questions, however they were answered.", |counters| {
            counters.runs() + counters.sum(|s| &s.hits) + counters.sum(|s| &s.skipped)
        }),
        ("cache_hits", "Questions answered by a remembered verdict.", |counters| {
            counters.sum(|s| &s.hits)
        }),
        ("skipped", "Questions that the breaker kept from a failing hook.", |counters| {
            counters.sum(|s| &s.skipped)
        }),
        ("operations", "Operations of runs.", |counters| counters.sum(|s| &s.operations)),
    ];
    for (name, help, total) in totals {
        page.family(&format!("throng_policy_{name}_total"), Kind::Counter, help);
        for row in rows {
            page.sample(&row.labels(), total(row.counters));
        }
    }
    kinds(page, rows);
    latency(page, rows);
    let help = "Whether a hook is left alone because it fails.";
    page.family("throng_policy_breaker_open", Kind::Gauge, help);
    rows.iter().for_each(|row| page.sample(&row.labels(), u64::from(row.open)));
}

fn kinds(page: &mut Page, rows: &[Row<'_>]) {
    let help = "Verdicts of the script, remembered ones with them.";
    page.family("throng_policy_verdicts_total", Kind::Counter, help);
    for row in rows {
        for (index, kind) in Verdict::kinds(row.hook).iter().enumerate() {
            page.sample(&row.with("verdict", kind), row.counters.sum(|s| &s.verdicts[index]));
        }
    }
    let help = "Runs that ended without a verdict, by what went wrong.";
    page.family("throng_policy_errors_total", Kind::Counter, help);
    for row in rows {
        for (index, kind) in FAULTS.iter().enumerate() {
            page.sample(&row.with("kind", kind), row.counters.sum(|s| &s.faults[index]));
        }
    }
    let help = "Runs that were stopped, by the limit.";
    page.family("throng_policy_aborts_total", Kind::Counter, help);
    for row in rows {
        for limit in Limit::ALL {
            let count = row.counters.sum(|s| &s.stopped[limit as usize]);
            page.sample(&row.with("limit", limit.name()), count);
        }
    }
}

fn latency(page: &mut Page, rows: &[Row<'_>]) {
    page.family("throng_policy_seconds", Kind::Histogram, "How long runs take.");
    for row in rows {
        let counts =
            (0..=LATENCY_MICROS.len()).map(|bucket| row.counters.sum(|s| &s.latency[bucket]));
        let took = Duration::from_nanos(row.counters.sum(|s| &s.nanos));
        page.histogram(&row.labels(), &LATENCY_MICROS, counts, took);
    }
}

impl<'a> Row<'a> {
    fn labels(&self) -> [(&'static str, &'a str); 2] {
        [("version", self.version), ("hook", self.hook.name())]
    }

    fn with(&self, label: &'static str, value: &'a str) -> [(&'static str, &'a str); 3] {
        let [version, hook] = self.labels();
        [version, hook, (label, value)]
    }
}
