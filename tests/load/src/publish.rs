//! Posting messages, each with its number and the time, and waiting until everybody has them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::clock::Moment;
use crate::fleet::Fleet;
use crate::mark::Mark;
use crate::shard::Times;

/// A connection on which messages are posted.
pub(crate) trait Publisher: Send {
    /// Posts a content, and returns when that is acknowledged.
    fn publish(&mut self, content: &str) -> Result<()>;
}

/// How messages are posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Volley {
    /// Messages.
    pub(crate) messages: u32,
    /// Messages that not everybody has yet, at any time.
    pub(crate) in_flight: u32,
    /// Bytes of a content.
    pub(crate) bytes: usize,
}

/// How posting went.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// From the first post to the last delivery.
    pub(crate) took: Duration,
    /// From a post to its acknowledgement.
    pub(crate) acks: Times,
}

/// Posts from as many connections as messages may be in flight.
pub(crate) fn fire(
    volley: Volley,
    fleet: &Fleet,
    connections: &mut [Box<dyn Publisher>],
) -> Result<Flight> {
    let board = fleet.board();
    let before = board.done();
    let next = AtomicU32::new(0);
    let acks = Mutex::new(Times::default());
    let began = Instant::now();
    let post = |connection: &mut Box<dyn Publisher>| -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= volley.messages {
                return Ok(());
            }
            let turn = (before + number + 1).saturating_sub(volley.in_flight);
            board.until_done(turn)?;
            let sent = Moment::now();
            connection.publish(&Mark { number: before + number, sent }.content(volley.bytes))?;
            let took = Moment::now().nanos_since(sent);
            acks.lock().unwrap_or_else(PoisonError::into_inner).note(took);
        }
    };
    thread::scope(|scope| {
        let posting = connections.iter_mut().take(volley.in_flight as usize);
        let posting: Vec<_> = posting.map(|connection| scope.spawn(|| post(connection))).collect();
        posting.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("panicked"))?)
    })?;
    board.until_done(before + volley.messages)?;
    let acks = acks.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Flight { took: began.elapsed(), acks })
}
