//! How far a review of all attachments has come, over all workers.

use std::time::Instant;

use parking_lot::Mutex;
use throng_ports::policy::ReviewStatus;

/// Counts what workers report, a slice at a time.
#[derive(Debug, Default)]
pub(crate) struct ReviewMeter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    status: ReviewStatus,
    began: Option<Instant>,
    /// Workers that have not finished.
    workers: usize,
}

impl ReviewMeter {
    /// Begins a review on so many workers; one that runs already goes on as part of it.
    pub(crate) fn begin(&self, workers: usize) {
        let mut state = self.0.lock();
        if state.workers == 0 {
            state.status = ReviewStatus::default();
        }
        state.status.running = true;
        state.began = Some(Instant::now());
        state.workers = workers;
    }

    /// Counts attachments that a worker will ask about.
    pub(crate) fn add(&self, attachments: u64) {
        self.0.lock().status.total += attachments;
    }

    /// Counts attachments that were asked about.
    pub(crate) fn step(&self, done: u64, changed: u64) {
        let mut state = self.0.lock();
        state.status.done += done;
        state.status.changed += changed;
    }

    /// Notes that a worker has finished.
    pub(crate) fn finish(&self) {
        let mut state = self.0.lock();
        state.workers = state.workers.saturating_sub(1);
        if state.workers == 0 {
            state.status.millis = state.millis();
            state.status.running = false;
        }
    }

    pub(crate) fn status(&self) -> ReviewStatus {
        let state = self.0.lock();
        let millis = if state.status.running { state.millis() } else { state.status.millis };
        ReviewStatus { millis, ..state.status }
    }
}

impl State {
    fn millis(&self) -> u64 {
        let spent = self.began.map(|began| began.elapsed()).unwrap_or_default();
        u64::try_from(spent.as_millis()).unwrap_or(u64::MAX)
    }
}
