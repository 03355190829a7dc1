//! Member lists beside the guild: a task that the guild tells of members and presences, and that
//! tells workers what their sessions see. It runs while somebody watches.
//!
//! The guild gives it members in slices of a turn each, so that it never walks over all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use throng_engine::attendance::{SessionRef, Shown};
use throng_engine::event::{Change, Event};
use throng_engine::roll::{Output, Roll, Wish};
use throng_engine::shape::Shape;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::wire::Body;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::GuildTask;
use crate::node::Shared;
use crate::worker::WorkerMessage;

/// Members that the guild hands over in one turn.
const SEED_MAX: usize = 256;
/// Members that are put into a list between two looks at what is new.
const FILL_MAX: usize = 4_096;
/// Batches that wait; then the guild does.
const QUEUE: usize = 1_024;
/// Percent of pressure that lengthens the window by itself once.
const STRETCH: u64 = 25;

/// What the lists are told.
#[derive(Debug)]
enum Note {
    Put(Arc<Member>, Shown, Option<Body>),
    Remove(UserId),
    Shape(Arc<Shape>),
    /// Everybody was put in.
    Seeded,
    /// The guild has become large.
    Enlarged,
    /// What a session wants to see, and its member.
    Watch(Box<Watch>, Arc<Member>),
    Leave(SessionRef),
}

/// What a session wants to see.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) session: SessionRef,
    pub(crate) user: UserId,
    pub(crate) stamp: u32,
    pub(crate) wishes: Vec<Wish>,
}

#[derive(Debug)]
struct Batch {
    notes: Vec<Note>,
    members: usize,
}

/// Where handing over members goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seed {
    After(Option<UserId>),
    Done,
}

/// The guild's end of its lists.
#[derive(Debug)]
pub(super) struct Lists {
    sender: mpsc::Sender<Batch>,
    notes: Vec<Note>,
    viewers: HashSet<SessionRef>,
    seed: Seed,
    large: bool,
}

impl GuildTask {
    /// Takes what a session wants to see of member lists.
    pub(super) fn watch(&mut self, watch: Watch) {
        let Some(member) = self.guild.member(watch.user).cloned() else { return };
        let wants = watch.wishes.iter().any(|wish| !wish.blocks.is_empty());
        let large = self.is_large();
        let lists = self.lists.get_or_insert_with(|| {
            Lists::start(&self.shared, Arc::clone(self.guild.shape()), large)
        });
        if wants {
            lists.viewers.insert(watch.session);
        } else {
            lists.viewers.remove(&watch.session);
        }
        lists.notes.push(Note::Watch(Box::new(watch), member));
    }

    /// Forgets a session that left the guild.
    pub(super) fn unwatch(&mut self, session: SessionRef) {
        if let Some(lists) = &mut self.lists
            && lists.viewers.remove(&session)
        {
            lists.notes.push(Note::Leave(session));
        }
    }

    fn is_large(&self) -> bool {
        self.guild.member_count() > self.shared.config.lists.offline_members_max
    }

    /// Tells the lists of an event.
    pub(super) fn list_event(&mut self, event: &Event) {
        match &event.change {
            Change::Member(user, _) => self.list_member(*user, self.attendance.shown(*user), None),
            Change::Left(user) => self.list_note(Note::Remove(*user)),
            Change::Shape(shape) => self.list_note(Note::Shape(Arc::clone(shape))),
            _ => {}
        }
    }

    /// Tells the lists of a member as it is now.
    pub(super) fn list_member(&mut self, user: UserId, shown: Shown, presence: Option<Body>) {
        if self.lists.is_some()
            && let Some(member) = self.guild.member(user).cloned()
        {
            self.list_note(Note::Put(member, shown, presence));
        }
    }

    fn list_note(&mut self, note: Note) {
        if let Some(lists) = &mut self.lists {
            lists.notes.push(note);
        }
    }

    /// Tells whether members are still to be handed over.
    pub(super) fn has_seed(&self) -> bool {
        self.lists.as_ref().is_some_and(|lists| lists.seed != Seed::Done)
    }

    /// Hands over what has gathered, and some more members; lets lists go that nobody watches.
    pub(super) async fn serve_lists(&mut self) {
        self.seed_lists();
        let (large, members) = (self.is_large(), self.guild.member_count());
        let Some(lists) = &mut self.lists else { return };
        if large && !lists.large {
            lists.large = true;
            lists.notes.push(Note::Enlarged);
        }
        if !lists.notes.is_empty() {
            let notes = std::mem::take(&mut lists.notes);
            // They end only with the guild's end of them.
            let _gone = lists.sender.send(Batch { notes, members }).await;
        }
        if lists.viewers.is_empty() {
            self.lists = None;
        }
    }

    fn seed_lists(&mut self) {
        let Some(lists) = &mut self.lists else { return };
        let Seed::After(after) = lists.seed else { return };
        let (guild, attendance) = (&self.guild, &self.attendance);
        if lists.large {
            let some = attendance.online_after(after).take(SEED_MAX);
            let some: Vec<_> = some.map(|(user, shown)| (user, shown.clone())).collect();
            lists.seed = some.last().map_or(Seed::Done, |(user, _)| Seed::After(Some(*user)));
            for (user, shown) in some {
                let member = guild.member(user).cloned();
                let put = member.map(|member| Note::Put(member, shown, None));
                lists.notes.extend(put);
            }
        } else {
            // Few enough for one turn.
            let everybody = guild.members().map(|member| {
                let shown = attendance.shown(member.user.id);
                Note::Put(Arc::clone(member), shown, None)
            });
            lists.notes.extend(everybody);
            lists.seed = Seed::Done;
        }
        if lists.seed == Seed::Done {
            lists.notes.push(Note::Seeded);
        }
    }
}

impl Lists {
    fn start(shared: &Arc<Shared>, shape: Arc<Shape>, large: bool) -> Self {
        let (sender, inbox) = mpsc::channel(QUEUE);
        let task = ListTask {
            shared: Arc::clone(shared),
            guild: shape.id(),
            roll: Roll::new(shape, large),
            inbox,
            workers: HashSet::new(),
            seeded: false,
            filling: false,
            due: None,
            told_at: None,
            counted: Counted::default(),
        };
        tokio::spawn(task.run());
        let (notes, viewers) = (Vec::new(), HashSet::new());
        Self { sender, notes, viewers, seed: Seed::After(None), large }
    }
}

/// What metrics know of a task.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    lists: usize,
    viewers: usize,
    operations: u64,
}

/// The lists of one guild with everything around them.
struct ListTask {
    shared: Arc<Shared>,
    guild: GuildId,
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

impl ListTask {
    async fn run(mut self) {
        loop {
            let now = Instant::now();
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
            Some(due) => match tokio::time::timeout_at(due, self.inbox.recv()).await {
                Ok(received) => received,
                Err(_) => return Next::Due,
            },
        };
        received.map_or(Next::Over, Next::Batch)
    }

    /// Puts some members into new lists, and takes what came meanwhile.
    async fn fill(&mut self) {
        let began = std::time::Instant::now();
        self.filling = self.roll.fill(FILL_MAX);
        self.spent(began);
        if let Ok(batch) = self.inbox.try_recv() {
            self.take(batch);
        }
        tokio::task::yield_now().await;
    }

    fn take(&mut self, batch: Batch) {
        let began = std::time::Instant::now();
        self.roll.count(batch.members);
        for note in batch.notes {
            self.note(note);
        }
        self.filling |= self.seeded;
        if self.due.is_none() {
            let ready = self.told_at.map(|at| at + self.window());
            self.due = Some(ready.unwrap_or_else(Instant::now));
        }
        self.spent(began);
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
                let Watch { session, stamp, wishes, .. } = *watch;
                self.workers.insert(session.worker);
                self.roll.watch(session, stamp, member, wishes);
            }
        }
    }

    /// How long changes are gathered; longer when workers are behind.
    fn window(&self) -> Duration {
        let workers = self.shared.metrics.workers.iter();
        let pressure = workers.map(|worker| worker.pressure.read()).max().unwrap_or(0);
        Duration::from_millis(self.shared.config.presence.window_ms * (1 + pressure / STRETCH))
    }

    /// Tells workers what is new to their sessions.
    async fn tell(&mut self) {
        let began = std::time::Instant::now();
        (self.due, self.told_at) = (None, Some(Instant::now()));
        let outputs = self.roll.flush();
        let mut by_worker: HashMap<usize, Vec<Output<SessionRef>>> = HashMap::new();
        for output in outputs {
            if let Output::Own { viewer, .. } = &output {
                by_worker.entry(viewer.worker).or_default().push(output);
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
        self.spent(began);
        for (worker, outputs) in by_worker {
            let message = WorkerMessage::Lists { guild: self.guild, outputs };
            self.shared.send(worker, message).await;
        }
    }

    fn count(&mut self, now: Counted) {
        let (metrics, before) = (&self.shared.metrics, self.counted);
        metrics.lists.add(now.lists as u64);
        metrics.lists.sub(before.lists as u64);
        metrics.list_viewers.add(now.viewers as u64);
        metrics.list_viewers.sub(before.viewers as u64);
        metrics.list_operations.add(now.operations - before.operations);
        self.counted = now;
    }

    fn spent(&self, began: std::time::Instant) {
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.shared.metrics.list_nanos.add(nanos);
    }
}

/// What a list task goes on with.
enum Next {
    Batch(Batch),
    Due,
    Over,
}
