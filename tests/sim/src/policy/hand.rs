//! The clock of scripts: it stands where the world says, unless scripts are slow.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use throng_plugin_policy_rhai::Clock;
use throng_proto::time::Timestamp;

/// A hand that the world moves. While it drags, every look at it takes a millisecond.
#[derive(Debug, Default)]
pub(super) struct Hand {
    now: AtomicU64,
    looks: AtomicU64,
    drags: AtomicBool,
}

impl Hand {
    pub(super) fn set(&self, now: u64) {
        self.now.store(now, Ordering::Relaxed);
    }

    /// Lets scripts be slow, or quick again; tells which.
    pub(super) fn drag(&self) -> bool {
        !self.drags.fetch_xor(true, Ordering::Relaxed)
    }

    /// Lets scripts be quick; tells whether they were not.
    pub(super) fn rest(&self) -> bool {
        self.drags.swap(false, Ordering::Relaxed)
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        let looks = u64::from(self.drags.load(Ordering::Relaxed));
        let looks = self.looks.fetch_add(looks, Ordering::Relaxed);
        Duration::from_millis(self.now.load(Ordering::Relaxed) + looks)
    }
}
