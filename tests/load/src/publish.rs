//! Posting messages, each with its number and the time, and waiting until everybody has them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use rustix::process::setpriority_process;

use crate::clock::Moment;
use crate::fleet::Board;
use crate::mark::Mark;
use crate::shard::Times;

/// Niceness of those who post: far before those who read.
const PRIORITY: i32 = -10;

/// One message to be.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// Which one of the run it is.
    pub(crate) number: u32,
    /// Its content, with its mark.
    pub(crate) content: String,
}

/// A connection on which messages are posted.
pub(crate) trait Publisher: Send {
    /// Posts, and returns when that is acknowledged.
    fn publish(&mut self, post: &Post) -> Result<()>;
}

/// How fast messages are posted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// As fast as everybody gets them, but for so many.
    InFlight(u32),
    /// So many a second, whether they arrive or not.
    PerSecond(f64),
}

/// How messages are posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Volley {
    /// How many.
    pub(crate) messages: u32,
    /// How fast.
    pub(crate) pace: Pace,
    /// Bytes of a content.
    pub(crate) bytes: usize,
    /// How many of a hundred mention everyone.
    pub(crate) mention_percent: u32,
}

/// How posting went.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// From the first post to the last delivery.
    pub(crate) took: Duration,
    /// From a post to its acknowledgement.
    pub(crate) acks: Times,
}

/// One volley while it is posted.
struct Firing<'a> {
    volley: Volley,
    board: &'a Board,
    /// Messages that everybody had before.
    before: u32,
    began: Moment,
    next: AtomicU32,
    acks: Mutex<Times>,
}

/// Posts over as many connections at the same time as there are, or as the pace needs.
pub(crate) fn fire(
    volley: Volley,
    board: &Board,
    connections: &mut [Box<dyn Publisher>],
) -> Result<Flight> {
    let firing = Firing {
        volley,
        board,
        before: board.done(),
        began: Moment::now(),
        next: AtomicU32::new(0),
        acks: Mutex::default(),
    };
    let wanted = match volley.pace {
        Pace::InFlight(count) => count as usize,
        Pace::PerSecond(_) => connections.len(),
    };
    thread::scope(|scope| {
        let posting = connections.iter_mut().take(wanted);
        let posting: Vec<_> =
            posting.map(|connection| scope.spawn(|| firing.post(connection.as_mut()))).collect();
        posting.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("panicked"))?)
    })?;
    board.until_done(firing.before + volley.messages)?;
    let took = Moment::now().since(firing.began);
    let acks = firing.acks.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Flight { took, acks })
}

impl Firing<'_> {
    /// Posts over one connection until there is no more to post.
    fn post(&self, connection: &mut dyn Publisher) -> Result<()> {
        hurry();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.volley.messages {
                return Ok(());
            }
            let sent = self.turn(number)?;
            let number = self.before + number;
            let mut content = Mark { number, sent }.content(self.volley.bytes);
            if number % 100 < self.volley.mention_percent {
                content.push_str(" @everyone");
            }
            connection.publish(&Post { number, content })?;
            let took = Moment::now().nanos_since(sent);
            self.acks.lock().unwrap_or_else(PoisonError::into_inner).note(took);
        }
    }

    /// Waits for a message's turn, and returns when it was: a post that is late is late for
    /// everybody who waits for it.
    fn turn(&self, number: u32) -> Result<Moment> {
        match self.volley.pace {
            Pace::InFlight(count) => {
                self.board.until_done((self.before + number + 1).saturating_sub(count))?;
                Ok(Moment::now())
            }
            Pace::PerSecond(rate) => {
                let due = self.began.after(Duration::from_secs_f64(f64::from(number) / rate));
                thread::sleep(due.since(Moment::now()));
                Ok(due)
            }
        }
    }
}

/// Lets this thread run as soon as it can, where that is allowed: what it waits for is the server,
/// not the readers beside it.
fn hurry() {
    // Without the right to, figures are a little worse and no less true.
    let _refused = setpriority_process(None, PRIORITY);
}

/// Posts one after the other, and measures how long each takes to be acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    /// From one acknowledgement to the next post.
    pub(crate) pause: Duration,
    /// When that ends, if nothing else ends it.
    pub(crate) lasts: Duration,
}

impl Probe {
    /// Posts until it is time, or until there is no more reason to.
    pub(crate) fn run(self, to: &mut dyn Publisher, go_on: impl Fn() -> bool) -> Result<Times> {
        let (began, mut acks) = (Instant::now(), Times::default());
        hurry();
        let post = Post { number: 0, content: "probe".to_owned() };
        while began.elapsed() < self.lasts && go_on() {
            let sent = Moment::now();
            to.publish(&post)?;
            acks.note(Moment::now().nanos_since(sent));
            thread::sleep(self.pause);
        }
        Ok(acks)
    }
}
