//! How a node starts: guilds from the store, sessions from the journals, then workers.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::deck::{Story, Survivors};
use throng_ports::journal::{Found, Journals};
use throng_proto::time::Timestamp;
use tokio::sync::mpsc;

use super::{Node, Parts, StartError, lookout, retention};
use crate::account::Accounts;
use crate::archive::Archive;
use crate::bounds::Bounds;
use crate::clock;
use crate::connections::Connections;
use crate::guild;
use crate::jobs::Jobs;
use crate::joining::Joins;
use crate::letter::WorkerLetter;
use crate::meter::Meter;
use crate::overload;
use crate::place::Places;
use crate::post::Post;
use crate::stage::Stage;
use crate::troubles::Troubles;
use crate::turns::Turns;
use crate::verdicts::Verdicts;
use crate::worker::{self, Gate, Launch, Recorder};

/// How often the log of events is trimmed.
const TRIM_EVERY: Duration = Duration::from_secs(30);
/// How often the memory of owners of tokens is given back.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// How often journals that could not be sealed are tried again.
const SEAL_EVERY: Duration = Duration::from_secs(1);
/// The trouble that says so.
const SEAL: &str = "journal";

type Inboxes = Vec<mpsc::Receiver<WorkerLetter>>;

impl Node {
    /// Loads guilds, takes over the sessions of the last run, and starts the workers.
    ///
    /// # Errors
    ///
    /// The store or the journals cannot be used; nothing was changed.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let (node, inboxes) = assemble(parts)?;
        let journals = node.archive.store.journals();
        let stories = journals.recover()?.into_iter().map(read).collect();
        let survivors = Survivors::divide(stories, node.post.worker_count());
        guild::load_all(&node.ties()).await?;
        let expected = node.expect(&survivors);
        let recorders = journals.begin(node.post.worker_count())?;
        let ties = node.worker_ties();
        let seeds = inboxes.into_iter().zip(recorders).zip(survivors).enumerate();
        for (index, ((inbox, journal), survivors)) in seeds {
            let (ties, recorder) = (ties.clone(), Recorder::new(journal));
            let seed = Launch { index, ties, inbox, recorder, survivors };
            std::thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(move || seed.run())?;
        }
        node.stage.all_revived(node.post.worker_count()).await;
        seal(&node.meter.troubles, &journals);
        node.stage.all_restored(expected).await;
        node.stage.begin_to_serve();
        node.begin_chores();
        Ok(node)
    }

    /// Begins what is done now and then.
    fn begin_chores(&self) {
        let (archive, meter) = (&self.archive, &self.meter);
        tokio::spawn(trim(archive.clone(), self.settings.resume_window()));
        tokio::spawn(sweep(archive.accounts.clone()));
        tokio::spawn(lookout::looks(archive.clone(), meter.clone()));
        let days = self.settings.messages_days;
        tokio::spawn(retention::removes(archive.clone(), meter.clone(), days));
        tokio::spawn(overload::looks(Arc::clone(&self.verdicts.overload)));
    }

    /// What ties workers to this node.
    fn worker_ties(&self) -> worker::Ties {
        let gate = Gate {
            settings: Arc::clone(&self.settings),
            facts: Arc::clone(&self.facts),
            archive: self.archive.clone(),
            bounds: Arc::clone(&self.bounds),
            verdicts: self.verdicts.clone(),
            meter: self.meter.clone(),
            connections: Connections::new(),
        };
        worker::Ties {
            settings: Arc::clone(&self.settings),
            post: self.post.clone(),
            meter: self.meter.clone(),
            verdicts: self.verdicts.clone(),
            bounds: Arc::clone(&self.bounds),
            gate: Arc::new(gate),
            api: Arc::clone(&self.api),
            stage: Arc::clone(&self.stage),
        }
    }

    /// Counts surviving sessions in, and the answers that their guilds will give.
    fn expect(&self, survivors: &[Survivors]) -> usize {
        let sessions: usize = survivors.iter().map(Survivors::count).sum();
        if sessions > 0 {
            tracing::info!(sessions, "sessions of the last run can resume");
        }
        let mut counts = self.bounds.sessions.lock();
        for user in survivors.iter().flat_map(Survivors::users) {
            counts.enter(user, usize::MAX);
        }
        let guilds = survivors.iter().flat_map(Survivors::guilds);
        guilds.filter(|guild| self.post.directory.guild(*guild).is_some()).count()
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

/// Makes all handles.
fn assemble(parts: Parts) -> Result<(Node, Inboxes), StartError> {
    let Parts { config, store, policy, policies, tokens, facts, places } = parts;
    let settings = Arc::new(config);
    let (count, room) = (settings.worker_count(), settings.limits.worker_queue);
    let (workers, inboxes): (_, Inboxes) = (0..count).map(|_| mpsc::channel(room)).unzip();
    let (post, meter) = (Post::new(workers), Meter::new(count));
    let archive = Archive::new(store, tokens, meter.troubles.clone());
    let joins = Joins::new(Arc::clone(&settings), archive.clone(), meter.clone());
    let node = Node {
        facts: Arc::new(facts),
        verdicts: Verdicts::new(policy, policies, &settings, &meter, &post),
        bounds: Arc::new(Bounds::new(&settings, meter.clone())),
        jobs: Arc::new(Jobs::start(&settings.jobs).map_err(StartError::Jobs)?),
        joins: Arc::new(joins),
        catalogs: Arc::new(Turns::default()),
        api: Arc::new(OnceLock::new()),
        sources: Arc::new(Mutex::default()),
        stage: Arc::new(Stage::default()),
        places: Places::new(places),
        refusing: Arc::new(AtomicUsize::new(0)),
        settings,
        post,
        meter,
        archive,
    };
    Ok((node, inboxes))
}

/// Puts what this run has written in force. While that cannot be done, the journals of the run
/// before stay: should this one end meanwhile, its sessions begin there again.
fn seal(troubles: &Troubles, journals: &Arc<dyn Journals>) {
    let Err(error) = journals.seal() else { return };
    tracing::warn!(%error, "sessions' journals cannot be written yet; those of the last run stay");
    troubles.set(SEAL, format!("sessions' journals cannot be written: {error}"));
    let (troubles, journals) = (troubles.clone(), Arc::clone(journals));
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(SEAL_EVERY);
        tick.tick().await;
        loop {
            tick.tick().await;
            if journals.seal().is_ok() {
                break;
            }
        }
        troubles.clear(SEAL);
        tracing::info!("sessions' journals are written again");
    });
}

/// Forgets owners of tokens that nobody has shown lately.
async fn sweep(accounts: Accounts) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    loop {
        tick.tick().await;
        accounts.sweep();
    }
}

/// Forgets events that no session can ask for any more.
async fn trim(archive: Archive, resume_window: Duration) {
    let mut tick = tokio::time::interval(TRIM_EVERY);
    loop {
        tick.tick().await;
        let window = resume_window.saturating_mul(2);
        let millis = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let before = Timestamp::from_millis(clock::wall().millis().saturating_sub(millis));
        if let Err(error) = archive.store.trim_events(before).await {
            tracing::warn!(%error, "old events cannot be forgotten");
        }
    }
}
