//! What is counted of jobs.

use throng_ports::hub::{JobKind, JobState};
use throng_ports::metrics::{Kind, Page};

use super::Cell;

const KINDS: usize = JobKind::ALL.len();
const ENDS: [JobState; 4] = [JobState::Done, JobState::Cancelled, JobState::Gone, JobState::Failed];

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

    /// Writes everything.
    pub(crate) fn render(&self, page: &mut Page) {
        let running = self.running.read();
        let queued = self.admitted.read().saturating_sub(running);
        let help = "Walks over members that run.";
        page.single("throng_jobs_running", Kind::Gauge, help, running);
        let help = "Walks over members that wait for a turn.";
        page.single("throng_jobs_queued", Kind::Gauge, help, queued);
        page.family("throng_jobs_total", Kind::Counter, "Walks over members that are over.");
        for kind in JobKind::ALL {
            for (index, end) in ENDS.iter().enumerate() {
                let labels = [("kind", kind.name()), ("result", end.name())];
                page.sample(&labels, self.over[kind as usize][index].read());
            }
        }
        let help = "Members that jobs walked over.";
        page.family("throng_job_members_total", Kind::Counter, help);
        for kind in JobKind::ALL {
            page.sample(&[("kind", kind.name())], self.members[kind as usize].read());
        }
    }
}
