//! One thread with its links, sessions and relays. Nothing in here is locked or shared with other
//! threads.
//!
//! A handful of tasks run on a worker: one attends to the links, one takes messages from guilds,
//! one passes over sessions and writes, one looks at the time. They share the [`Worker`] by
//! borrowing it between awaits.

mod absence;
mod answers;
mod crew;
mod doors;
mod errands;
mod fanout;
mod identify;
mod journal;
mod letter;
mod link;
mod members;
mod pressure;
mod ready;
mod request;
mod resume;
mod showing;
mod timer;
mod turns;
mod turnstile;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;
use throng_engine::deck::{Deck, SessionRef, Survivors};
use throng_engine::wheel::Wheel;
use tokio::sync::{Notify, mpsc};
use tokio::task::LocalSet;

use crate::clock;
use crate::metrics::WorkerMetrics;
use crate::node::Shared;

pub(crate) use doors::{Turned, Visit};
pub(crate) use errands::Room;
pub(crate) use journal::Recorder;
pub(crate) use letter::WorkerMessage;
pub(crate) use resume::Moving;

/// How far workers stand back behind the threads that answer requests, where cores are few.
const NICENESS: i32 = 5;

/// Everything a worker owns.
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    /// Its sessions, and what they are sent.
    pub(crate) deck: Deck<link::LinkRef>,
    links: Slab<Rc<link::LinkCell>>,
    /// Answers that wait for room on links.
    answers: Rc<answers::Room>,
    /// Links that want to be looked at.
    bells: Arc<link::Bells>,
    recorder: Recorder,
    /// Deadlines of links.
    wheel: Wheel<timer::Key>,
    errands: errands::Errands,
    least: pressure::Least,
    serials: u32,
    /// Wakes the task that passes over sessions.
    work: Rc<Notify>,
    /// Wakes the task that takes messages, when it waits for a pass to end.
    passed: Rc<Notify>,
    /// Wakes the task that reviews attachments.
    reviewing: Rc<Notify>,
    /// Wakes the task that moves attachments.
    moving: Rc<Notify>,
}

/// A worker as its tasks share it.
pub(crate) type Local = Rc<RefCell<Worker>>;

/// A worker's thread: what it begins with.
pub(crate) struct Seed {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: mpsc::Receiver<WorkerMessage>,
    pub(crate) recorder: Recorder,
    /// Sessions that survived a restart, and what was sent to them.
    pub(crate) survivors: Survivors,
}

impl Seed {
    /// Runs the worker on the calling thread until its inbox closes.
    pub(crate) fn run(self) {
        // Guilds, requests and commits go first: each takes a moment, and a pass takes them all.
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::debug!(%error, "workers run with the priority of everything else");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => LocalSet::new().block_on(&runtime, self.work()),
            // Ends the process: without a worker every other session would wait for ever.
            Err(error) => panic!("a worker cannot start: {error}"),
        }
    }

    async fn work(self) {
        let inbox = self.inbox;
        let mut worker = Worker::new(self.index, self.shared, self.recorder);
        worker.revive(self.survivors);
        let local = Rc::new(RefCell::new(worker));
        tokio::task::spawn_local(link::attend(Rc::clone(&local)));
        tokio::task::spawn_local(fanout::passes(Rc::clone(&local)));
        tokio::task::spawn_local(timer::ticks(Rc::clone(&local)));
        tokio::task::spawn_local(absence::review(Rc::clone(&local)));
        tokio::task::spawn_local(turns::reviews(Rc::clone(&local)));
        tokio::task::spawn_local(turns::moves(Rc::clone(&local)));
        tokio::task::spawn_local(errands::errands(Rc::clone(&local)));
        take(local, inbox).await;
    }
}

impl Worker {
    fn new(index: usize, shared: Arc<Shared>, recorder: Recorder) -> Self {
        let (config, policy) = (shared.config.deck(index), Arc::clone(&shared.policy));
        let answers = answers::Room::new(&shared.config.limits);
        Self {
            index,
            shared,
            deck: Deck::new(config, policy, clock::moment()),
            links: Slab::new(),
            answers,
            bells: Arc::default(),
            recorder,
            wheel: Wheel::new(clock::now(), timer::TICK),
            errands: errands::Errands::default(),
            least: pressure::Least::default(),
            serials: 0,
            work: Rc::default(),
            passed: Rc::default(),
            reviewing: Rc::default(),
            moving: Rc::default(),
        }
    }

    /// Takes over the sessions of the last run.
    fn revive(&mut self, mut survivors: Survivors) {
        survivors.share(|connection| self.shared.connections.share(connection));
        self.act(|deck| deck.revive(survivors));
        self.flush_journal();
        self.shared.revived();
    }

    pub(crate) fn metrics(&self) -> &WorkerMetrics {
        &self.shared.metrics.workers[self.index]
    }
}

/// Takes messages until there are no more senders.
async fn take(local: Local, mut inbox: mpsc::Receiver<WorkerMessage>) {
    while let Some(message) = inbox.recv().await {
        let passed = {
            let mut worker = local.borrow_mut();
            worker.note_waiting(inbox.len() as u64);
            worker.is_behind().then(|| Rc::clone(&worker.passed))
        };
        if let Some(passed) = passed {
            // The log ahead of the pass is bounded; guilds wait in turn, and so do publishers.
            passed.notified().await;
        }
        deal(&local, message);
    }
}

fn deal(local: &Local, message: WorkerMessage) {
    match message {
        WorkerMessage::Arrived(arrival, permit) => {
            return link::welcome(local, arrival, permit);
        }
        WorkerMessage::Resuming(moving) => return resume::continue_here(local, *moving),
        WorkerMessage::Drain(done) => {
            tokio::task::spawn_local(link::drain(Rc::clone(local), done));
            return;
        }
        _ => {}
    }
    local.borrow_mut().heed(message);
}

impl Worker {
    /// Does what a message asks for, if that is for the deck.
    fn heed(&mut self, message: WorkerMessage) {
        match message {
            WorkerMessage::Event(event) => self.event(&event),
            WorkerMessage::Attached(grant, _room) => self.act(|deck| deck.attached(*grant)),
            WorkerMessage::TurnedAway { session, guild } => {
                self.act(|deck| deck.turned_away(session, guild));
            }
            WorkerMessage::Restored(restored) => {
                self.act(|deck| deck.restored(*restored));
                self.shared.restored();
            }
            WorkerMessage::Own { session, kind, guild, body } => self.act(|deck| {
                // Whoever left since gets no answer to what it asked of the guild before.
                if guild.is_none_or(|guild| deck.is_in(session, guild)) {
                    deck.own(session, kind, guild, body);
                }
            }),
            WorkerMessage::Lists { guild, epoch, outputs } => {
                self.act(|deck| deck.lists_told(guild, epoch, outputs));
            }
            WorkerMessage::Chunk { session, guild, body, answer } => {
                // The job may have been cancelled.
                _ = answer.send(self.act(|deck| deck.chunk(session, guild, body)));
            }
            WorkerMessage::Rejoin(guild) => self.act(|deck| deck.rejoin(guild)),
            WorkerMessage::Owner(guild) => self.act(|deck| deck.ask_all_lists(guild)),
            WorkerMessage::Resized(facts) => self.act(|deck| deck.resized(facts)),
            WorkerMessage::Review => {
                let count = self.act(Deck::review_all);
                self.shared.review.add(count);
            }
            WorkerMessage::Joined { user, guild } => self.act(|deck| deck.joined(user, guild)),
            WorkerMessage::Visit(visit) => visit.run(self),
            // Those that are about links.
            WorkerMessage::Arrived(..) | WorkerMessage::Resuming(_) | WorkerMessage::Drain(_) => {}
        }
    }
}
