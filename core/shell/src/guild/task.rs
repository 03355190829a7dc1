//! Drives one guild's machine: requests in, commits out to the store, events out to the workers.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use throng_engine::Outbox;
use throng_engine::attendance::Attendance;
use throng_engine::deck::View;
use throng_engine::event::{Change, Event};
use throng_engine::guild::{Guild, Input, Output, Ticket};
use throng_engine::policy::GuildFacts;
use throng_engine::relay::Interest;
use throng_engine::welcome::{self, Welcome};
use throng_ports::store::Stored;
use throng_proto::command::{Command, Outcome};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::wire::Segment;
use tokio::sync::{mpsc, oneshot};

use super::lists::Lists;
use super::reads::Reads;
use super::ties::Ties;
use super::window::Window;
use crate::clock::{self, Stopwatch};
use crate::directory::GuildHandle;
use crate::letter::{GuildLetter, Parcel, Part, Surrender, WorkerLetter};
use crate::metrics::Refused;

/// Requests taken in one turn before the store is looked at again.
const TURN_MAX: usize = 64;

/// Members up to which GUILD_CREATE carries everybody, whatever threshold a session named: the
/// largest one.
const LARGE_MAX: usize = 250;

/// Part of a guild's attachments that may come and go at the edge of a size band unnoticed.
const SLACK: usize = 8;

/// How long a failed commit counts as a trouble, unless a good one follows.
const TROUBLED_FOR: Duration = Duration::from_mins(1);

type Commit = Pin<Box<dyn Future<Output = Stored<()>> + Send>>;
pub(super) type Commits = VecDeque<(Commit, Stopwatch)>;

/// One guild's machine with everything around it.
pub(super) struct GuildTask {
    pub(super) ties: Ties,
    pub(super) guild: Guild,
    pub(super) attendance: Attendance,
    pub(super) requests: mpsc::Receiver<GuildLetter>,
    /// Requests that go first: they waited for the owner before.
    pub(super) backlog: VecDeque<GuildLetter>,
    pub(super) commits: Commits,
    pub(super) reads: Reads,
    pub(super) answers: HashMap<Ticket, oneshot::Sender<Outcome>>,
    pub(super) next_ticket: u64,
    pub(super) outbox: Outbox<Output>,
    pub(super) welcome: Option<Arc<Segment>>,
    pub(super) window: Window,
    /// Member lists, while somebody watches any.
    pub(super) lists: Option<Lists>,
    /// Place of the last event that was published.
    pub(super) published: u64,
    /// Size band that workers know.
    pub(super) band: u32,
    pub(super) deleted: bool,
    /// Where pages and changes go while the guild is handed off.
    pub(super) departure: Option<mpsc::Sender<Part>>,
    /// The next owner, when it has all pages.
    pub(super) leaving: Option<oneshot::Sender<Parcel<Box<Surrender>>>>,
}

impl GuildTask {
    /// Makes the task of a guild, and tells where the guild is.
    pub(super) fn open(ties: Ties, guild: Guild) -> Self {
        let (handle, requests) = GuildHandle::open(ties.settings.limits.guild_queue);
        let id = guild.shape().id();
        let channels: Vec<_> = guild.shape().channels.keys().copied().collect();
        let directory = &ties.post.directory;
        directory.add_guild(id, handle);
        directory.add_channels(id, channels);
        directory.set_invites(id, guild.invite_codes().cloned(), &[]);
        ties.meter.metrics.guilds.set(directory.count() as u64);
        Self::new(ties, guild, requests)
    }

    pub(super) fn new(ties: Ties, guild: Guild, requests: mpsc::Receiver<GuildLetter>) -> Self {
        Self {
            ties,
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
            window: Window::default(),
            lists: None,
            band: 1,
            deleted: false,
            departure: None,
            leaving: None,
        }
    }

    pub(super) fn id(&self) -> GuildId {
        self.guild.shape().id()
    }

    pub(super) async fn run(mut self) {
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
            self.ties.meter.metrics.guild_queue.set(self.requests.len() as u64);
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
        let ends = self.window.ends;
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

    pub(super) async fn stored(&mut self, stored: FromStore) {
        match stored {
            FromStore::Committed(result) => self.committed(result).await,
            FromStore::Read(input) => self.step(input).await,
        }
    }

    async fn committed(&mut self, result: Stored<()>) {
        if let Some((_, began)) = self.commits.pop_front() {
            self.ties.meter.metrics.commits.observe(began.spent());
        }
        let trouble = format!("store:{}", self.id());
        let input = match result {
            Ok(()) => {
                self.ties.meter.troubles.clear(&trouble);
                Input::Committed
            }
            Err(error) => {
                self.ties.meter.troubles.set_for(trouble, error.to_string(), TROUBLED_FOR);
                tracing::error!(guild = %self.id(), %error, "commit failed");
                self.ties.meter.refuse(Refused::StoreFailed);
                Input::CommitFailed(error.to_string())
            }
        };
        self.step(input).await;
    }

    async fn requested(&mut self, request: GuildLetter) {
        match request {
            GuildLetter::Command(actor, command, answer) => {
                let ticket = self.ticket(answer);
                if counts(&command) {
                    self.step(Input::Online(self.attendance.online())).await;
                }
                self.step(Input::Command(ticket, actor, command)).await;
            }
            GuildLetter::Import(members, answer) => {
                let ticket = self.ticket(answer);
                self.step(Input::Import(ticket, members)).await;
            }
            GuildLetter::Attach(attach, room) => self.attach(*attach, room).await,
            GuildLetter::Relays { worker, relays } => self.attendance.set_relays(worker, relays),
            GuildLetter::Detach { session, user, interest } => {
                self.attendance.detach(session, user, interest);
                self.unwatch(session);
                self.weigh().await;
            }
            GuildLetter::Presence { session, user, update, room: _room } => {
                self.attendance.show(session, user, update);
            }
            GuildLetter::Watch(watch) => self.watch(watch),
            GuildLetter::Members { session, request, rights, wire } => {
                self.members(session, request, rights, wire).await;
            }
            GuildLetter::Presences(users, answer) => self.presences(&users, answer),
            GuildLetter::Held(holders, answer) => {
                let ticket = self.ticket(answer);
                self.step(Input::Held(ticket, holders)).await;
            }
            // Whoever asked may have gone.
            GuildLetter::Snapshot(answer) => _ = answer.send(self.guild.roster().snapshot()),
            GuildLetter::Restore { worker, since, sessions } => {
                self.restore(worker, since, sessions).await;
            }
            GuildLetter::HandOff(step) => self.hand_off(step),
        }
    }

    pub(super) fn ticket(&mut self, answer: oneshot::Sender<Outcome>) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.answers.insert(ticket, answer);
        ticket
    }

    /// Runs the machine once and does what it wants done.
    async fn step(&mut self, input: Input) {
        let watch = Stopwatch::start();
        self.guild.handle(clock::wall(), input, &mut self.outbox);
        let mut outbox = std::mem::take(&mut self.outbox);
        self.ties.meter.metrics.command_nanos.add(watch.nanos());
        for output in outbox.drain() {
            self.act(output).await;
        }
        self.outbox = outbox;
    }

    async fn act(&mut self, output: Output) {
        match output {
            Output::Commit(writes) => {
                let commit = self.ties.archive.store.commit(writes);
                self.commits.push_back((commit, Stopwatch::start()));
            }
            Output::Answer(ticket, outcome) => {
                self.ties.meter.metrics.commands.add(1);
                if let Some(answer) = self.answers.remove(&ticket) {
                    // Whoever asked may have gone; what was done stays done.
                    let _gone = answer.send(outcome);
                }
            }
            Output::Read(read, queries) => self.reads.begin(&self.ties.archive, read, queries),
            Output::Publish(event) => self.publish(event).await,
            Output::Changed(change) => self.tell_next(Part::Change(change)),
            Output::Joined(user) => self.joined(user).await,
            Output::Channels { added, removed } => {
                self.ties.post.directory.add_channels(self.id(), added);
                self.ties.post.directory.remove_channels(&removed);
            }
            Output::Invites { added, removed } => {
                self.ties.post.directory.set_invites(self.id(), added, &removed);
            }
            Output::Holders { role, members } => self.seek_holders(role, members),
            Output::Deleted => self.deleted = true,
        }
    }

    pub(super) async fn publish(&mut self, event: Arc<Event>) {
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
            self.ties.post.send(worker, WorkerLetter::Event(Arc::clone(&event))).await;
        }
    }

    /// Tells every worker, because any may have sessions of the user.
    async fn joined(&mut self, user: UserId) {
        self.welcome = None;
        self.attendance.invalidate();
        self.list_member(user, self.attendance.shown(user), None);
        let guild = self.id();
        self.ties.post.send_all(|| WorkerLetter::Joined { user, guild }).await;
    }

    pub(super) fn facts(&self) -> GuildFacts {
        GuildFacts {
            guild: self.id(),
            members: self.guild.member_count(),
            attachments: self.attendance.attachments(),
            relays: self.attendance.relays(),
        }
    }

    /// Tells workers when the guild has grown or shrunk enough for the policy to care.
    pub(super) async fn weigh(&mut self) {
        let facts = self.facts();
        let slack = facts.attachments / SLACK;
        // Shrinking counts only past the slack, so that a guild at the edge does not swing.
        let calm = GuildFacts { attachments: facts.attachments + slack, ..facts };
        if facts.band() > self.band || calm.band() < self.band {
            self.band = facts.band();
            for worker in self.attendance.workers() {
                self.ties.post.send(worker, WorkerLetter::Resized(facts)).await;
            }
        }
    }

    pub(super) fn welcome(&mut self, user: UserId, interest: Interest) -> Welcome {
        let member_count = self.guild.member_count();
        let guild = &self.guild;
        let segment = self.welcome.get_or_insert_with(|| {
            welcome::guild_segment(guild.shape(), guild.last_messages(), member_count)
        });
        let segment = Arc::clone(segment);
        let presences = interest.named && interest.intents.intersects(Intents::GUILD_PRESENCES);
        let small = member_count <= self.ties.settings.gateway.guild_create_members_max;
        let crowd = (presences && small).then(|| {
            let everybody = member_count <= LARGE_MAX;
            self.attendance.crowd(self.guild.roster(), everybody)
        });
        let own = self.attendance.own(user);
        Welcome { guild: segment, crowd, own, member_count }
    }

    pub(super) fn view(&self) -> View {
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

/// What the store has done.
pub(super) enum FromStore {
    Committed(Stored<()>),
    Read(Input),
}

/// Looks for the oldest commit, and for any read.
pub(super) fn poll_store(
    commits: &mut Commits,
    reads: &mut Reads,
    cx: &mut Context<'_>,
) -> Poll<FromStore> {
    if let Some((oldest, _)) = commits.front_mut()
        && let Poll::Ready(result) = oldest.as_mut().poll(cx)
    {
        return Poll::Ready(FromStore::Committed(result));
    }
    reads.poll(cx).map(FromStore::Read)
}

enum Wake {
    Stored(FromStore),
    Request(GuildLetter),
    /// Something waits that no request brings.
    Work,
}
