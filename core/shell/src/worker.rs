//! One thread with its links, sessions and relays. Nothing in here is locked or shared with other
//! threads.
//!
//! A handful of tasks run on a worker: one attends to the links, one takes messages from guilds,
//! one passes over sessions and writes, one looks at the time. They share the [`Worker`] by
//! borrowing it between awaits.

mod absence;
mod answers;
mod chunks;
mod doors;
mod errands;
mod fanout;
mod identify;
mod link;
mod lists;
mod membership;
mod moves;
mod passivity;
mod pressure;
mod ready;
pub(crate) mod record;
mod rejoin;
mod relays;
mod request;
mod resume;
mod review;
mod session;
mod sessions;
mod showing;
mod timer;
mod turns;
mod turnstile;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;
pub(crate) use throng_engine::attendance::SessionRef;
use throng_engine::event::Event;
use throng_engine::policy::GuildFacts;
use throng_engine::relay::Interest;
use throng_engine::replay::{Position, Replay, Slot};
use throng_engine::roll::Output;
use throng_engine::shape::Shape;
use throng_engine::welcome::Welcome;
use throng_engine::wheel::Wheel;
use throng_ports::link::Arrival;
use throng_proto::event::EventKind;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::wire::Body;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::LocalSet;

use crate::clock;
use crate::jobs::ChunkAnswer;
use crate::metrics::WorkerMetrics;
use crate::node::{Permit, Shared};

pub(crate) use doors::{Turned, Visit};
pub(crate) use errands::Room;
pub(crate) use fanout::Outgoing;
pub(crate) use record::{Recorder, SessionRecord};
pub(crate) use resume::Moving;
pub(crate) use session::{Past, Session, SessionId};
pub(crate) use sessions::Sessions;

/// How far workers stand back behind the threads that answer requests, where cores are few.
const NICENESS: i32 = 5;

/// What other threads tell a worker.
#[derive(Debug)]
pub(crate) enum WorkerMessage {
    /// A new link.
    Arrived(Box<dyn Arrival>, Permit),
    /// A link whose session is here.
    Resuming(Box<Moving>),
    /// Something happened in a guild.
    Event(Arc<Event>),
    /// A guild takes a session.
    Attached(Box<Grant>),
    /// A guild does not take a session: its user is no member any more, or the guild is gone.
    TurnedAway { session: SessionRef, guild: GuildId },
    /// A guild takes sessions that survived a restart.
    Restored(Box<Restored>),
    /// For one session alone.
    Own { session: SessionRef, kind: EventKind, guild: Option<GuildId>, body: Body },
    /// Member lists of a guild changed for who watches them. Lists that the guild makes anew have
    /// a larger `epoch`.
    Lists { guild: GuildId, epoch: u64, outputs: Vec<Output<SessionRef>> },
    /// A chunk of a member list, for one session that has read the one before.
    Chunk { session: SessionRef, guild: GuildId, body: Body, answer: oneshot::Sender<ChunkAnswer> },
    /// A guild began anew, and knows none of its sessions.
    Rejoin(GuildId),
    /// A guild has another owner, which makes its member lists anew.
    Owner(GuildId),
    /// A guild's size band changed.
    Resized(GuildFacts),
    /// The policy changed: ask it about everything again.
    Review,
    /// A user has a new guild.
    Joined { user: UserId, guild: GuildId },
    /// Somebody has something done here.
    Visit(Visit),
    /// Ask every link to go elsewhere, and answer when all have.
    Drain(mpsc::Sender<()>),
}

/// A session's place in a guild.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) session: SessionRef,
    pub(crate) user: UserId,
    pub(crate) interest: Interest,
    pub(crate) member: Arc<Member>,
}

/// A guild as relays see it at one place of its sequence.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) shape: Arc<Shape>,
    pub(crate) facts: GuildFacts,
    /// Place of the last event that was published.
    pub(crate) sequence: u64,
}

/// What a guild grants a session.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) seat: Seat,
    pub(crate) view: View,
    /// GUILD_CREATE, for sessions with the GUILDS intent.
    pub(crate) welcome: Option<Welcome>,
    pub(crate) initial: bool,
    /// Given back with this.
    pub(crate) room: Option<Room>,
}

/// What a guild grants sessions that survived a restart.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) view: View,
    pub(crate) seats: Vec<Seat>,
    /// Sessions whose users are no members any more.
    pub(crate) gone: Vec<SessionRef>,
    /// Those of which the guild no longer knows all that they missed.
    pub(crate) lost: Vec<SessionRef>,
    /// What happened since the sessions were last told of anything, in order.
    pub(crate) events: Vec<Arc<Event>>,
}

/// Everything a worker owns.
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) sessions: Sessions,
    pub(crate) relays: HashMap<GuildId, relays::Relays>,
    /// Who watches which part of which member list.
    lists: HashMap<GuildId, lists::Watchers>,
    links: Slab<Rc<link::LinkCell>>,
    /// Answers that wait for room on links.
    answers: Rc<answers::Room>,
    /// Links that want to be looked at.
    bells: Arc<link::Bells>,
    pub(crate) replay: Replay,
    pub(crate) recorder: Recorder,
    /// Deliveries by guild since the last tick.
    heard: HashMap<GuildId, u64>,
    /// Everything before this place was passed to its recipients.
    sent: Position,
    pass: Option<fanout::Pass>,
    wheel: Wheel<timer::Key>,
    review: review::Review,
    moves: moves::Moves,
    errands: errands::Errands,
    least: pressure::Least,
    generations: u32,
    /// Number of the last question to member lists.
    stamps: u32,
    /// Wakes the task that passes over sessions.
    work: Rc<Notify>,
    /// Wakes the task that takes messages, when it waits for a pass to end.
    passed: Rc<Notify>,
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
    pub(crate) survivors: crate::open::Survivors,
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
        tokio::task::spawn_local(review::reviews(Rc::clone(&local)));
        tokio::task::spawn_local(moves::moves(Rc::clone(&local)));
        tokio::task::spawn_local(errands::errands(Rc::clone(&local)));
        take(local, inbox).await;
    }
}

impl Worker {
    fn new(index: usize, shared: Arc<Shared>, recorder: Recorder) -> Self {
        let replay = Replay::new(shared.config.replay());
        let answers = answers::Room::new(&shared.config.limits);
        Self {
            index,
            shared,
            sessions: Sessions::default(),
            relays: HashMap::new(),
            lists: HashMap::new(),
            links: Slab::new(),
            answers,
            bells: Arc::default(),
            replay,
            recorder,
            heard: HashMap::new(),
            sent: 0,
            pass: None,
            wheel: Wheel::new(clock::now(), timer::TICK),
            review: review::Review::default(),
            moves: moves::Moves::default(),
            errands: errands::Errands::default(),
            least: pressure::Least::default(),
            generations: 0,
            stamps: 0,
            work: Rc::new(Notify::new()),
            passed: Rc::new(Notify::new()),
        }
    }

    pub(crate) fn metrics(&self) -> &WorkerMetrics {
        &self.shared.metrics.workers[self.index]
    }

    /// Finds a session by its name among threads.
    pub(crate) fn session_mut(&mut self, session: SessionRef) -> Option<&mut Session> {
        let found = self.sessions.get_mut(session.slot as usize)?;
        (found.generation == session.generation).then_some(found)
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
            link::welcome(local, arrival, permit);
        }
        WorkerMessage::Resuming(moving) => {
            resume::continue_here(local, *moving);
        }
        WorkerMessage::Event(event) => local.borrow_mut().event(&event),
        WorkerMessage::Attached(grant) => local.borrow_mut().attached(*grant),
        WorkerMessage::TurnedAway { session, guild } => {
            local.borrow_mut().turned_away(session, guild);
        }
        WorkerMessage::Restored(restored) => local.borrow_mut().restored(*restored),
        WorkerMessage::Own { session, kind, guild, body } => {
            let mut worker = local.borrow_mut();
            // Whoever left since gets no answer to what it asked of the guild before.
            if guild.is_none_or(|guild| worker.is_in(session, guild)) {
                worker.own(session, kind, guild, body);
            }
        }
        WorkerMessage::Lists { guild, epoch, outputs } => {
            local.borrow_mut().lists_told(guild, epoch, outputs);
        }
        WorkerMessage::Chunk { session, guild, body, answer } => {
            // The job may have been cancelled.
            _ = answer.send(local.borrow_mut().chunk(session, guild, body));
        }
        WorkerMessage::Rejoin(guild) => local.borrow_mut().rejoin(guild),
        WorkerMessage::Owner(guild) => local.borrow_mut().ask_all_lists(guild),
        WorkerMessage::Resized(facts) => local.borrow_mut().resized(facts),
        WorkerMessage::Review => local.borrow_mut().review_all(),
        WorkerMessage::Joined { user, guild } => local.borrow_mut().joined(user, guild),
        WorkerMessage::Visit(visit) => visit.run(&mut local.borrow_mut()),
        WorkerMessage::Drain(done) => {
            tokio::task::spawn_local(link::drain(Rc::clone(local), done));
        }
    }
}
