//! The task of a guild's member lists.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use throng_engine::attendance::SessionRef;
use throng_engine::deck;
use throng_engine::roll::{Output, Roll};
use throng_engine::time::Instant;
use throng_proto::id::GuildId;
use tokio::sync::mpsc;

use super::note::{Batch, Note};
use crate::clock::{self, Stopwatch};
use crate::guild::ties::Ties;
use crate::letter::WorkerLetter;
use crate::meter::Meter;
use crate::post::Post;

/// Members that are put into a list between two looks at what is new.
const FILL_MAX: usize = 512;
/// Percent of pressure that lengthens the window by itself once.
const STRETCH: u64 = 25;

/// What metrics know of a task.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    lists: usize,
    viewers: usize,
    operations: u64,
}

/// The lists of one guild with everything around them.
struct ListTask {
    post: Post,
    meter: Meter,
    /// How long changes are gathered at least.
    window: Duration,
    guild: GuildId,
    /// Tells the lists from those that the guild had before; later ones have a larger one.
    epoch: u64,
    roll: Roll<SessionRef>,
    inbox: mpsc::Receiver<Batch>,
    /// Workers with sessions that watch or did.
    workers: HashSet<usize>,
    seeded: bool,
    filling: bool,
    /// When viewers are told what is new.
    due: Option<Instant>,
    told_at: Option<Instant>,
    counted: Counted,
}

/// Starts the task; it ends when the guild's end of `inbox` is dropped.
pub(super) fn start(ties: &Ties, roll: Roll<SessionRef>, inbox: mpsc::Receiver<Batch>) {
    let task = ListTask {
        post: ties.post.clone(),
        meter: ties.meter.clone(),
        window: Duration::from_millis(ties.settings.presence.window_ms),
        guild: roll.guild(),
        epoch: ties.archive.next_id::<throng_proto::id::marker::Any>().value(),
        roll,
        inbox,
        workers: HashSet::new(),
        seeded: false,
        filling: false,
        due: None,
        told_at: None,
        counted: Counted::default(),
    };
    tokio::spawn(task.run());
}

impl ListTask {
    async fn run(mut self) {
        loop {
            let now = clock::now();
            if self.filling {
                self.fill().await;
            } else if self.seeded && self.due.is_some_and(|due| due <= now) {
                self.tell().await;
            } else {
                match self.next().await {
                    Next::Batch(batch) => self.take(batch),
                    Next::Due => {}
                    Next::Over => break,
                }
            }
        }
        self.tell().await;
        self.count(Counted { operations: self.counted.operations, ..Counted::default() });
    }

    async fn next(&mut self) -> Next {
        let received = match self.due.filter(|_| self.seeded) {
            None => self.inbox.recv().await,
            Some(due) => {
                match tokio::time::timeout(due.since(clock::now()), self.inbox.recv()).await {
                    Ok(received) => received,
                    Err(_) => return Next::Due,
                }
            }
        };
        received.map_or(Next::Over, Next::Batch)
    }

    /// Puts some members into new lists, and takes what came meanwhile.
    async fn fill(&mut self) {
        let watch = Stopwatch::start();
        self.filling = self.roll.fill(FILL_MAX);
        self.spent(watch);
        if let Ok(batch) = self.inbox.try_recv() {
            self.take(batch);
        }
        tokio::task::yield_now().await;
    }

    fn take(&mut self, batch: Batch) {
        let watch = Stopwatch::start();
        self.roll.count(batch.members);
        for note in batch.notes {
            self.note(note);
        }
        self.filling |= self.seeded;
        if self.due.is_none() {
            let ready = self.told_at.map(|at| at.after(self.window()));
            self.due = Some(ready.unwrap_or_else(clock::now));
        }
        self.spent(watch);
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Put(member, shown, presence) => self.roll.put(member, shown, presence),
            Note::Remove(user) => self.roll.remove(user),
            Note::Shape(shape) => self.roll.reshape(shape),
            Note::Seeded => self.seeded = true,
            Note::Enlarged => self.roll.enlarge(),
            Note::Leave(session) => self.roll.leave(session),
            Note::Watch(watch, member) => {
                let deck::Watch { session, stamp, wishes, .. } = *watch;
                self.workers.insert(session.worker.into());
                self.roll.watch(session, stamp, member, wishes);
            }
        }
    }

    /// How long changes are gathered; longer when workers are behind.
    fn window(&self) -> Duration {
        let workers = self.meter.metrics.workers.iter();
        let pressure = workers.map(|worker| worker.pressure.read()).max().unwrap_or(0);
        self.window.saturating_mul(u32::try_from(1 + pressure / STRETCH).unwrap_or(u32::MAX))
    }

    /// Tells workers what is new to their sessions.
    async fn tell(&mut self) {
        let watch = Stopwatch::start();
        (self.due, self.told_at) = (None, Some(clock::now()));
        let outputs = self.roll.flush();
        let mut by_worker: HashMap<usize, Vec<Output<SessionRef>>> = HashMap::new();
        for output in outputs {
            if let Output::Own { viewer, .. } = &output {
                by_worker.entry(viewer.worker.into()).or_default().push(output);
                continue;
            }
            for worker in &self.workers {
                by_worker.entry(*worker).or_default().push(output.clone());
            }
        }
        self.count(Counted {
            lists: self.roll.lists(),
            viewers: self.roll.viewers(),
            operations: self.roll.operations(),
        });
        self.spent(watch);
        for (worker, outputs) in by_worker {
            let message = WorkerLetter::Lists { guild: self.guild, epoch: self.epoch, outputs };
            self.post.send(worker, message).await;
        }
    }

    fn count(&mut self, now: Counted) {
        let (metrics, before) = (&self.meter.metrics, self.counted);
        metrics.lists.add(now.lists as u64);
        metrics.lists.sub(before.lists as u64);
        metrics.list_viewers.add(now.viewers as u64);
        metrics.list_viewers.sub(before.viewers as u64);
        metrics.list_operations.add(now.operations - before.operations);
        self.counted = now;
    }

    fn spent(&self, watch: Stopwatch) {
        self.meter.metrics.list_nanos.add(watch.nanos());
    }
}

/// What a list task goes on with.
enum Next {
    Batch(Batch),
    Due,
    Over,
}
