//! The node: everything of one process but its adapters.

mod catalog;
mod export;
mod hub;
mod load;
mod lookout;
mod permit;
mod place;
mod registry;
mod retention;
mod start;
mod stored;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use throng_engine::budget::{Ledger, Rate};
use throng_engine::policy::Policy;
use throng_ports::api::Api;
use throng_ports::hub::Facts;
use throng_ports::link::{Greeting, Incoming, Listener};
use throng_ports::metrics::Source;
use throng_ports::policy::PolicyHost;
use throng_ports::store::{Store, StoreError};
use throng_ports::token::Tokens;
use throng_proto::id::{GuildId, Id, Ids, UserId};
use tokio::sync::{Notify, Semaphore, mpsc};

use crate::account::Accounts;
use crate::budgets::Budgets;
use crate::clock;
use crate::config::Config;
use crate::connections::Connections;
use crate::directory::Directory;
use crate::jobs::Jobs;
use crate::joining::Joins;
use crate::metrics::{Metrics, Refused};
use crate::overload::Overload;
use crate::pace::Pace;
use crate::review::Reviews;
use crate::traffic::Traffic;
use crate::troubles::Troubles;
use crate::turns::Turns;
use crate::worker::WorkerMessage;

pub(crate) use load::guild as load_guild;
pub(crate) use permit::SessionCounts;
pub(crate) use place::Place as Permit;
pub use place::{Full, PlaceLimits, Places, Visit};

/// How long a refused client is told to wait, in seconds.
const RETRY_AFTER_SECS: u32 = 5;

/// Close code of a refusal after the handshake.
const TRY_AGAIN: u16 = 1013;
/// Refusals that are explained at the same time; more are closed at once.
const REFUSALS_MAX: usize = 256;

/// What a node is made of.
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// Who gets what.
    pub policy: Arc<dyn Policy>,
    /// Where the policy comes from.
    pub policies: Arc<dyn PolicyHost>,
    /// How tokens are made and checked.
    pub tokens: Arc<dyn Tokens>,
    /// What the deployment says of itself.
    pub facts: Facts,
    /// Connections at the same time, from the file limit and the settings.
    pub places: PlaceLimits,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why a node cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error("guilds cannot be loaded: {0}")]
    Store(#[from] StoreError),
    /// The journals of sessions cannot be read or written.
    #[error("the sessions' journals cannot be used: {0}")]
    Journal(#[from] std::io::Error),
    /// The threads that walk over members do not start.
    #[error("the threads of jobs (jobs.threads) cannot start: {0}")]
    Jobs(std::io::Error),
}

/// What all threads of a node share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) facts: Arc<Facts>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) policies: Arc<dyn PolicyHost>,
    /// The version of the policy that everybody was asked about at last.
    pub(crate) followed: Mutex<Option<String>>,
    pub(crate) review: Reviews,
    pub(crate) overload: Overload,
    pub(crate) budgets: Budgets,
    pub(crate) api: OnceLock<Arc<dyn Api>>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) accounts: Accounts,
    pub(crate) connections: Connections,
    pub(crate) directory: Directory,
    pub(crate) metrics: Metrics,
    pub(crate) traffic: Traffic,
    /// What has numbers to show beside the node itself.
    pub(crate) sources: Mutex<Vec<Arc<dyn Source>>>,
    pub(crate) jobs: Jobs,
    pub(crate) joins: Joins,
    /// Who changes the commands of its application.
    pub(crate) catalogs: Turns,
    pub(crate) identifies: Mutex<Pace<(UserId, u32)>>,
    /// Turns of those whose IDENTIFY is answered.
    pub(crate) identifying: Semaphore,
    pub(crate) member_lists: Mutex<Pace<(UserId, GuildId)>>,
    pub(crate) sessions: Mutex<SessionCounts>,
    /// What is wrong now.
    pub(crate) troubles: Troubles,
    workers: Vec<mpsc::Sender<WorkerMessage>>,
    ids: Ids,
    draining: AtomicBool,
    ready: AtomicBool,
    revived: AtomicUsize,
    restored: AtomicUsize,
    progress: Notify,
    drained: Notify,
}

impl Shared {
    /// Tells a worker something, waiting for room.
    pub(crate) async fn send(&self, worker: usize, message: WorkerMessage) {
        if let Some(inbox) = self.workers.get(worker)
            && inbox.send(message).await.is_err()
        {
            tracing::error!(worker, "a worker is gone");
        }
    }

    /// Counts a connection that is refused before it is anybody's, and says whose it was.
    fn turn_away(&self, why: Refused, peer: SocketAddr) {
        self.metrics.refuse(why);
        let reason = why.name();
        if matches!(why, Refused::Handshake | Refused::HttpIdle) {
            tracing::info!(%peer, reason, "a connection that does nothing gives way");
        } else {
            tracing::info!(%peer, reason, "a connection is refused");
        }
    }

    pub(crate) const fn worker_count(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Makes a snowflake that no other thing of this node has.
    pub(crate) fn next_id<M>(&self) -> Id<M> {
        self.ids.next(clock::wall())
    }

    /// Notes that a worker has taken over what survived.
    pub(crate) fn revived(&self) {
        self.revived.fetch_add(1, Ordering::AcqRel);
        self.progress.notify_one();
    }

    /// Notes that a guild's survivors were told what they missed.
    pub(crate) fn restored(&self) {
        self.restored.fetch_add(1, Ordering::AcqRel);
        self.progress.notify_one();
    }
}

/// A running gateway without listeners. Clones share it.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
    places: Places,
    /// Refusals that are being explained.
    refusing: Arc<AtomicUsize>,
}

/// What the edge refuses before the gateway's own rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeRefusal {
    /// There is no place.
    Full(Full),
    /// An HTTP answer for which there is no room.
    AnswerBytes,
    /// An HTTP answer that was not read in time.
    WriteTime,
    /// HTTP between two requests, whose place somebody else needs.
    Idle,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("facts", &self.shared.facts).finish_non_exhaustive()
    }
}

/// Connections that a listener accepts in a second for each core, unless a setting says otherwise:
/// a tenth to a fifth of its time.
const CONNECTIONS_PER_CORE: u64 = 1_000;
/// Seconds whose connections may come at once.
const BURST_SECS: u64 = 10;

impl Node {
    /// Shows the numbers of something else among the node's own, from now on.
    pub fn show(&self, source: Arc<dyn Source>) {
        self.shared.sources.lock().push(source);
    }

    /// Takes links from a listener until the node drains.
    pub async fn serve(&self, mut listener: Box<dyn Listener>) {
        let mut next = 0;
        let mut pace = self.accepting();
        while !self.shared.is_draining() {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.drain_began() => break,
            };
            match accepted {
                Ok(incoming) => {
                    self.welcome(incoming, next);
                    next = (next + 1) % self.shared.worker_count();
                    if let Err(wait) = pace.take((), 1, clock::now()) {
                        // Those who are here go first.
                        self.shared.metrics.refuse(Refused::ConnectionRate);
                        tokio::time::sleep(wait).await;
                    }
                }
                // Out of files or memory: what is open goes on, and new ones wait in the backlog.
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            }
        }
    }

    /// Returns how fast a listener may accept.
    fn accepting(&self) -> Ledger<()> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let amount = match self.shared.config.limits.connections_per_sec {
            0 => cores() * CONNECTIONS_PER_CORE,
            some => some.into(),
        };
        // Whoever comes back at once after a restart is let in as fast as that goes.
        let burst = Duration::from_secs(BURST_SECS);
        Ledger::new(Rate { amount: amount * BURST_SECS, window: burst }, 1)
    }

    fn welcome(&self, incoming: Box<dyn Incoming>, worker: usize) {
        let place = self.places.take(incoming.peer().ip());
        self.shared.metrics.connections.set(self.places.open() as u64);
        let place = match place {
            Ok(place) => place,
            Err(full) => return self.turn_away(incoming, full),
        };
        let shared = Arc::clone(&self.shared);
        let visit = self.places.visit(place);
        // As long as nothing was asked for, others go first; also before its task has a turn.
        visit.rest();
        tokio::spawn(async move {
            let peer = incoming.peer();
            let greeting = tokio::select! {
                greeting = incoming.greet() => greeting,
                () = visit.evicted() => return shared.turn_away(Refused::Handshake, peer),
            };
            if let Greeting::Refused(why) = &greeting {
                shared.metrics.refuse(Refused::BadHandshake);
                tracing::info!(%peer, reason = %why, "a handshake failed");
            }
            let (Some(arrival), Some(mut place)) = (greeting.link(), visit.into_place()) else {
                return;
            };
            if let Err(full) = place.belong_to(arrival.peer().ip()) {
                shared.turn_away(Refused::Address, arrival.peer());
                // The handshake is over, so the reason travels in a close.
                return arrival
                    .arrive()
                    .into_iter()
                    .for_each(|l| l.close(TRY_AGAIN, full.reason()));
            }
            shared.send(worker, WorkerMessage::Arrived(arrival, place)).await;
        });
    }

    /// Says why there is no place, unless too many others are being told.
    fn turn_away(&self, incoming: Box<dyn Incoming>, full: Full) {
        self.count_refusal(EdgeRefusal::Full(full), incoming.peer());
        let refusing = Arc::clone(&self.refusing);
        if refusing.fetch_add(1, Ordering::AcqRel) >= REFUSALS_MAX {
            refusing.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        tokio::spawn(async move {
            incoming.refuse(full.reason(), RETRY_AFTER_SECS).await;
            refusing.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Returns the places of connections, of which those that speak HTTP take some.
    #[must_use]
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// Counts what was refused at the edge, and says to whom.
    pub fn count_refusal(&self, why: EdgeRefusal, peer: SocketAddr) {
        let why = match why {
            EdgeRefusal::Full(Full::Connections) => Refused::Connections,
            EdgeRefusal::Full(Full::Http) => Refused::HttpConnections,
            EdgeRefusal::Full(Full::Address) => Refused::Address,
            EdgeRefusal::AnswerBytes => Refused::HttpAnswerBytes,
            EdgeRefusal::WriteTime => Refused::HttpWriteTime,
            EdgeRefusal::Idle => Refused::HttpIdle,
        };
        self.shared.turn_away(why, peer);
    }

    async fn drain_began(&self) {
        while !self.shared.is_draining() {
            self.shared.drained.notified().await;
        }
    }

    /// Lets clients send requests of the HTTP API over their links, too.
    pub fn answer_requests(&self, api: Arc<dyn Api>) {
        if self.shared.api.set(api).is_err() {
            tracing::error!("requests over links are answered already; the second API is ignored");
        }
    }

    /// Tells whether the node is about to end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }

    /// Returns what is wrong with the node, for others to add to.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.shared.troubles
    }

    /// Lets the node act as under this pressure, 0 to 100, until `None` ends it: for drills, and to
    /// see what a policy does.
    pub fn drill(&self, pressure: Option<u8>) {
        self.shared.drill(pressure);
    }

    /// Waits until a drain is over: every link is closed, or the time for it is up.
    pub async fn drained(&self) {
        self.drain_began().await;
        let watch = clock::Watch::start();
        let metrics = &self.shared.metrics.workers;
        let links: u64 = metrics.iter().map(|worker| worker.links.read()).sum();
        let sessions: u64 = metrics.iter().map(|worker| worker.sessions.read()).sum();
        tracing::info!(links, sessions, "the node drains: no new links, and these are closed");
        let (done, mut all) = mpsc::channel(self.shared.worker_count().max(1));
        for worker in 0..self.shared.worker_count() {
            self.shared.send(worker, WorkerMessage::Drain(done.clone())).await;
        }
        drop(done);
        let limit = Duration::from_secs(self.shared.config.limits.drain_secs);
        let finished = tokio::time::timeout(limit, async { while all.recv().await.is_some() {} });
        match finished.await {
            Ok(()) => {
                let millis = watch.millis();
                tracing::info!(millis, "every link is closed; sessions wait for their clients");
            }
            Err(_) => tracing::warn!("links are left after {limit:?}; their sessions can resume"),
        }
    }

    /// Puts the store into the form in which it is best copied, as the last thing of all.
    pub async fn finish(&self) {
        let limit = Duration::from_secs(self.shared.config.limits.drain_secs);
        match tokio::time::timeout(limit, self.shared.store.finish()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the store keeps its log beside it"),
            Err(_) => tracing::warn!("the store is not done after {limit:?}"),
        }
    }

    fn begin_drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
        self.shared.drained.notify_waiters();
    }
}
