//! What scripts write to the log, so many lines at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Clock;

/// Lines in one window: 50 lines of at most 2 KiB in ten seconds, 10 KiB a second.
const LINES_MAX: u32 = 50;
const WINDOW: Duration = Duration::from_secs(10);

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warn,
}

/// Writes lines of scripts to the log of the gateway, and drops those past the bound.
#[derive(Debug)]
pub(crate) struct Log {
    clock: Arc<dyn Clock>,
    /// When the window ends, in milliseconds.
    end: AtomicU64,
    lines: AtomicU32,
    lines_max: u32,
}

impl Log {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (end, lines) = (AtomicU64::new(0), AtomicU32::new(0));
        Self { clock, end, lines, lines_max: LINES_MAX }
    }

    /// Makes a log that takes no line: a script that is tried out has nothing to say yet.
    pub(crate) fn mute(clock: Arc<dyn Clock>) -> Self {
        Self { lines_max: 0, ..Self::new(clock) }
    }

    pub(crate) fn write(&self, level: Level, source: &str, line: usize, text: &str) {
        if !self.admits() {
            return;
        }
        match level {
            Level::Info => tracing::info!(target: "policy", source, line, "{text}"),
            Level::Warn => tracing::warn!(target: "policy", source, line, "{text}"),
        }
    }

    /// Takes a line of the window, without a lock: scripts of all threads come here.
    fn admits(&self) -> bool {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = self.clock.elapsed();
        let (end, next) = (self.end.load(Ordering::Relaxed), millis(now + WINDOW));
        let begins = millis(now) >= end
            && self.end.compare_exchange(end, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if begins {
            self.lines.store(0, Ordering::Relaxed);
        }
        self.lines.fetch_add(1, Ordering::Relaxed) < self.lines_max
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use throng_proto::time::Timestamp;

    use super::*;

    #[derive(Debug, Default)]
    struct Hand(Mutex<Duration>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn elapsed(&self) -> Duration {
            *self.0.lock()
        }
    }

    #[test]
    fn scripts_write_so_many_lines_in_a_window() {
        let clock = Arc::new(Hand::default());
        let log = Log::new(Arc::<Hand>::clone(&clock));
        let admitted = || (0..200).filter(|_| log.admits()).count();
        assert_eq!((admitted(), admitted()), (50, 0));
        *clock.0.lock() = WINDOW;
        assert_eq!((admitted(), admitted()), (50, 0));
    }
}
