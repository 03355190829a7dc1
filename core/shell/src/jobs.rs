//! Walks over all members of a guild, beside the traffic: on threads of their own that the system
//! runs last, over snapshots, a slice at a time.
//!
//! So many run at the same time, so many wait, and more are refused. Each can be watched and
//! cancelled.

mod chunks;
mod export;
mod holders;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use throng_ports::hub::{JobKind, JobState, JobStatus};
use throng_proto::id::GuildId;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, Semaphore};

use crate::clock::Stopwatch;
use crate::config::JobsConfig;
use crate::metrics::JobMetrics;

pub(crate) use chunks::{Chunks, Recipient};
pub(crate) use export::Export;
pub(crate) use holders::Holders;

/// Jobs that are over and still listed.
const LISTED_MAX: usize = 64;

/// Why a job did not end as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody cancelled it.
    Cancelled,
    /// Whoever it was for is gone.
    Gone,
    /// It panicked, and said this.
    Failed(String),
}

/// How a job ended.
pub(crate) type Ended = Result<(), Stop>;

/// There are as many jobs as may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The pool.
pub(crate) struct Jobs {
    runtime: Option<Runtime>,
    turns: Arc<Semaphore>,
    board: Arc<Board>,
    admitted_max: usize,
}

impl Jobs {
    /// Starts the threads.
    pub(crate) fn start(config: &JobsConfig) -> io::Result<Self> {
        let niceness = config.niceness;
        let runtime = Builder::new_multi_thread()
            .worker_threads(config.thread_count())
            .max_blocking_threads(1)
            .thread_name("job")
            .on_thread_start(move || stand_back(niceness))
            .enable_time()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            turns: Arc::new(Semaphore::new(config.running_max)),
            board: Arc::default(),
            admitted_max: config.running_max.saturating_add(config.queue_max),
        })
    }

    /// Starts a job, or has it wait for its turn, and returns its number.
    ///
    /// # Errors
    ///
    /// Too many are waiting.
    pub(crate) fn submit<F: Future<Output = Ended> + Send + 'static>(
        &self,
        title: Title,
        work: impl FnOnce(Turn) -> F + Send + 'static,
    ) -> Result<u64, Full> {
        let Some(runtime) = &self.runtime else { return Err(Full) };
        let entry = self.board.admit(title, self.admitted_max)?;
        let (board, turns) = (Arc::clone(&self.board), Arc::clone(&self.turns));
        let id = entry.id;
        runtime.spawn(async move {
            let ended = run(&board, &turns, &entry, work).await;
            board.end(&entry, ended);
        });
        Ok(id)
    }

    /// Returns the jobs, the oldest first.
    pub(crate) fn list(&self) -> Vec<JobStatus> {
        self.board.list()
    }

    /// Cancels a job; `false` when there is none that is not over.
    pub(crate) fn cancel(&self, id: u64) -> bool {
        self.board.cancel(id)
    }

    pub(crate) fn metrics(&self) -> &JobMetrics {
        &self.board.metrics
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // What is left reads snapshots, and nobody waits for it any more.
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("jobs", &self.list()).finish_non_exhaustive()
    }
}

/// Gives the thread what others leave.
fn stand_back(niceness: u8) {
    // The system knows no more than 19, and takes anything above for that.
    if let Err(error) = rustix::process::nice(niceness.into()) {
        tracing::debug!(%error, "jobs run as eagerly as everything else");
    }
}

/// Lets a thread that waits for this core have it, which the system would do at its next tick only,
/// milliseconds later. Costs a call to the kernel, about 0.5 us, when nobody waits.
fn stand_aside() {
    std::thread::yield_now();
}

async fn run<F: Future<Output = Ended>>(
    board: &Board,
    turns: &Semaphore,
    entry: &Arc<Entry>,
    work: impl FnOnce(Turn) -> F,
) -> Ended {
    let turn = tokio::select! {
        turn = turns.acquire() => turn,
        () = entry.cancelled() => return Err(Stop::Cancelled),
    };
    entry.running.store(true, Ordering::Release);
    let Title { kind, guild, total } = entry.title;
    tracing::info!(id = entry.id, reason = kind.name(), %guild, total, "a job begins");
    board.metrics.running.add(1);
    let ended = tokio::select! {
        ended = contained(async { work(Turn(Arc::clone(entry))).await }) => ended,
        () = entry.cancelled() => Err(Stop::Cancelled),
    };
    board.metrics.running.sub(1);
    drop(turn);
    ended
}

/// Runs a job so that a panic is its own end and nobody else's.
async fn contained(work: impl Future<Output = Ended>) -> Ended {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Stop::Failed(format!("it panicked: {}", text.unwrap_or("no message"))))
    })
}

/// What a job is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Title {
    pub(crate) kind: JobKind,
    pub(crate) guild: GuildId,
    /// Members to walk over.
    pub(crate) total: usize,
}

/// A job's side of its entry on the board.
#[derive(Clone, Debug)]
pub(crate) struct Turn(Arc<Entry>);

impl Turn {
    /// Counts members as done, and lets others have the core. Where a job can be cancelled.
    pub(crate) async fn step(&self, members: usize) -> Ended {
        self.0.done.fetch_add(members as u64, Ordering::Relaxed);
        stand_aside();
        tokio::task::yield_now().await;
        if self.0.cancel.load(Ordering::Acquire) { Err(Stop::Cancelled) } else { Ok(()) }
    }
}

/// A job as others see it.
#[derive(Debug)]
struct Entry {
    id: u64,
    title: Title,
    began: Stopwatch,
    done: AtomicU64,
    running: AtomicBool,
    cancel: AtomicBool,
    cancelling: Notify,
}

impl Entry {
    async fn cancelled(&self) {
        loop {
            let notified = self.cancelling.notified();
            if self.cancel.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    fn status(&self, state: JobState) -> JobStatus {
        JobStatus {
            id: self.id,
            kind: self.title.kind,
            guild: self.title.guild,
            state,
            done: self.done.load(Ordering::Relaxed),
            total: self.title.total as u64,
            millis: self.began.millis(),
            reason: None,
        }
    }
}

/// All jobs.
#[derive(Debug, Default)]
struct Board {
    state: Mutex<State>,
    metrics: JobMetrics,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    admitted: BTreeMap<u64, Arc<Entry>>,
    over: BTreeMap<u64, JobStatus>,
}

impl Board {
    fn admit(&self, title: Title, max: usize) -> Result<Arc<Entry>, Full> {
        let mut state = self.state.lock();
        if state.admitted.len() >= max {
            let waiting = state.admitted.len();
            drop(state);
            let reason = title.kind.name();
            tracing::info!(reason, guild = %title.guild, waiting, "a job is refused");
            return Err(Full);
        }
        state.last += 1;
        let entry = Arc::new(Entry {
            id: state.last,
            title,
            began: Stopwatch::start(),
            done: AtomicU64::new(0),
            running: AtomicBool::new(false),
            cancel: AtomicBool::new(false),
            cancelling: Notify::new(),
        });
        state.admitted.insert(entry.id, Arc::clone(&entry));
        self.metrics.admitted.add(1);
        Ok(entry)
    }

    fn end(&self, entry: &Entry, ended: Ended) {
        let (state, reason) = match ended {
            Ok(()) => (JobState::Done, None),
            Err(Stop::Cancelled) => (JobState::Cancelled, None),
            Err(Stop::Gone) => (JobState::Gone, None),
            Err(Stop::Failed(reason)) => (JobState::Failed, Some(reason)),
        };
        let status = JobStatus { reason, ..entry.status(state) };
        self.metrics.admitted.sub(1);
        self.metrics.ended(status.kind, state, status.done);
        tracing::info!(
            id = status.id,
            reason = status.kind.name(),
            guild = %status.guild,
            state = state.name(),
            done = status.done,
            total = status.total,
            millis = status.millis,
            "a job is over"
        );
        let mut board = self.state.lock();
        board.admitted.remove(&entry.id);
        board.over.insert(entry.id, status);
        if board.over.len() > LISTED_MAX {
            board.over.pop_first();
        }
    }

    fn list(&self) -> Vec<JobStatus> {
        let state = self.state.lock();
        let admitted = state.admitted.values().map(|entry| {
            let running = entry.running.load(Ordering::Acquire);
            entry.status(if running { JobState::Running } else { JobState::Queued })
        });
        let mut jobs: Vec<JobStatus> = admitted.chain(state.over.values().cloned()).collect();
        jobs.sort_by_key(|job| job.id);
        jobs
    }

    fn cancel(&self, id: u64) -> bool {
        let entry = self.state.lock().admitted.get(&id).cloned();
        entry.is_some_and(|entry| {
            entry.cancel.store(true, Ordering::Release);
            entry.cancelling.notify_waiters();
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use throng_ports::metrics::Page;

    use super::*;

    const TITLE: Title = Title { kind: JobKind::Export, guild: GuildId::new(7), total: 3 };

    async fn over(jobs: &Jobs, id: u64) -> JobStatus {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(1));
        let found = async {
            loop {
                look.tick().await;
                let found = jobs.list().into_iter().find(|job| job.id == id);
                if let Some(job) =
                    found.filter(|job| !matches!(job.state, JobState::Queued | JobState::Running))
                {
                    return job;
                }
            }
        };
        let patience = std::time::Duration::from_secs(60);
        tokio::time::timeout(patience, found).await.expect("it is over in time")
    }

    /// Panics at once, or at its second step.
    async fn panics(at_once: bool) -> Ended {
        if !at_once {
            tokio::task::yield_now().await;
        }
        panic!("as the test asks, {}", 42)
    }

    #[tokio::test]
    async fn a_job_that_panics_has_failed_and_gives_its_turn_back() {
        let config = JobsConfig {
            threads: 1,
            niceness: 0,
            running_max: 1,
            queue_max: 10,
            ..JobsConfig::default()
        };
        let jobs = Jobs::start(&config).expect("threads start");
        for at_once in [true, false] {
            let id = jobs.submit(TITLE, move |_| panics(at_once)).expect("there is room");
            let job = over(&jobs, id).await;
            let reason = job.reason.as_deref().unwrap_or_default();
            assert_eq!(
                (job.state, reason),
                (JobState::Failed, "it panicked: as the test asks, 42")
            );
        }
        let before = |_: Turn| -> std::future::Ready<Ended> { panic!("before it began") };
        let id = jobs.submit(TITLE, before).expect("there is room");
        assert_eq!(over(&jobs, id).await.state, JobState::Failed);
        // One at a time runs, so those before have made room.
        let id = jobs.submit(TITLE, |turn| async move { turn.step(3).await });
        let job = over(&jobs, id.expect("there is room")).await;
        assert_eq!((job.state, job.done, job.reason), (JobState::Done, 3, None));
        let mut page = Page::default();
        jobs.metrics().render(&mut page);
        let text = page.into_text();
        assert!(text.contains("throng_jobs_running 0\n"), "{text}");
        let failed = "throng_jobs_total{kind=\"export\",result=\"failed\"} 3\n";
        assert!(text.contains(failed), "{text}");
    }
}
