//! What the processes that hold sessions have told, and who waits for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::order::News;
use crate::shard::Tally;

/// How long nothing may happen before a run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a wait looks whether it has become hopeless.
const LOOK: Duration = Duration::from_secs(1);

/// What shards have told.
#[derive(Debug)]
pub(crate) struct Board {
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Debug)]
struct Told {
    entered: Vec<usize>,
    done: Vec<u32>,
    tallies: Vec<Tally>,
    fault: Option<String>,
}

impl Board {
    pub(super) fn new(shards: usize) -> Self {
        let told = Told {
            entered: vec![0; shards],
            done: vec![0; shards],
            tallies: Vec::new(),
            fault: None,
        };
        Self { told: Mutex::new(told), news: Condvar::new() }
    }

    /// Notes what a shard tells.
    pub(super) fn note(&self, shard: usize, news: News) {
        let mut told = self.lock();
        match news {
            News::Done(count) => told.done[shard] = count,
            News::Entered(count) => told.entered[shard] = count,
            News::Fault(fault) => drop(told.fault.get_or_insert(fault)),
            News::Tally(tally) => told.tallies.push(*tally),
        }
        drop(told);
        self.news.notify_all();
    }

    /// Returns how many messages everybody has.
    pub(crate) fn done(&self) -> u32 {
        self.lock().done()
    }

    /// Waits until everybody has so many messages.
    pub(crate) fn until_done(&self, count: u32) -> Result<()> {
        self.wait(|told| (told.done() >= count).then_some(()))
    }

    /// Waits until so many are inside, telling how many are.
    pub(super) fn until_entered(&self, count: usize, progress: impl Fn(usize)) -> Result<()> {
        self.wait(|told| {
            let entered = told.entered.iter().sum();
            progress(entered);
            (entered >= count).then_some(())
        })
    }

    /// Waits for what every shard has measured.
    pub(super) fn tallies(&self) -> Result<Vec<Tally>> {
        self.wait(|told| {
            let all = told.tallies.len() == told.done.len();
            all.then(|| std::mem::take(&mut told.tallies))
        })
    }

    fn wait<T>(&self, mut look: impl FnMut(&mut Told) -> Option<T>) -> Result<T> {
        let mut told = self.lock();
        let mut last = Instant::now();
        loop {
            if let Some(fault) = &told.fault {
                bail!("{fault}");
            }
            if let Some(found) = look(&mut told) {
                return Ok(found);
            }
            let before = told.progress();
            let waited = self.news.wait_timeout(told, LOOK);
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
            if told.progress() != before {
                last = Instant::now();
            } else if last.elapsed() > PATIENCE {
                let (entered, done) = (&told.entered, &told.done);
                bail!("nothing came for {PATIENCE:?}: {entered:?} sessions, {done:?} messages");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn done(&self) -> u32 {
        self.done.iter().copied().min().unwrap_or_default()
    }

    fn progress(&self) -> (usize, u64, usize) {
        let done = self.done.iter().copied().map(u64::from).sum();
        (self.entered.iter().sum(), done, self.tallies.len())
    }
}
