//! How far a node's life is: it starts, serves and drains.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Where the node stands.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// Workers that have taken over what survived.
    revived: Arrivals,
    /// Guilds that have told survivors what they missed, once for each worker.
    restored: Arrivals,
    ready: AtomicBool,
    draining: AtomicBool,
    drain: Notify,
}

/// A count that somebody waits for.
#[derive(Debug, Default)]
struct Arrivals {
    count: AtomicUsize,
    came: Notify,
}

impl Arrivals {
    fn add(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.came.notify_one();
    }

    /// Waits until so many have come. Only one may wait.
    async fn reach(&self, goal: usize) {
        while self.count.load(Ordering::Acquire) < goal {
            self.came.notified().await;
        }
    }
}

impl Stage {
    /// Notes that a worker has taken over what survived.
    pub(crate) fn revived(&self) {
        self.revived.add();
    }

    /// Notes that a guild's survivors were told what they missed.
    pub(crate) fn restored(&self) {
        self.restored.add();
    }

    /// Waits until so many workers have taken over what survived.
    pub(crate) async fn all_revived(&self, workers: usize) {
        self.revived.reach(workers).await;
    }

    /// Waits until so many guilds' survivors were told what they missed.
    pub(crate) async fn all_restored(&self, guilds: usize) {
        self.restored.reach(guilds).await;
    }

    /// Notes that everything has started.
    pub(crate) fn begin_to_serve(&self) {
        self.ready.store(true, Ordering::Release);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Lets the node end.
    pub(crate) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.drain.notify_waiters();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Waits until the node is about to end.
    pub(crate) async fn drain_began(&self) {
        loop {
            // Begun before the look, so that it misses nothing that comes after.
            let began = self.drain.notified();
            if self.is_draining() {
                return;
            }
            began.await;
        }
    }
}
