//! Reviews of attachments over all workers: whose turn it is, and how far a review has come.

use parking_lot::Mutex;
use throng_ports::policy::ReviewStatus;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Stopwatch;

/// Counts what workers report, and gives out turns, a slice at a time.
#[derive(Debug)]
pub(crate) struct Reviews {
    state: Mutex<State>,
    turns: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    status: ReviewStatus,
    began: Option<Stopwatch>,
    /// Workers that have not finished.
    workers: usize,
}

impl Reviews {
    /// Lets half of the workers, but at least one, review at the same time.
    pub(crate) fn new(workers: usize) -> Self {
        Self { state: Mutex::default(), turns: Semaphore::new((workers / 2).max(1)) }
    }

    /// Waits for a turn to review a slice; in the order of asking.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.turns.acquire().await.ok()
    }

    /// Begins a review on so many workers; one that runs already goes on as part of it.
    pub(crate) fn begin(&self, workers: usize) {
        let mut state = self.state.lock();
        if state.workers == 0 {
            state.status = ReviewStatus::default();
        }
        state.status.running = true;
        state.began = Some(Stopwatch::start());
        state.workers = workers;
    }

    /// Counts attachments that a worker will ask about.
    pub(crate) fn add(&self, attachments: u64) {
        self.state.lock().status.total += attachments;
    }

    /// Counts attachments that were asked about.
    pub(crate) fn step(&self, done: u64, changed: u64) {
        let mut state = self.state.lock();
        state.status.done += done;
        state.status.changed += changed;
    }

    /// Notes that a worker has finished.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock();
        state.workers = state.workers.saturating_sub(1);
        if state.workers == 0 {
            state.status.millis = state.millis();
            state.status.running = false;
        }
    }

    pub(crate) fn status(&self) -> ReviewStatus {
        let state = self.state.lock();
        let millis = if state.status.running { state.millis() } else { state.status.millis };
        ReviewStatus { millis, ..state.status }
    }
}

impl State {
    fn millis(&self) -> u64 {
        self.began.map_or(0, Stopwatch::millis)
    }
}
