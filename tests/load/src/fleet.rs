//! The processes that hold the sessions of one server.

mod board;

use std::io::Write as _;
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use serde::Serialize;

pub(crate) use board::Board;

use crate::order::{News, Order, Roll, Seat};
use crate::process::Process;
use crate::shard::Tally;

/// Sessions of one process, if it may open as many files: below the 20,000 of a usual limit.
const SHARD_SESSIONS_MAX: usize = 16_000;

/// Processes that hold sessions; their end is the sessions' end.
#[derive(Debug)]
pub(crate) struct Fleet {
    shards: Vec<Shard>,
    board: Arc<Board>,
    sessions: usize,
}

#[derive(Debug)]
struct Shard {
    orders: ChildStdin,
    _process: Process,
}

impl Fleet {
    /// Starts as many processes as it takes; nobody connects yet.
    pub(crate) fn muster(roll: &Roll) -> Result<Self> {
        // No two shards of a run have the same addresses.
        static SHARDS: AtomicUsize = AtomicUsize::new(0);
        let seats = &roll.seats;
        let count = seats.len().div_ceil(SHARD_SESSIONS_MAX).max(1);
        let board = Arc::new(Board::new(count));
        let started = (0..count).map(|number| {
            // Dealt like cards, so that every process has some of each nature.
            let dealt: Vec<Seat> = seats.iter().skip(number).step_by(count).cloned().collect();
            let shard = SHARDS.fetch_add(1, Ordering::Relaxed);
            let rate = roll.reconnects_per_second / u32::try_from(count).unwrap_or(1);
            let roll = Roll { shard, seats: dealt, reconnects_per_second: rate, ..roll.clone() };
            Shard::start(&roll, number, &board)
        });
        Ok(Self { shards: started.collect::<Result<_>>()?, board, sessions: seats.len() })
    }

    pub(crate) const fn sessions(&self) -> usize {
        self.sessions
    }

    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// Lets everybody in, and waits until they are, telling how many are.
    pub(crate) fn enter(&mut self, progress: impl Fn(usize)) -> Result<()> {
        self.order(Order::Enter)?;
        self.board.until_entered(self.sessions, progress)
    }

    /// Tells all shards to do something.
    pub(crate) fn order(&mut self, order: Order) -> Result<()> {
        self.shards.iter_mut().try_for_each(|shard| shard.say(&order))
    }

    /// Returns what was measured since it was forgotten.
    pub(crate) fn tally(&mut self) -> Result<Tally> {
        self.order(Order::Tell)?;
        let mut sum = Tally::default();
        self.board.tallies()?.into_iter().try_for_each(|tally| sum.add(tally))?;
        Ok(sum)
    }
}

impl Shard {
    fn start(roll: &Roll, number: usize, board: &Arc<Board>) -> Result<Self> {
        let mut process = Process::own(&["shard"])?;
        let (orders, lines) = (process.input()?, process.lines()?);
        let board = Arc::clone(board);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let news = serde_json::from_str(&line);
                board.note(number, news.unwrap_or(News::Fault(line)));
            }
            board.note(number, News::Fault("a process that holds sessions ended".to_owned()));
        });
        let mut shard = Self { orders, _process: process };
        shard.say(roll)?;
        Ok(shard)
    }

    fn say(&mut self, order: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).context("a process that holds sessions has ended")
    }
}
