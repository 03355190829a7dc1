//! The node: everything of one process but its adapters.

mod ask;
mod catalog;
mod edge;
mod export;
mod hub;
mod lookout;
mod registry;
mod retention;
mod start;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use throng_engine::policy::Policy;
use throng_ports::api::Api;
use throng_ports::hub::Facts;
use throng_ports::metrics::Source;
use throng_ports::policy::PolicyHost;
use throng_ports::store::{Store, StoreError};
use throng_ports::token::Tokens;
use tokio::sync::mpsc;

use crate::archive::Archive;
use crate::bounds::Bounds;
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::guild;
use crate::jobs::Jobs;
use crate::joining::Joins;
use crate::letter::WorkerLetter;
use crate::meter::Meter;
use crate::place::{PlaceLimits, Places};
use crate::post::Post;
use crate::stage::Stage;
use crate::troubles::Troubles;
use crate::turns::Turns;
use crate::verdicts::Verdicts;

pub use edge::EdgeRefusal;

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

/// A running gateway without listeners. Clones share it.
///
/// It alone holds all handles, because it made them; each task has those that it needs.
#[derive(Clone)]
pub struct Node {
    settings: Arc<Config>,
    facts: Arc<Facts>,
    post: Post,
    meter: Meter,
    verdicts: Verdicts,
    bounds: Arc<Bounds>,
    archive: Archive,
    jobs: Arc<Jobs>,
    joins: Arc<Joins>,
    /// Who changes the commands of its application.
    catalogs: Arc<Turns>,
    /// Who answers requests that come over links.
    api: Arc<OnceLock<Arc<dyn Api>>>,
    /// What has numbers to show beside the node itself.
    sources: Arc<Mutex<Vec<Arc<dyn Source>>>>,
    stage: Arc<Stage>,
    places: Places,
    /// Refusals that are being explained.
    refusing: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl Node {
    /// Shows the numbers of something else among the node's own, from now on.
    pub fn show(&self, source: Arc<dyn Source>) {
        self.sources.lock().push(source);
    }

    /// Lets clients send requests of the HTTP API over their links, too.
    pub fn answer_requests(&self, api: Arc<dyn Api>) {
        if self.api.set(api).is_err() {
            tracing::error!("requests over links are answered already; the second API is ignored");
        }
    }

    /// Tells whether the node is about to end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.stage.is_draining()
    }

    /// Returns what is wrong with the node, for others to add to.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.meter.troubles
    }

    /// Lets the node act as under this pressure, 0 to 100, until `None` ends it: for drills, and to
    /// see what a policy does.
    pub fn drill(&self, pressure: Option<u8>) {
        self.verdicts.overload.drill(pressure);
    }

    /// Waits until the node begins to drain.
    pub async fn draining(&self) {
        self.stage.drain_began().await;
    }

    /// Waits until a drain is over: every link is closed, or the time for it is up.
    pub async fn drained(&self) {
        self.stage.drain_began().await;
        let watch = Stopwatch::start();
        let metrics = &self.meter.metrics.workers;
        let links: u64 = metrics.iter().map(|worker| worker.links.read()).sum();
        let sessions: u64 = metrics.iter().map(|worker| worker.sessions.read()).sum();
        tracing::info!(links, sessions, "the node drains: no new links, and these are closed");
        let (done, mut all) = mpsc::channel(self.post.worker_count().max(1));
        self.post.send_all(|| WorkerLetter::Drain(done.clone())).await;
        drop(done);
        let limit = Duration::from_secs(self.settings.limits.drain_secs);
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
        let limit = Duration::from_secs(self.settings.limits.drain_secs);
        match tokio::time::timeout(limit, self.archive.store.finish()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the store keeps its log beside it"),
            Err(_) => tracing::warn!("the store is not done after {limit:?}"),
        }
    }

    /// What ties guilds to this node.
    fn ties(&self) -> guild::Ties {
        guild::Ties {
            settings: Arc::clone(&self.settings),
            post: self.post.clone(),
            meter: self.meter.clone(),
            archive: self.archive.clone(),
            jobs: Arc::clone(&self.jobs),
        }
    }
}
