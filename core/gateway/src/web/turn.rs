//! Whose turn it is on a connection: the peer's to ask, ours to answer, or the peer's to read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use throng_proto::id::UserId;
use throng_shell::Visit;

/// Bytes of answers that all connections of a listener may leave unread. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    max: usize,
    taken: Arc<AtomicUsize>,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, taken: Arc::default() }
    }
}

/// One connection's state between requests and answers.
#[derive(Debug)]
pub(super) struct Turn {
    visit: Visit,
    budget: Budget,
    /// Bytes of answers that may not have left yet.
    bytes: AtomicUsize,
    /// Requests whose answers are not handed over.
    begun: AtomicUsize,
}

impl Turn {
    pub(super) fn new(visit: Visit, budget: Budget) -> Self {
        Self { visit, budget, bytes: AtomicUsize::new(0), begun: AtomicUsize::new(0) }
    }

    /// Begins to answer a request. A connection that gave way meanwhile is about to end.
    pub(super) fn begin(self: &Arc<Self>) -> Begun {
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.visit.work();
        Begun(Arc::clone(self))
    }

    /// Counts the bytes of an answer, and tells whether there is room for them.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.budget.taken.fetch_add(bytes, Ordering::AcqRel) + bytes <= self.budget.max
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.budget.taken.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Notes that everything handed over has left.
    pub(super) fn flushed(&self) {
        if self.begun.load(Ordering::Acquire) == 0 {
            self.give_back(self.bytes.load(Ordering::Acquire));
            self.visit.rest();
        }
    }

    /// Notes whose request has been answered.
    pub(super) fn know(&self, user: UserId) {
        self.visit.know(user);
    }

    pub(super) async fn evicted(&self) {
        self.visit.evicted().await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let left = *self.bytes.get_mut();
        self.give_back(left);
    }
}

/// A request under way, until its answer was handed over.
#[derive(Debug)]
pub(super) struct Begun(Arc<Turn>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.begun.fetch_sub(1, Ordering::AcqRel);
    }
}
