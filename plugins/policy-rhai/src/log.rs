//! What scripts write to the log, so many lines at a time.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::time::Clock;

/// Lines in one window: 50 lines of at most 4 KiB in ten seconds, 20 KiB a second.
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
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    end: Duration,
    lines: u32,
}

impl Log {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, window: Mutex::default() }
    }

    pub(crate) fn write(&self, level: Level, source: &str, line: usize, text: &str) {
        if !self.admit() {
            return;
        }
        match level {
            Level::Info => tracing::info!(target: "policy", source, line, "{text}"),
            Level::Warn => tracing::warn!(target: "policy", source, line, "{text}"),
        }
    }

    fn admit(&self) -> bool {
        let now = self.clock.elapsed();
        let mut window = self.window.lock();
        if now >= window.end {
            *window = Window { end: now + WINDOW, lines: 0 };
        }
        window.lines += 1;
        window.lines <= LINES_MAX
    }
}
