//! One run of a script on this thread: what time it is, when it must end, what it has done.
//!
//! Functions that scripts call have no state of their own, because many threads share one engine.
//! What belongs to a run lies in a thread-local instead: a run begins and ends on one thread.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use throng_proto::time::Timestamp;

use crate::fact::{Read, Reads};

thread_local! {
    static ATTEMPT: Attempt = const { Attempt::new() };
}

struct Attempt {
    now: Cell<Option<Timestamp>>,
    deadline: Cell<Duration>,
    operations: Cell<u64>,
    reads: RefCell<Option<Reads>>,
}

impl Attempt {
    const fn new() -> Self {
        Self {
            now: Cell::new(None),
            deadline: Cell::new(Duration::MAX),
            operations: Cell::new(0),
            reads: RefCell::new(None),
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Operations that it took.
    pub operations: u64,
    /// Facts that it read.
    pub reads: Reads,
}

/// Runs a script: `now` is the time that it sees, and it must end by `deadline` on the clock of
/// its sandbox.
///
/// What `run` panics with goes on; the next run begins afresh nevertheless.
pub fn run<T>(now: Option<Timestamp>, deadline: Duration, run: impl FnOnce() -> T) -> (T, Trace) {
    ATTEMPT.with(|attempt| {
        attempt.now.set(now);
        attempt.deadline.set(deadline);
        attempt.operations.set(0);
        attempt.reads.replace(Some(Reads::default()));
    });
    let result = run();
    let trace = ATTEMPT.with(|attempt| {
        attempt.now.set(None);
        let reads = attempt.reads.take().unwrap_or_default();
        Trace { operations: attempt.operations.get(), reads }
    });
    (result, trace)
}

/// Returns the time that the running script sees; `None` while nothing but its constants run.
pub fn now() -> Option<Timestamp> {
    ATTEMPT.with(|attempt| attempt.now.get())
}

/// Changes the time that the running script sees, for tests of policies.
pub fn set_now(now: Timestamp) {
    ATTEMPT.with(|attempt| attempt.now.set(Some(now)));
}

/// Notes that the running script read a fact.
pub fn note(read: Read) {
    ATTEMPT.with(|attempt| {
        if let Some(reads) = attempt.reads.borrow_mut().as_mut() {
            reads.note(read);
        }
    });
}

/// Counts operations and returns by when the run must end.
pub(crate) fn advance(operations: u64) -> Duration {
    ATTEMPT.with(|attempt| {
        attempt.operations.set(operations);
        attempt.deadline.get()
    })
}
