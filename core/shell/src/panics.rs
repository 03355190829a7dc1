//! Panics: each is counted and logged, and either contained or the end of the process.
//!
//! A request, a job, a commit or a guild fails alone. What runs on a worker is shared by all its
//! sessions, so a panic there leaves nothing to trust: the process ends, and its sessions go on in
//! the next one.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use throng_ports::metrics::{Kind, Page};

/// Exit code of a process that a panic has ended.
pub const PANIC_EXIT_CODE: u8 = 70;

/// Where a panic happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Scene {
    /// A worker with its links and sessions; ends the process.
    Worker,
    /// A guild, a request of the API, a connection's handshake.
    Control,
    /// A walk over members.
    Job,
    /// A commit or a read.
    Store,
    /// Anything else.
    Other,
}

impl Scene {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Worker, "worker"),
        (Self::Control, "control"),
        (Self::Job, "job"),
        (Self::Store, "store"),
        (Self::Other, "other"),
    ];

    /// Tells the place by the name of the thread.
    #[must_use]
    pub fn of_thread(name: &str) -> Self {
        let known = Self::ALL.into_iter().find(|(_, word)| name.starts_with(word));
        known.map_or(Self::Other, |(place, _)| place)
    }

    /// Tells whether the process must end.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::Worker)
    }
}

/// Panics are the process's, not a node's: the hook that counts them is one, too.
static COUNTS: [AtomicU64; Scene::ALL.len()] = [const { AtomicU64::new(0) }; Scene::ALL.len()];

/// Counts and logs every panic of the process from now on; `end` is called after a fatal one, and
/// should not return.
pub fn watch_panics(end: impl Fn() + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let place = note(info);
        if place.is_fatal() {
            tracing::error!("the process ends; its sessions can resume when it runs again");
            end();
        }
    }));
}

fn note(info: &PanicHookInfo<'_>) -> Scene {
    let thread = thread::current();
    let name = thread.name().unwrap_or_default();
    let place = Scene::of_thread(name);
    COUNTS[place as usize].fetch_add(1, Ordering::Relaxed);
    let message = info.payload_as_str().unwrap_or("no message");
    let at = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(thread = name, at, message, "panicked");
    place
}

/// Writes how many there were.
pub(crate) fn measure(page: &mut Page) {
    page.family("throng_panics_total", Kind::Counter, "Panics, by where they happened.");
    for (place, name) in Scene::ALL {
        page.sample(&[("where", name)], COUNTS[place as usize].load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_tell_where_a_panic_happened() {
        assert_eq!(Scene::of_thread("worker-12"), Scene::Worker);
        assert_eq!(Scene::of_thread("control"), Scene::Control);
        assert_eq!(Scene::of_thread("store-write"), Scene::Store);
        assert_eq!(Scene::of_thread("job"), Scene::Job);
        assert_eq!(Scene::of_thread("main"), Scene::Other);
        assert!(Scene::Worker.is_fatal() && !Scene::Control.is_fatal());
    }

    /// Set for the process in which a worker panics.
    const CHILD: &str = "THRONG_TEST_PANIC";

    #[test]
    fn a_panic_of_a_worker_ends_the_process_and_one_elsewhere_does_not() {
        if let Ok(name) = std::env::var(CHILD) {
            watch_panics(|| std::process::exit(PANIC_EXIT_CODE.into()));
            let panics = thread::Builder::new().name(name);
            let ended = panics.spawn(|| panic!("as the test asks")).map(thread::JoinHandle::join);
            assert!(matches!(ended, Ok(Err(_))));
            let mut page = Page::default();
            measure(&mut page);
            assert!(page.into_text().contains("throng_panics_total{where=\"control\"} 1\n"));
            return;
        }
        let this = "panics::tests::a_panic_of_a_worker_ends_the_process_and_one_elsewhere_does_not";
        for (thread, code) in [("worker-0", 70), ("control", 0)] {
            let program = std::env::current_exe().expect("a test has a program");
            let mut child = std::process::Command::new(program);
            let output = child.args(["--exact", this]).env(CHILD, thread).output();
            let status = output.expect("it starts").status;
            assert_eq!(status.code(), Some(code), "{thread}");
        }
    }
}
