//! How a node starts: guilds from the store, sessions from the journals, then workers.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::deck::{Story, Survivors};
use throng_ports::journal::{Found, Journals};
use throng_proto::id::Ids;
use throng_proto::time::Timestamp;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::{Node, Parts, Places, SessionCounts, Shared, StartError, load, lookout, retention};
use crate::account::Accounts;
use crate::budgets::Budgets;
use crate::clock;
use crate::connections::Connections;
use crate::directory::Directory;
use crate::jobs::Jobs;
use crate::joining::Joins;
use crate::metrics::Metrics;
use crate::overload::{self, Overload};
use crate::pace::Pace;
use crate::review::Reviews;
use crate::traffic::Traffic;
use crate::troubles::Troubles;
use crate::turns::Turns;
use crate::worker::{Recorder, Seed, WorkerMessage};

/// How often the log of events is trimmed.
const TRIM_EVERY: Duration = Duration::from_secs(30);
/// How often the memory of owners of tokens is given back.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// How often journals that could not be sealed are tried again.
const SEAL_EVERY: Duration = Duration::from_secs(1);
/// The trouble that says so.
const SEAL: &str = "journal";

type Inboxes = Vec<mpsc::Receiver<WorkerMessage>>;

impl Node {
    /// Loads guilds, takes over the sessions of the last run, and starts the workers.
    ///
    /// # Errors
    ///
    /// The store or the journals cannot be used; nothing was changed.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let places = Places::new(parts.places.clone());
        let (shared, inboxes) = assemble(parts)?;
        let journals = shared.store.journals();
        let stories = journals.recover()?.into_iter().map(read).collect();
        let survivors = Survivors::divide(stories, shared.worker_count());
        load::guilds(&shared).await?;
        let expected = expect(&shared, &survivors);
        let recorders = journals.begin(shared.worker_count())?;
        let seeds = inboxes.into_iter().zip(recorders).zip(survivors).enumerate();
        for (index, ((inbox, journal), survivors)) in seeds {
            let recorder = Recorder::new(journal);
            let seed = Seed { index, shared: Arc::clone(&shared), inbox, recorder, survivors };
            std::thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(move || seed.run())?;
        }
        wait(&shared, &shared.revived, shared.worker_count()).await;
        seal(&shared, &journals);
        wait(&shared, &shared.restored, expected).await;
        shared.ready.store(true, Ordering::Release);
        tokio::spawn(trim(Arc::clone(&shared)));
        tokio::spawn(sweep(Arc::clone(&shared)));
        tokio::spawn(lookout::looks(Arc::clone(&shared)));
        tokio::spawn(retention::removes(Arc::clone(&shared)));
        tokio::spawn(overload::looks(Arc::clone(&shared)));
        Ok(Self { shared, places, refusing: Arc::new(AtomicUsize::new(0)) })
    }
}

/// Reads a journal.
fn read(found: Vec<Found>) -> Story {
    let mut story = Story::default();
    for found in found {
        match found {
            Found::Record(record) => story.read(&record),
            Found::Gap => story.gap(),
        }
    }
    if story.unread() > 0 {
        tracing::warn!(records = story.unread(), "records of a journal cannot be read");
    }
    story.finish()
}

fn assemble(parts: Parts) -> Result<(Arc<Shared>, Inboxes), StartError> {
    let Parts { config, store, policy, policies, tokens, facts, .. } = parts;
    let count = config.worker_count();
    let (workers, inboxes) = (0..count).map(|_| mpsc::channel(config.limits.worker_queue)).unzip();
    let per_5s = config.gateway.identifies_per_5s;
    let lists = config.gateway.member_lists_per_30s;
    let shared = Shared {
        facts: Arc::new(facts),
        accounts: Accounts::new(Arc::clone(&store), Arc::clone(&tokens)),
        store,
        policy,
        followed: Mutex::new(Some(policies.status().version)),
        policies,
        review: Reviews::new(count),
        overload: Overload::new(&config.overload),
        budgets: Budgets::new(&config.budgets),
        api: OnceLock::new(),
        tokens,
        connections: Connections::new(),
        directory: Directory::default(),
        metrics: Metrics::new(count),
        traffic: Traffic::default(),
        joins: Joins::new(&config.limits),
        catalogs: Turns::default(),
        sources: Mutex::default(),
        jobs: Jobs::start(&config.jobs).map_err(StartError::Jobs)?,
        identifies: Mutex::new(Pace::new(per_5s, Duration::from_secs(5))),
        identifying: Semaphore::new(config.limits.identifies_under_way),
        member_lists: Mutex::new(Pace::new(lists, Duration::from_secs(30))),
        sessions: Mutex::new(SessionCounts::default()),
        troubles: Troubles::default(),
        workers,
        ids: Ids::new(0),
        draining: AtomicBool::new(false),
        ready: AtomicBool::new(false),
        revived: AtomicUsize::new(0),
        restored: AtomicUsize::new(0),
        progress: Notify::new(),
        drained: Notify::new(),
        config,
    };
    Ok((Arc::new(shared), inboxes))
}

/// Counts surviving sessions in, and the answers that their guilds will give.
fn expect(shared: &Shared, survivors: &[Survivors]) -> usize {
    let sessions: usize = survivors.iter().map(Survivors::count).sum();
    if sessions > 0 {
        tracing::info!(sessions, "sessions of the last run can resume");
    }
    let mut counts = shared.sessions.lock();
    for user in survivors.iter().flat_map(Survivors::users) {
        counts.enter(user, usize::MAX);
    }
    let guilds = survivors.iter().flat_map(Survivors::guilds);
    guilds.filter(|guild| shared.directory.guild(*guild).is_some()).count()
}

async fn wait(shared: &Shared, counter: &AtomicUsize, goal: usize) {
    while counter.load(Ordering::Acquire) < goal {
        shared.progress.notified().await;
    }
}

/// Puts what this run has written in force. While that cannot be done, the journals of the run
/// before stay: should this one end meanwhile, its sessions begin there again.
fn seal(shared: &Arc<Shared>, journals: &Arc<dyn Journals>) {
    let Err(error) = journals.seal() else { return };
    tracing::warn!(%error, "sessions' journals cannot be written yet; those of the last run stay");
    shared.troubles.set(SEAL, format!("sessions' journals cannot be written: {error}"));
    let (shared, journals) = (Arc::clone(shared), Arc::clone(journals));
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(SEAL_EVERY);
        tick.tick().await;
        loop {
            tick.tick().await;
            if journals.seal().is_ok() {
                break;
            }
        }
        shared.troubles.clear(SEAL);
        tracing::info!("sessions' journals are written again");
    });
}

/// Forgets owners of tokens that nobody has shown lately.
async fn sweep(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    loop {
        tick.tick().await;
        shared.accounts.sweep();
    }
}

/// Forgets events that no session can ask for any more.
async fn trim(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(TRIM_EVERY);
    loop {
        tick.tick().await;
        let window = shared.config.resume_window().saturating_mul(2);
        let millis = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let before = Timestamp::from_millis(clock::wall().millis().saturating_sub(millis));
        if let Err(error) = shared.store.trim_events(before).await {
            tracing::warn!(%error, "old events cannot be forgotten");
        }
    }
}
