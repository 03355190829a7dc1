//! Which links want to be looked at.
//!
//! A task of the runtime for each link would cost 256 bytes. A bell costs 40, and one task attends
//! to all of a worker's links.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The bells that rang, in order.
#[derive(Debug, Default)]
pub(in crate::worker) struct Bells {
    rung: Mutex<Vec<u32>>,
    notify: Notify,
}

impl Bells {
    /// Waits until a bell rings, and moves all that did into `keys`.
    pub(super) async fn heard(&self, keys: &mut Vec<u32>) {
        loop {
            std::mem::swap(&mut *self.rung.lock(), keys);
            if !keys.is_empty() {
                return;
            }
            self.notify.notified().await;
        }
    }
}

/// What a link rings when it wants to be looked at.
#[derive(Debug)]
pub(super) struct Bell {
    bells: Arc<Bells>,
    /// Key of the link. A link that had the key before is looked at in vain, which is harmless.
    key: u32,
    rung: AtomicBool,
}

impl Bell {
    pub(super) fn new(bells: &Arc<Bells>, key: u32) -> Arc<Self> {
        Arc::new(Self { bells: Arc::clone(bells), key, rung: AtomicBool::new(false) })
    }

    /// Returns the key of its link.
    pub(super) const fn key(&self) -> u32 {
        self.key
    }

    /// Rings, unless it did already and nobody came since.
    pub(super) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.bells.rung.lock().push(self.key);
            self.bells.notify.notify_one();
        }
    }

    /// Lets it ring again.
    pub(super) fn answered(&self) {
        self.rung.store(false, Ordering::Release);
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bell_that_rings_often_is_heard_once() {
        let bells = Arc::new(Bells::default());
        let (one, two) = (Bell::new(&bells, 1), Bell::new(&bells, 2));
        one.waker().wake();
        two.ring();
        one.waker().wake_by_ref();
        let mut keys = Vec::new();
        bells.heard(&mut keys).await;
        assert_eq!(keys, [1, 2]);
        one.answered();
        one.ring();
        two.ring();
        keys.clear();
        bells.heard(&mut keys).await;
        assert_eq!(keys, [1], "nobody has looked at the second since");
    }
}
