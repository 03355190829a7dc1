//! Drives one guild's machine: requests in, commits out to the store, events out to the workers.

mod attach;
mod handle;
mod handoff;
mod lists;
mod members;
mod parcel;
mod presence;
mod reads;
mod rescue;
mod restore;

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::value::RawValue;
use throng_engine::Outbox;
use throng_engine::attendance::{Attendance, SessionRef};
use throng_engine::chunk::Rights;
use throng_engine::deck::{Attach, View, Watch};
use throng_engine::event::{Change, Event};
use throng_engine::guild::{Guild, Input, Output, Ticket};
use throng_engine::policy::GuildFacts;
use throng_engine::relay::Interest;
use throng_engine::roster::Snapshot;
use throng_engine::welcome::{self, Welcome};
use throng_ports::store::Stored;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::gateway::{PresenceUpdate, RequestMembers};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::Member;
use throng_proto::wire::{Segment, Wire};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::handle::{GuildHandle, Untaken};
pub(crate) use self::handoff::hand_over;
use self::handoff::{HandOff, Part, Surrender};
use self::parcel::Parcel;
use self::reads::Reads;
use crate::clock;
use crate::metrics::Refused;
use crate::node::Shared;
use crate::worker::{Room, WorkerMessage};

/// Requests taken in one turn before the store is looked at again.
const TURN_MAX: usize = 64;

/// How long a failed commit counts as a trouble, unless a good one follows.
const TROUBLED_FOR: Duration = Duration::from_mins(1);

/// What a guild is asked.
#[derive(Debug)]
pub(crate) enum Request {
    Command(Actor, Box<Command>, oneshot::Sender<Outcome>),
    Import(Vec<Member>, oneshot::Sender<Outcome>),
    /// The room is taken until the worker has the answer, when many guilds are asked.
    Attach(Box<Attach>, Option<Room>),
    Detach {
        session: SessionRef,
        user: UserId,
        interest: Interest,
    },
    /// A worker has so many relays now.
    Relays {
        worker: usize,
        relays: usize,
    },
    Presence {
        session: SessionRef,
        user: UserId,
        update: PresenceUpdate,
        room: Option<Room>,
    },
    Watch(Watch),
    Members {
        session: SessionRef,
        request: Box<RequestMembers>,
        rights: Rights,
        wire: Wire,
    },
    /// Who of these is online, as JSON.
    Presences(Vec<UserId>, oneshot::Sender<Box<RawValue>>),
    /// Who had a role that was deleted.
    Held(Vec<UserId>, oneshot::Sender<Outcome>),
    Snapshot(oneshot::Sender<Snapshot>),
    Restore {
        worker: usize,
        since: u64,
        sessions: Vec<Attach>,
    },
    HandOff(HandOff),
}

type Commit = Pin<Box<dyn Future<Output = Stored<()>> + Send>>;
type Commits = VecDeque<(Commit, clock::Watch)>;

/// One guild's machine with everything around it.
pub(crate) struct GuildTask {
    shared: Arc<Shared>,
    guild: Guild,
    attendance: Attendance,
    requests: mpsc::Receiver<Request>,
    /// Requests that go first: they waited for the owner before.
    backlog: VecDeque<Request>,
    commits: Commits,
    reads: Reads,
    answers: HashMap<Ticket, oneshot::Sender<Outcome>>,
    next_ticket: u64,
    outbox: Outbox<Output>,
    welcome: Option<Arc<Segment>>,
    window: presence::Window,
    /// Member lists, while somebody watches any.
    lists: Option<lists::Lists>,
    /// Place of the last event that was published.
    published: u64,
    /// Size band that workers know.
    band: u32,
    deleted: bool,
    /// Where pages and changes go while the guild is handed off.
    departure: Option<mpsc::Sender<Part>>,
    /// The next owner, when it has all pages.
    leaving: Option<oneshot::Sender<Parcel<Box<Surrender>>>>,
}

impl GuildTask {
    /// Starts the task of a guild.
    pub(crate) fn start(shared: &Arc<Shared>, guild: Guild) {
        let (handle, requests) = handoff::queue(shared);
        let id = guild.shape().id();
        let channels: Vec<_> = guild.shape().channels.keys().copied().collect();
        shared.directory.add_guild(id, handle);
        shared.directory.add_channels(id, channels);
        shared.directory.set_invites(id, guild.invite_codes().cloned(), &[]);
        shared.metrics.guilds.set(shared.directory.count() as u64);
        Self::new(shared, guild, requests).start_running();
    }

    fn new(shared: &Arc<Shared>, guild: Guild, requests: mpsc::Receiver<Request>) -> Self {
        Self {
            shared: Arc::clone(shared),
            attendance: Attendance::new(guild.shape().id()),
            published: guild.sequence(),
            guild,
            requests,
            backlog: VecDeque::new(),
            commits: VecDeque::new(),
            reads: Reads::default(),
            answers: HashMap::new(),
            next_ticket: 0,
            outbox: Outbox::default(),
            welcome: None,
            window: presence::Window::default(),
            lists: None,
            band: 1,
            deleted: false,
            departure: None,
            leaving: None,
        }
    }

    fn start_running(self) {
        tokio::spawn(rescue::watch(Arc::clone(&self.shared), self.id(), self.run()));
    }

    fn id(&self) -> GuildId {
        self.guild.shape().id()
    }

    async fn run(mut self) {
        while self.is_owner() {
            let Some(wake) = self.next().await else { break };
            match wake {
                Wake::Stored(stored) => self.stored(stored).await,
                Wake::Request(request) => self.requested(request).await,
                Wake::Work => {}
            }
            for _ in 1..TURN_MAX {
                if !self.is_owner() {
                    break;
                }
                let waiting = self.backlog.pop_front();
                let Some(request) = waiting.or_else(|| self.requests.try_recv().ok()) else {
                    break;
                };
                self.requested(request).await;
            }
            self.tell_presences().await;
            self.serve_lists().await;
            self.guild.fold();
            self.shared.metrics.guild_queue.set(self.requests.len() as u64);
        }
        match self.leaving.take() {
            Some(owner) if !self.deleted => self.surrender(owner).await,
            _ => self.end().await,
        }
    }

    const fn is_owner(&self) -> bool {
        !self.deleted && self.leaving.is_none()
    }

    /// Waits for the store, the next request or something else to do, in this order.
    async fn next(&mut self) -> Option<Wake> {
        let busy = self.attendance.has_due() || self.has_seed();
        let ends = self.window.ends();
        let Self { commits, reads, requests, backlog, .. } = self;
        let next = std::future::poll_fn(|cx| {
            if let Poll::Ready(stored) = poll_store(commits, reads, cx) {
                return Poll::Ready(Some(Wake::Stored(stored)));
            }
            if let Some(request) = backlog.pop_front() {
                return Poll::Ready(Some(Wake::Request(request)));
            }
            let request = requests.poll_recv(cx).map(|request| request.map(Wake::Request));
            if busy && request.is_pending() { Poll::Ready(Some(Wake::Work)) } else { request }
        });
        match ends {
            Some(ends) if !busy => tokio::time::timeout(ends.since(clock::now()), next)
                .await
                .unwrap_or(Some(Wake::Work)),
            _ => next.await,
        }
    }

    async fn stored(&mut self, stored: FromStore) {
        match stored {
            FromStore::Committed(result) => self.committed(result).await,
            FromStore::Read(input) => self.step(input).await,
        }
    }

    async fn committed(&mut self, result: Stored<()>) {
        if let Some((_, began)) = self.commits.pop_front() {
            self.shared.metrics.commits.observe(began.spent());
        }
        let trouble = format!("store:{}", self.id());
        let input = match result {
            Ok(()) => {
                self.shared.troubles.clear(&trouble);
                Input::Committed
            }
            Err(error) => {
                self.shared.troubles.set_for(trouble, error.to_string(), TROUBLED_FOR);
                tracing::error!(guild = %self.id(), %error, "commit failed");
                self.shared.metrics.refuse(Refused::StoreFailed);
                Input::CommitFailed(error.to_string())
            }
        };
        self.step(input).await;
    }

    async fn requested(&mut self, request: Request) {
        match request {
            Request::Command(actor, command, answer) => {
                let ticket = self.ticket(answer);
                if counts(&command) {
                    self.step(Input::Online(self.attendance.online())).await;
                }
                self.step(Input::Command(ticket, actor, command)).await;
            }
            Request::Import(members, answer) => {
                let ticket = self.ticket(answer);
                self.step(Input::Import(ticket, members)).await;
            }
            Request::Attach(attach, room) => self.attach(*attach, room).await,
            Request::Relays { worker, relays } => self.attendance.set_relays(worker, relays),
            Request::Detach { session, user, interest } => {
                self.attendance.detach(session, user, interest);
                self.unwatch(session);
                self.weigh().await;
            }
            Request::Presence { session, user, update, room: _room } => {
                self.attendance.show(session, user, update);
            }
            Request::Watch(watch) => self.watch(watch),
            Request::Members { session, request, rights, wire } => {
                self.members(session, request, rights, wire).await;
            }
            Request::Presences(users, answer) => self.presences(&users, answer),
            Request::Held(holders, answer) => {
                let ticket = self.ticket(answer);
                self.step(Input::Held(ticket, holders)).await;
            }
            // Whoever asked may have gone.
            Request::Snapshot(answer) => _ = answer.send(self.guild.roster().snapshot()),
            Request::Restore { worker, since, sessions } => {
                self.restore(worker, since, sessions).await;
            }
            Request::HandOff(step) => self.hand_off(step),
        }
    }

    fn ticket(&mut self, answer: oneshot::Sender<Outcome>) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.answers.insert(ticket, answer);
        ticket
    }

    /// Runs the machine once and does what it wants done.
    async fn step(&mut self, input: Input) {
        let watch = clock::Watch::start();
        self.guild.handle(clock::wall(), input, &mut self.outbox);
        let mut outbox = std::mem::take(&mut self.outbox);
        self.shared.metrics.command_nanos.add(watch.nanos());
        for output in outbox.drain() {
            self.act(output).await;
        }
        self.outbox = outbox;
    }

    async fn act(&mut self, output: Output) {
        match output {
            Output::Commit(writes) => {
                let commit = self.shared.store.commit(writes);
                self.commits.push_back((commit, clock::Watch::start()));
            }
            Output::Answer(ticket, outcome) => {
                self.shared.metrics.commands.add(1);
                if let Some(answer) = self.answers.remove(&ticket) {
                    // Whoever asked may have gone; what was done stays done.
                    let _gone = answer.send(outcome);
                }
            }
            Output::Read(read, queries) => self.reads.begin(&self.shared, read, queries),
            Output::Publish(event) => self.publish(event).await,
            Output::Changed(change) => self.tell_next(Part::Change(change)),
            Output::Joined(user) => self.joined(user).await,
            Output::Channels { added, removed } => {
                self.shared.directory.add_channels(self.id(), added);
                self.shared.directory.remove_channels(&removed);
            }
            Output::Invites { added, removed } => {
                self.shared.directory.set_invites(self.id(), added, &removed);
            }
            Output::Holders { role, members } => self.seek_holders(role, members),
            Output::Deleted => self.deleted = true,
        }
    }

    async fn publish(&mut self, event: Arc<Event>) {
        self.published = self.published.max(event.sequence);
        match event.change {
            Change::Nothing => {}
            Change::LastMessage(..) => self.welcome = None,
            _ => {
                self.welcome = None;
                self.attendance.invalidate();
            }
        }
        self.list_event(&event);
        for worker in self.attendance.workers() {
            self.shared.send(worker, WorkerMessage::Event(Arc::clone(&event))).await;
        }
    }

    /// Tells every worker, because any may have sessions of the user.
    async fn joined(&mut self, user: UserId) {
        self.welcome = None;
        self.attendance.invalidate();
        self.list_member(user, self.attendance.shown(user), None);
        for worker in 0..self.shared.worker_count() {
            let guild = self.id();
            self.shared.send(worker, WorkerMessage::Joined { user, guild }).await;
        }
    }

    fn facts(&self) -> GuildFacts {
        GuildFacts {
            guild: self.id(),
            members: self.guild.member_count(),
            attachments: self.attendance.attachments(),
            relays: self.attendance.relays(),
        }
    }

    /// Tells workers when the guild has grown or shrunk enough for the policy to care.
    async fn weigh(&mut self) {
        let facts = self.facts();
        let slack = facts.attachments / SLACK;
        // Shrinking counts only past the slack, so that a guild at the edge does not swing.
        let calm = GuildFacts { attachments: facts.attachments + slack, ..facts };
        if facts.band() > self.band || calm.band() < self.band {
            self.band = facts.band();
            for worker in self.attendance.workers() {
                self.shared.send(worker, WorkerMessage::Resized(facts)).await;
            }
        }
    }

    fn welcome(&mut self, user: UserId, interest: Interest) -> Welcome {
        let member_count = self.guild.member_count();
        let guild = &self.guild;
        let segment = self.welcome.get_or_insert_with(|| {
            welcome::guild_segment(guild.shape(), guild.last_messages(), member_count)
        });
        let segment = Arc::clone(segment);
        let presences = interest.named && interest.intents.intersects(Intents::GUILD_PRESENCES);
        let small = member_count <= self.shared.config.gateway.guild_create_members_max;
        let crowd = (presences && small).then(|| {
            let everybody = member_count <= LARGE_MAX;
            self.attendance.crowd(self.guild.roster(), everybody)
        });
        let shows = self.attendance.shows(user);
        let own = shows.status.is_online().then(|| {
            serde_json::to_string(&shows.presence(self.guild.shape().id(), user))
                .unwrap_or_default()
        });
        Welcome { guild: segment, crowd, own, member_count }
    }

    fn view(&self) -> View {
        View {
            shape: Arc::clone(self.guild.shape()),
            facts: self.facts(),
            sequence: self.published,
        }
    }
}

/// Tells whether an answer says how many are online.
const fn counts(command: &Command) -> bool {
    let (Command::GuildGet { counts } | Command::InviteGet { counts, .. }) = command else {
        return false;
    };
    *counts
}

/// Members up to which GUILD_CREATE carries everybody, whatever threshold a session named: the
/// largest one.
const LARGE_MAX: usize = 250;

/// Part of a guild's attachments that may come and go at the edge of a size band unnoticed.
const SLACK: usize = 8;

/// What the store has done.
enum FromStore {
    Committed(Stored<()>),
    Read(Input),
}

/// Looks for the oldest commit, and for any read.
fn poll_store(commits: &mut Commits, reads: &mut Reads, cx: &mut Context<'_>) -> Poll<FromStore> {
    if let Some((oldest, _)) = commits.front_mut()
        && let Poll::Ready(result) = oldest.as_mut().poll(cx)
    {
        return Poll::Ready(FromStore::Committed(result));
    }
    reads.poll(cx).map(FromStore::Read)
}

enum Wake {
    Stored(FromStore),
    Request(Request),
    /// Something waits that no request brings.
    Work,
}
