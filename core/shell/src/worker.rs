//! One thread with its links, sessions and relays. Nothing in here is locked or shared with other
//! threads.
//!
//! A handful of tasks run on a worker: one attends to the links, one takes letters from guilds,
//! one passes over sessions and writes, one looks at the time. They share what it owns (`local`) by
//! borrowing it between awaits.

mod absence;
mod answers;
mod crew;
mod doors;
mod errand;
mod errands;
mod fanout;
mod identify;
mod journal;
mod least;
mod link;
mod local;
mod members;
mod outbox;
mod pressure;
mod recorder;
mod request;
mod resume;
mod showing;
mod ties;
mod timer;
mod turns;
mod turnstile;

use std::cell::RefCell;
use std::rc::Rc;

use throng_engine::deck::{Deck, Survivors};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::letter::WorkerLetter;
use local::{Local, Worker};

pub(crate) use recorder::Recorder;
pub(crate) use ties::{Gate, Ties};

/// How far workers stand back behind the threads that answer requests, where cores are few.
const NICENESS: i32 = 5;

/// A worker's thread: what it begins with.
pub(crate) struct Launch {
    pub(crate) index: usize,
    pub(crate) ties: Ties,
    pub(crate) inbox: mpsc::Receiver<WorkerLetter>,
    pub(crate) recorder: Recorder,
    /// Sessions that survived a restart, and what was sent to them.
    pub(crate) survivors: Survivors,
}

impl Launch {
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
        let mut worker = Worker::new(self.index, self.ties, self.recorder);
        worker.revive(self.survivors);
        let local = Rc::new(RefCell::new(worker));
        tokio::task::spawn_local(link::attend(Rc::clone(&local)));
        tokio::task::spawn_local(fanout::passes(Rc::clone(&local)));
        tokio::task::spawn_local(timer::ticks(Rc::clone(&local)));
        tokio::task::spawn_local(absence::compare_all(Rc::clone(&local)));
        tokio::task::spawn_local(turns::reviews(Rc::clone(&local)));
        tokio::task::spawn_local(turns::moves(Rc::clone(&local)));
        tokio::task::spawn_local(errands::errands(Rc::clone(&local)));
        take(local, inbox).await;
    }
}

/// Takes messages until there are no more senders.
async fn take(local: Local, mut inbox: mpsc::Receiver<WorkerLetter>) {
    while let Some(letter) = inbox.recv().await {
        let passed = {
            let mut worker = local.borrow_mut();
            worker.note_waiting(inbox.len() as u64);
            worker.is_behind().then(|| Rc::clone(&worker.passed))
        };
        if let Some(passed) = passed {
            // The log ahead of the pass is bounded; guilds wait in turn, and so do publishers.
            passed.notified().await;
        }
        deal(&local, letter);
    }
}

fn deal(local: &Local, letter: WorkerLetter) {
    match letter {
        WorkerLetter::Arrived(arrival, place) => {
            return link::greet(local, arrival, place);
        }
        WorkerLetter::Resuming(moving) => return resume::continue_here(local, *moving),
        WorkerLetter::Drain(done) => {
            tokio::task::spawn_local(link::drain(Rc::clone(local), done));
            return;
        }
        _ => {}
    }
    local.borrow_mut().heed(letter);
}

impl Worker {
    /// Takes over the sessions of the last run.
    fn revive(&mut self, mut survivors: Survivors) {
        survivors.share(|connection| self.ties.gate.connections.share(connection));
        self.act(|deck| deck.revive(survivors));
        self.flush_journal();
        self.ties.stage.revived();
    }

    /// Does what a message asks for, if that is for the deck.
    fn heed(&mut self, letter: WorkerLetter) {
        match letter {
            WorkerLetter::Event(event) => self.event(&event),
            WorkerLetter::Attached(grant, _room) => self.act(|deck| deck.attached(*grant)),
            WorkerLetter::TurnedAway { session, guild } => {
                self.act(|deck| deck.turned_away(session, guild));
            }
            WorkerLetter::Restored(restored) => {
                self.act(|deck| deck.restored(*restored));
                self.ties.stage.restored();
            }
            WorkerLetter::Own { session, kind, guild, body } => self.act(|deck| {
                // Whoever left since gets no answer to what it asked of the guild before.
                if guild.is_none_or(|guild| deck.is_in(session, guild)) {
                    deck.own(session, kind, guild, body);
                }
            }),
            WorkerLetter::Lists { guild, epoch, outputs } => {
                self.act(|deck| deck.lists_told(guild, epoch, outputs));
            }
            WorkerLetter::Chunk { session, guild, body, answer } => {
                // The job may have been cancelled.
                _ = answer.send(self.act(|deck| deck.chunk(session, guild, body)));
            }
            WorkerLetter::Rejoin(guild) => self.act(|deck| deck.rejoin(guild)),
            WorkerLetter::Owner(guild) => self.act(|deck| deck.ask_all_lists(guild)),
            WorkerLetter::Resized(facts) => self.act(|deck| deck.resized(facts)),
            WorkerLetter::Review => {
                let count = self.act(Deck::review_all);
                self.ties.verdicts.reviews.add(count);
            }
            WorkerLetter::Joined { user, guild } => self.act(|deck| deck.joined(user, guild)),
            WorkerLetter::Inquiry(inquiry) => self.answer(inquiry),
            // Those that are about links.
            WorkerLetter::Arrived(..) | WorkerLetter::Resuming(_) | WorkerLetter::Drain(_) => {}
        }
    }
}
