//! The processes that hold the sessions of one server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::order::{News, Order, Roll, Seat};
use crate::shard::{FILES_SPARE, Tally};

/// How long nothing may happen before a run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sessions of one process, if it may open as many files.
const SHARD_SESSIONS_MAX: usize = 16_000;

/// Processes that hold sessions; killed when dropped.
#[derive(Debug)]
pub(crate) struct Fleet {
    shards: Vec<Shard>,
    board: Arc<Board>,
    sessions: usize,
}

#[derive(Debug)]
struct Shard {
    child: Child,
    orders: ChildStdin,
}

/// What shards have told, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    entered: Vec<usize>,
    done: Vec<u32>,
    tallies: Vec<Tally>,
    fault: Option<String>,
}

impl Fleet {
    /// Starts as many processes as it takes; nobody connects yet.
    pub(crate) fn muster(roll: &Roll) -> Result<Self> {
        let seats = &roll.seats;
        let shards = seats.len().div_ceil(SHARD_SESSIONS_MAX - FILES_SPARE).max(1);
        let board = Arc::new(Board::default());
        board.lock().entered = vec![0; shards];
        board.lock().done = vec![0; shards];
        let started = (0..shards).map(|shard| {
            // Dealt like cards, so that every process has some of each nature.
            let dealt: Vec<Seat> = seats.iter().skip(shard).step_by(shards).cloned().collect();
            Shard::start(&Roll { shard: roll.shard + shard, seats: dealt, ..*roll }, shard, &board)
        });
        Ok(Self { shards: started.collect::<Result<_>>()?, board, sessions: seats.len() })
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions
    }

    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// Lets everybody in, and waits until they are, telling how many are.
    pub(crate) fn enter(&mut self, mut progress: impl FnMut(usize)) -> Result<()> {
        self.order(Order::Enter)?;
        let all = self.sessions;
        self.board.wait(|told| {
            let entered: usize = told.entered.iter().sum();
            progress(entered);
            (entered == all).then_some(())
        })
    }

    /// Tells all shards to do something.
    pub(crate) fn order(&mut self, order: Order) -> Result<()> {
        self.shards.iter_mut().try_for_each(|shard| shard.say(&order))
    }

    /// Returns what was measured since it was forgotten.
    pub(crate) fn tally(&mut self) -> Result<Tally> {
        self.order(Order::Tell)?;
        let count = self.shards.len();
        let tallies = self.board.wait(|told| {
            (told.tallies.len() == count).then(|| std::mem::take(&mut told.tallies))
        })?;
        let mut sum = Tally::default();
        tallies.into_iter().try_for_each(|tally| sum.add(tally))?;
        Ok(sum)
    }
}

impl Board {
    /// Returns how many messages everybody has.
    pub(crate) fn done(&self) -> u32 {
        self.lock().done()
    }

    /// Waits until everybody has so many messages.
    pub(crate) fn until_done(&self, count: u32) -> Result<()> {
        self.wait(|told| (told.done() >= count).then_some(()))
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
            let waited = self.news.wait_timeout(told, Duration::from_secs(1));
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
            if told.progress() != before {
                last = Instant::now();
            } else if last.elapsed() > PATIENCE {
                bail!(
                    "nothing happened for {PATIENCE:?}: {:?} entered, {:?} done",
                    told.entered,
                    told.done
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, shard: usize, news: News) {
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

impl Shard {
    fn start(roll: &Roll, index: usize, board: &Arc<Board>) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("shard")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("a process that holds sessions does not start")?;
        let orders = child.stdin.take().context("no input")?;
        let news = child.stdout.take().context("no output")?;
        let board = Arc::clone(board);
        std::thread::spawn(move || follow(news, index, &board));
        let mut shard = Self { child, orders };
        shard.say(roll)?;
        Ok(shard)
    }

    fn say(&mut self, order: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).context("a process that holds sessions has ended")
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn follow(news: ChildStdout, index: usize, board: &Board) {
    for line in BufReader::new(news).lines().map_while(Result::ok) {
        let read = serde_json::from_str(&line);
        board.note(index, read.unwrap_or_else(|error| News::Fault(format!("{error}: {line}"))));
    }
    board.note(index, News::Fault("a process that holds sessions has ended".to_owned()));
}
