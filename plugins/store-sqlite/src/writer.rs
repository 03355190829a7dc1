//! The writing side: one thread that commits whatever has gathered while it was busy.
//!
//! # Algorithm
//!
//! Commits enter a bounded queue in the order of the calls. The thread takes all that wait, makes
//! each inside a savepoint of one transaction, and commits once: while one group is on its way to
//! the disk, the next gathers. A commit that fails rolls back to its savepoint and fails alone.
//! When the transaction itself fails (a full disk does that), each commit of the group is tried
//! again in its own.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, params};
use throng_ports::link::BoxFuture;
use throng_ports::store::{Expired, StoreError, Stored};
use throng_proto::record::Write;
use throng_proto::time::Timestamp;
use tokio::sync::oneshot;

use crate::expiry;
use crate::failure::Failure;
use crate::place::Place;
use crate::query::{Outcome, bound, run};
use crate::write::apply;

/// Events that one transaction forgets, so that commits do not wait for a long trim.
const TRIM_CHUNK: usize = 2_000;

/// What the writer has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits that were acknowledged.
    pub commits: u64,
    /// Commits that were refused or failed.
    pub failures: u64,
    /// Transactions that reached the disk, each with one sync.
    pub transactions: u64,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    failures: AtomicU64,
    transactions: AtomicU64,
}

#[derive(Debug)]
enum Job {
    Commit(Commit),
    Trim(Trim),
    /// Removes old messages from before a time, so many rows.
    Expire(Timestamp, usize, oneshot::Sender<Stored<Expired>>),
    /// Moves everything from the log into the database.
    Checkpoint(oneshot::Sender<Stored<()>>),
}

#[derive(Debug)]
struct Commit {
    writes: Vec<Write>,
    answer: oneshot::Sender<Stored<()>>,
}

#[derive(Debug)]
struct Trim {
    before: Timestamp,
    trimmed: u64,
    answer: oneshot::Sender<Stored<u64>>,
}

/// Handle of the writing thread. Dropping it waits until everything queued is committed.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        connection: Connection,
        queue_max: usize,
        place: Place,
    ) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(queue_max.max(1));
        let counters = Arc::new(Counters::default());
        let task = Task {
            connection,
            place,
            jobs,
            trims: VecDeque::new(),
            counters: Arc::clone(&counters),
            queue_max: queue_max.max(1),
        };
        let thread = Builder::new().name("store-write".to_owned()).spawn(move || task.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    /// Queues a commit at once; the future only waits for its fate.
    pub(crate) fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Commit(Commit { writes, answer }), answered)
    }

    /// Queues a trim, which proceeds in pieces between commits.
    pub(crate) fn trim(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Trim(Trim { before, trimmed: 0, answer }), answered)
    }

    /// Queues the removal of so many rows of messages from before a time.
    pub(crate) fn expire(
        &self,
        before: Timestamp,
        rows_max: usize,
    ) -> BoxFuture<'static, Stored<Expired>> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Expire(before, rows_max, answer), answered)
    }

    /// Queues a checkpoint, so that the database is whole without its log.
    pub(crate) fn checkpoint(&self) -> BoxFuture<'static, Stored<()>> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Checkpoint(answer), answered)
    }

    /// Returns what was done so far.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            failures: self.counters.failures.load(Ordering::Relaxed),
            transactions: self.counters.transactions.load(Ordering::Relaxed),
        }
    }

    fn submit<T: Send + 'static>(
        &self,
        job: Job,
        answered: oneshot::Receiver<Stored<T>>,
    ) -> BoxFuture<'static, Stored<T>> {
        let queued = self.queue.as_ref().is_some_and(|queue| queue.try_send(job).is_ok());
        if !queued {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
        }
        Box::pin(async move {
            match answered.await {
                Ok(done) => done,
                Err(_) if queued => Err(StoreError::Failed("it has stopped".to_owned())),
                Err(_) => Err(StoreError::Failed("overloaded: too many commits wait".to_owned())),
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has already said so.
            _ = thread.join();
        }
    }
}

struct Task {
    connection: Connection,
    place: Place,
    jobs: Receiver<Job>,
    trims: VecDeque<Trim>,
    counters: Arc<Counters>,
    queue_max: usize,
}

impl Task {
    fn run(mut self) {
        while let Some(group) = self.gather() {
            // Whoever asked hears that it was not done; what was begun is rolled back.
            let done = catch_unwind(AssertUnwindSafe(|| {
                self.commit(group);
                self.trim();
            }));
            if done.is_err() && !self.connection.is_autocommit() {
                drop(self.connection.execute_batch("ROLLBACK"));
            }
        }
    }

    /// Takes everything that waits; waits itself only when nothing is left to do.
    fn gather(&mut self) -> Option<Vec<Commit>> {
        let mut group = Vec::new();
        if self.trims.is_empty() {
            let job = self.jobs.recv().ok()?;
            self.sort(job, &mut group);
        }
        while group.len() < self.queue_max {
            match self.jobs.try_recv() {
                Ok(job) => self.sort(job, &mut group),
                Err(TryRecvError::Disconnected) if group.is_empty() => return None,
                Err(_) => break,
            }
        }
        Some(group)
    }

    fn sort(&mut self, job: Job, group: &mut Vec<Commit>) {
        match job {
            Job::Commit(commit) => group.push(commit),
            Job::Trim(trim) => self.trims.push_back(trim),
            Job::Expire(before, rows_max, answer) => {
                // Commits that were asked for before go first.
                self.commit(std::mem::take(group));
                let expired = self.place.check().map_err(Failure);
                let expired =
                    expired.and_then(|()| expiry::expire(&self.connection, before, rows_max));
                // Nobody may be waiting any more.
                _ = answer.send(expired.map_err(StoreError::from));
            }
            Job::Checkpoint(answer) => {
                // Commits that were asked for before go first.
                self.commit(std::mem::take(group));
                // Nobody may be waiting any more.
                _ = answer.send(checkpoint(&self.connection).map_err(StoreError::from));
            }
        }
    }

    fn commit(&mut self, group: Vec<Commit>) {
        if group.is_empty() {
            return;
        }
        match self.transact(group.iter().map(|commit| &commit.writes[..])) {
            Ok(outcomes) => {
                for (commit, outcome) in group.into_iter().zip(outcomes) {
                    self.answer(commit, outcome);
                }
            }
            Err(failure) if group.len() == 1 => {
                for commit in group {
                    self.answer(commit, Err(failure.0.clone()));
                }
            }
            // One of the group may be what does not fit: the others shall not pay for it.
            Err(_) => {
                for commit in group {
                    let outcome = self
                        .transact([&commit.writes[..]])
                        .and_then(|mut outcomes| outcomes.pop().unwrap_or(Ok(())).map_err(Failure));
                    self.answer(commit, outcome.map_err(StoreError::from));
                }
            }
        }
    }

    fn answer(&self, commit: Commit, outcome: Stored<()>) {
        let counter = match &outcome {
            Ok(()) => &self.counters.commits,
            Err(error) => {
                tracing::warn!(%error, "a commit failed");
                &self.counters.failures
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        // Nobody may be waiting any more.
        _ = commit.answer.send(outcome);
    }

    /// Makes commits in one transaction and returns each one's outcome, or why none of them
    /// happened.
    fn transact<'a>(
        &self,
        commits: impl IntoIterator<Item = &'a [Write]>,
    ) -> Outcome<Vec<Stored<()>>> {
        let db = &self.connection;
        self.place.check().map_err(Failure)?;
        run(db, "BEGIN IMMEDIATE", [])?;
        let outcomes = commits
            .into_iter()
            .map(|writes| in_savepoint(db, writes))
            .collect::<Outcome<Vec<_>>>()
            .and_then(|outcomes| run(db, "COMMIT", []).map(|_| outcomes))
            // What was written to files that nobody finds again is not kept.
            .and_then(|outcomes| self.place.check().map(|()| outcomes).map_err(Failure));
        if outcomes.is_err() && !db.is_autocommit() {
            run(db, "ROLLBACK", [])?;
        }
        if outcomes.is_ok() {
            self.counters.transactions.fetch_add(1, Ordering::Relaxed);
        }
        outcomes
    }

    /// Makes one piece of the oldest trim.
    fn trim(&mut self) {
        let Some(mut trim) = self.trims.pop_front() else { return };
        match forget_events(&self.connection, trim.before) {
            Ok(count) => {
                trim.trimmed += u64::try_from(count).unwrap_or(u64::MAX);
                if count == TRIM_CHUNK {
                    self.trims.push_front(trim);
                } else {
                    _ = trim.answer.send(Ok(trim.trimmed));
                }
            }
            Err(failure) => _ = trim.answer.send(Err(failure.0)),
        }
    }
}

/// Makes one commit's writes, or none of them; the outer error says that the whole transaction is
/// lost.
fn in_savepoint(db: &Connection, writes: &[Write]) -> Outcome<Stored<()>> {
    run(db, "SAVEPOINT one", [])?;
    let made = writes.iter().try_for_each(|write| apply(db, write));
    if let Err(failure) = made {
        if db.is_autocommit() {
            return Err(failure);
        }
        run(db, "ROLLBACK TO one", [])?;
        run(db, "RELEASE one", [])?;
        return Ok(Err(failure.0));
    }
    run(db, "RELEASE one", [])?;
    Ok(Ok(()))
}

/// Waits for readers, so that nothing of the log is left.
fn checkpoint(db: &Connection) -> Outcome<()> {
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy { Err(Failure::refusal("somebody reads the database")) } else { Ok(()) }
}

fn forget_events(db: &Connection, before: Timestamp) -> Outcome<usize> {
    let sql = "DELETE FROM events WHERE id IN (SELECT id FROM events AS old WHERE at < ?1 \
               AND sequence < (SELECT max(sequence) FROM events WHERE guild_id = old.guild_id) \
               LIMIT ?2)";
    run(db, sql, params![bound(before.millis()), bound(TRIM_CHUNK)])
}
