//! Which core a process runs on: the server has one for itself, where there are two.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Cores of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cores {
    server: Option<usize>,
    load: Option<usize>,
}

impl Cores {
    /// Takes the first core for the server and the last one for everything else, this process too.
    pub(crate) fn take() -> Self {
        let cores = sched_getaffinity(None)
            .map(|set| (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect::<Vec<_>>());
        let cores = cores.unwrap_or_default();
        if cores.len() < 2 {
            eprintln!("throng-load: server and load share one core; figures mean little");
        }
        let cores = Self { server: cores.first().copied(), load: cores.last().copied() };
        cores.keep(cores.load);
        cores
    }

    /// Starts something that stays on the server's core and knows no other.
    pub(crate) fn on_server<T>(self, start: impl FnOnce() -> T) -> T {
        self.keep(self.server);
        let started = start();
        self.keep(self.load);
        started
    }

    fn keep(self, core: Option<usize>) {
        let Some(core) = core else { return };
        let mut set = CpuSet::new();
        set.set(core);
        if sched_setaffinity(None, &set).is_err() {
            eprintln!("throng-load: cannot keep a process on core {core}; figures mean less");
        }
    }
}
