//! Many thousand sessions on one thread, each with a socket, a few counters and, over WebSocket, no
//! buffers.

mod frame;
mod member;
mod socket;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{Identity, PATIENCE, Route};

/// Sessions between their first packet and their guild at any time.
const ENTERING_MAX: usize = 64;
/// Files that a test process needs beside the sockets of its crowd.
const FILES_SPARE: u64 = 256;

/// One session to be.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who sits there.
    pub identity: Identity,
    /// Whether every event is kept whole; else only the marks of messages and names of others.
    pub keeps: bool,
}

/// What one session was sent after it had its guild.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Marks of the messages, in order of arrival: N of contents that begin with `#N`.
    pub marks: Vec<u32>,
    /// Names of the other events.
    pub others: Vec<String>,
    /// Payloads of all events, if the seat keeps them.
    pub payloads: Vec<String>,
}

/// A crowd of sessions; all leave when it is dropped.
#[derive(Debug)]
pub struct Crowd {
    hall: Arc<Hall>,
    // Held, because its end ends the tasks.
    _members: JoinSet<()>,
}

/// What the members of a crowd share.
#[derive(Debug)]
struct Hall {
    route: Route,
    doors: Semaphore,
    entered: AtomicUsize,
    messages: AtomicUsize,
    awaited: AtomicUsize,
    news: Notify,
    heard: Vec<Mutex<Heard>>,
    fault: Mutex<Option<String>>,
}

impl Crowd {
    /// Lets everybody in, a bounded number at a time, and waits until each has its guild.
    ///
    /// # Errors
    ///
    /// Fails when the process may not open as many files, or when somebody is turned away.
    pub async fn enter(route: &Route, seats: &[Seat]) -> Result<Self> {
        raise_files(seats.len())?;
        let hall = Arc::new(Hall {
            route: route.clone(),
            doors: Semaphore::new(ENTERING_MAX),
            entered: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
            awaited: AtomicUsize::new(usize::MAX),
            news: Notify::new(),
            heard: seats.iter().map(|_| Mutex::default()).collect(),
            fault: Mutex::default(),
        });
        let mut members = JoinSet::new();
        for (index, seat) in seats.iter().enumerate() {
            members.spawn(member::live(Arc::clone(&hall), index, seat.clone()));
        }
        let crowd = Self { hall, _members: members };
        crowd.until(&crowd.hall.entered, seats.len()).await?;
        Ok(crowd)
    }

    /// Waits until the whole crowd has been sent this many messages since it entered.
    ///
    /// # Errors
    ///
    /// Fails when nobody is sent anything for a while, or somebody is thrown out.
    pub async fn until_messages(&self, count: usize) -> Result<()> {
        self.until(&self.hall.messages, count).await
    }

    /// Returns what one session was sent.
    #[must_use]
    pub fn heard(&self, index: usize) -> Heard {
        self.hall.heard(index).clone()
    }

    async fn until(&self, counter: &AtomicUsize, target: usize) -> Result<()> {
        self.hall.awaited.store(target, Ordering::Relaxed);
        let mut before = counter.load(Ordering::Relaxed);
        let mut patience = PATIENCE;
        loop {
            if let Some(fault) =
                self.hall.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
            {
                bail!("{fault}");
            }
            let now = counter.load(Ordering::Relaxed);
            if now >= target {
                return Ok(());
            }
            let waited = timeout(Duration::from_secs(1), self.hall.news.notified()).await;
            if now > before {
                (before, patience) = (now, PATIENCE);
            } else if waited.is_err() {
                patience = patience.saturating_sub(Duration::from_secs(1));
            }
            if patience.is_zero() {
                bail!("{now} of {target}, and no progress for {PATIENCE:?}");
            }
        }
    }
}

impl Hall {
    fn heard(&self, index: usize) -> MutexGuard<'_, Heard> {
        self.heard[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, counter: &AtomicUsize) {
        let now = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if now >= self.awaited.load(Ordering::Relaxed) {
            self.news.notify_one();
        }
    }

    fn fail(&self, fault: String) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        self.news.notify_one();
    }
}

fn raise_files(sockets: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let needed = sockets as u64 + FILES_SPARE;
    if limit.current.is_some_and(|current| current < needed) {
        if limit.maximum.is_some_and(|maximum| maximum < needed) {
            bail!("{sockets} sessions need {needed} files; set THRONG_E2E_SESSIONS lower");
        }
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    }
    Ok(())
}
