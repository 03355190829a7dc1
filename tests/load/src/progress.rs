//! What a person sees while a run goes on; nothing, where standard error is no terminal.

use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a wait shows that it goes on.
const STEP: Duration = Duration::from_millis(500);

/// Shows progress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Whether nothing is waited for that only makes figures better.
    hurried: bool,
}

/// One bar, which goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Progress {
    pub(crate) const fn new(hurried: bool) -> Self {
        Self { hurried }
    }

    /// Shows how far something is.
    pub(crate) fn bar(self, what: &'static str, length: u64) -> Bar {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        let bar = ProgressBar::new(length).with_message(what);
        Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Says what is done now.
    pub(crate) fn say(self, what: impl Into<String>) -> Bar {
        let bar = ProgressBar::new_spinner().with_message(what.into());
        bar.tick();
        Bar(bar)
    }

    /// Waits, unless there is a hurry.
    pub(crate) fn rest(self, why: &'static str, time: Duration) {
        if self.hurried {
            return;
        }
        let steps = time.as_millis() / STEP.as_millis();
        let bar = self.bar(why, u64::try_from(steps).unwrap_or(u64::MAX));
        for step in 0..steps {
            thread::sleep(STEP);
            bar.at(u64::try_from(step).unwrap_or(u64::MAX));
        }
    }
}

impl Bar {
    pub(crate) fn at(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
