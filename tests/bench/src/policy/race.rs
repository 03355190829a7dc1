//! How many calls one thread and two threads make in the same time.

use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};

/// Bursts of a few milliseconds in one turn. The best burst counts, so that what else the machine
/// does matters little.
const BURSTS: u64 = 20;

/// The best rates so far, in calls per second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Race {
    one: f64,
    two: f64,
}

impl Race {
    /// Runs bursts of so many calls; `make` makes what one thread calls.
    pub(super) fn run<F: FnMut(u64)>(&mut self, calls: u64, make: impl Fn(u64) -> F + Sync) {
        self.one = self.one.max(rate(1, calls, &make));
        self.two = self.two.max(rate(2, calls, &make));
    }

    /// Returns the calls per second of one thread.
    pub(super) const fn one(&self) -> f64 {
        self.one
    }

    /// Returns how many times as many calls two threads make.
    pub(super) fn ratio(&self) -> f64 {
        self.two / self.one
    }
}

fn rate<F: FnMut(u64)>(threads: u64, calls: u64, make: &(impl Fn(u64) -> F + Sync)) -> f64 {
    let arrived = AtomicU64::new(0);
    let work = |thread| {
        pin(thread as usize);
        let mut call = make(thread);
        let burst = |burst| {
            // Without sleeping, so that nobody waits for the scheduler while others run.
            arrived.fetch_add(1, Ordering::AcqRel);
            while arrived.load(Ordering::Acquire) < (burst + 1) * threads {
                hint::spin_loop();
            }
            let begin = Instant::now();
            (burst * calls..(burst + 1) * calls).for_each(&mut call);
            (begin, Instant::now())
        };
        (0..BURSTS).map(burst).collect::<Vec<_>>()
    };
    let spans: Vec<Vec<(Instant, Instant)>> = thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads).map(|n| scope.spawn(move || work(n))).collect();
        threads.into_iter().flat_map(ScopedJoinHandle::join).collect()
    });
    let bursts = (0..BURSTS as usize).map(|burst| {
        let begin = spans.iter().map(|spans| spans[burst].0).min();
        let end = spans.iter().map(|spans| spans[burst].1).max();
        let took = begin.zip(end).map_or(Duration::MAX, |(begin, end)| end - begin);
        (calls * threads) as f64 / took.as_secs_f64()
    });
    bursts.fold(0.0, f64::max)
}

/// Keeps this thread on one core, where that is possible: on a busy machine two threads may
/// otherwise stay on the same one.
fn pin(core: usize) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(core % cores);
    let _pinned_or_not = sched_setaffinity(None, &set);
}
