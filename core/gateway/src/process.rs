//! What the system says of this process, under the names that dashboards know.
//!
//! See [Standard and runtime collectors].
//!
//! [Standard and runtime collectors]: https://prometheus.io/docs/instrumenting/writing_clientlibs/#standard-and-runtime-collectors

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use throng_ports::metrics::{Kind, Page, Source};
use throng_shell::PlaceLimits;

use crate::config::Settings;

/// Version of this build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Revision that this build was made from; `unknown` outside a repository.
pub(crate) const REVISION: &str = env!("GATEWAY_REVISION");

/// Says in the log what starts, with what it may use.
pub(crate) fn announce(settings: &Settings, places: PlaceLimits) -> PlaceLimits {
    tracing::info!(
        version = VERSION,
        revision = REVISION,
        workers = settings.shell().worker_count(),
        connections_max = places.connections_max,
        data = %settings.data.display(),
        "the gateway starts"
    );
    places
}

/// This process.
pub(crate) struct Process;

impl Source for Process {
    fn measure(&self, page: &mut Page) {
        page.family("throng_build_info", Kind::Gauge, "Always 1; the labels say what runs.");
        page.sample(&[("version", VERSION), ("revision", REVISION)], 1);
        if let Some(stat) = Stat::read() {
            stat.write(page);
        }
        let files = fs::read_dir("/proc/self/fd").map(Iterator::count);
        // One of them is the directory itself, while it is read.
        if let Some(files) = files.ok().and_then(|files| files.checked_sub(1)) {
            page.single("process_open_fds", Kind::Gauge, "Open files.", files);
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            page.single("process_max_fds", Kind::Gauge, "Files that may be open.", most);
        }
    }
}

/// Fields of `/proc/self/stat`; see proc_pid_stat(5).
struct Stat {
    cpu_seconds: f64,
    /// Since the system has started.
    started_seconds: f64,
    threads: u64,
    virtual_bytes: u64,
    resident_bytes: u64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name before it may hold anything, spaces and brackets too.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The state, which comes first here, is the third field of the page.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |ticks: u64| ticks as f64 / clock_ticks_per_second() as f64;
        Some(Self {
            cpu_seconds: seconds(field(14)? + field(15)?),
            threads: field(20)?,
            started_seconds: seconds(field(22)?),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page_size() as u64,
        })
    }

    fn write(&self, page: &mut Page) {
        let (counter, gauge) = (Kind::Counter, Kind::Gauge);
        page.single("process_cpu_seconds_total", counter, "Time on processors.", self.cpu_seconds);
        page.single("process_resident_memory_bytes", gauge, "Resident.", self.resident_bytes);
        page.single("process_virtual_memory_bytes", gauge, "Address space.", self.virtual_bytes);
        page.single("process_threads", gauge, "Threads.", self.threads);
        if let Some(boot) = boot_seconds() {
            let started = boot + self.started_seconds;
            page.single("process_start_time_seconds", gauge, "When it started.", started);
        }
    }
}

/// Returns when the system has started, in seconds since 1970.
fn boot_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read() {
        let text = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0 9 0 400 5000 6 1 2";
        let stat = Stat::parse(text).expect("fields");
        let ticks = clock_ticks_per_second() as f64;
        assert_eq!(stat.threads, 9);
        assert_eq!(stat.virtual_bytes, 5000);
        assert_eq!(stat.resident_bytes, 6 * page_size() as u64);
        assert!((stat.cpu_seconds * ticks - 75.0).abs() < 1e-6);
    }

    #[test]
    fn a_scrape_says_what_runs_and_what_it_uses() {
        let mut page = Page::default();
        Process.measure(&mut page);
        let text = page.into_text();
        for name in [
            "throng_build_info{version=",
            "process_cpu_seconds_total ",
            "process_resident_memory_bytes ",
            "process_open_fds ",
            "process_max_fds ",
            "process_start_time_seconds ",
        ] {
            assert!(text.contains(&format!("\n{name}")), "no {name} in\n{text}");
        }
    }
}
