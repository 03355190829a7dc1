//! What is counted of jobs.

use throng_ports::hub::{JobKind, JobState};

use super::{Cell, Page};

const KINDS: usize = JobKind::ALL.len();
const ENDS: [JobState; 3] = [JobState::Done, JobState::Cancelled, JobState::Gone];

/// Counters of jobs.
#[derive(Debug, Default)]
pub(crate) struct JobMetrics {
    /// Running and waiting.
    pub(crate) admitted: Cell,
    pub(crate) running: Cell,
    over: [[Cell; ENDS.len()]; KINDS],
    members: [Cell; KINDS],
}

impl JobMetrics {
    /// Counts a job that is over.
    pub(crate) fn ended(&self, kind: JobKind, state: JobState, members: u64) {
        let kind = kind as usize;
        if let Some(end) = ENDS.iter().position(|end| *end == state) {
            self.over[kind][end].add(1);
        }
        self.members[kind].add(members);
    }

    /// Writes everything in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let mut page = Page(String::with_capacity(2 * 1024));
        let running = self.running.read();
        let queued = self.admitted.read().saturating_sub(running);
        page.family("throng_jobs_running", "gauge", "Walks over members that run.");
        page.sample("", running);
        page.family("throng_jobs_queued", "gauge", "Walks over members that wait for a turn.");
        page.sample("", queued);
        page.family("throng_jobs_total", "counter", "Walks over members that are over.");
        for kind in JobKind::ALL {
            for (index, end) in ENDS.iter().enumerate() {
                let labels = format!("{{kind=\"{}\",result=\"{}\"}}", kind.name(), end.name());
                page.sample(&labels, self.over[kind as usize][index].read());
            }
        }
        page.family("throng_job_members_total", "counter", "Members that jobs walked over.");
        for kind in JobKind::ALL {
            let labels = format!("{{kind=\"{}\"}}", kind.name());
            page.sample(&labels, self.members[kind as usize].read());
        }
        page.0
    }
}
