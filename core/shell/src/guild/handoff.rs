//! Hand-off of a guild to another owner, which here is another task.
//!
//! The next owner asks for members, a page at a time, through the guild's own queue; so a page
//! waits its turn like everything else, and the guild serves on. Changes go the same way as the
//! pages, in order. When there are no more pages comes the barrier: the owner until now takes no
//! more requests, lets what is in flight finish, puts the next owner's queue into the directory,
//! and gives away what is left together with the requests that still waited. The pause of
//! publishing is the time from there to the next owner's first turn.
//!
//! Relays take no part in it: they live on workers, and hear the same events in the same order.
//!
//! # Invariants
//!
//! - H1: a request is answered once, by one of the owners, and in the order of asking.
//! - H2: a hand-off that does not come to its end changes nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use throng_engine::attendance::Attendance;
use throng_engine::guild::{Arrivals, Guild, MemberChange, Rest};
use throng_engine::roster::Roster;
use throng_ports::hub::{HandedOff, RETRY_AFTER};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Member;
use throng_proto::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::parcel::Parcel;
use super::{GuildHandle, GuildTask, Request, poll_store};
use crate::clock::Watch;
use crate::metrics::Refused;
use crate::node::Shared;
use crate::worker::WorkerMessage;

/// What the next owner asks of the one until now.
#[derive(Debug)]
pub(crate) enum HandOff {
    /// Send pages and changes here, from now on.
    Begin(mpsc::Sender<Part>),
    /// Send the next page.
    Page { after: Option<UserId> },
    /// Give the guild away.
    Finish(oneshot::Sender<Parcel<Box<Surrender>>>),
}

/// What the next owner is sent while the guild runs on.
#[derive(Debug)]
pub(crate) enum Part {
    /// Members in the order of their ids; none when there are no more.
    Page(Vec<Member>),
    /// What changed since the pages began.
    Change(MemberChange),
}

/// What the next owner gets at the barrier.
#[derive(Debug)]
pub(crate) struct Surrender {
    rest: Rest,
    attendance: Attendance,
    requests: mpsc::Receiver<Request>,
    backlog: VecDeque<Request>,
    next_ticket: u64,
    published: u64,
    band: u32,
    /// When the last request was taken.
    paused: Watch,
}

impl GuildTask {
    /// Goes on as the owner: presences that were not told yet will be, and whoever watches member
    /// lists asks again, because those are not handed over.
    fn take_up(mut self) {
        tokio::spawn(async move {
            self.tell_presences().await;
            for worker in self.attendance.workers() {
                self.shared.send(worker, WorkerMessage::Owner(self.id())).await;
            }
            self.run().await;
        });
    }

    pub(super) fn hand_off(&mut self, step: HandOff) {
        match step {
            HandOff::Begin(parts) => {
                // Another one that is under way goes on; this one hears that its sender is gone.
                if self.departure.as_ref().is_none_or(mpsc::Sender::is_closed) {
                    self.guild.tell_changes(true);
                    self.departure = Some(parts);
                }
            }
            HandOff::Page { after } => {
                let max = self.shared.config.limits.handoff_page;
                self.tell_next(Part::Page(self.guild.page(after, max)));
            }
            HandOff::Finish(owner) => self.leaving = Some(owner),
        }
    }

    /// Sends the next owner something. One that does not keep up, or is gone, gets nothing more.
    pub(super) fn tell_next(&mut self, part: Part) {
        let Some(parts) = &self.departure else { return };
        if parts.try_send(part).is_err() {
            self.shared.metrics.refuse(Refused::HandOff);
            self.stay();
        }
    }

    /// Gives a hand-off up.
    fn stay(&mut self) {
        self.departure = None;
        self.guild.tell_changes(false);
    }

    /// The barrier. When the next owner is gone by now, everything stays as it was.
    pub(super) async fn surrender(mut self, owner: oneshot::Sender<Parcel<Box<Surrender>>>) {
        let paused = Watch::start();
        self.shared.metrics.guilds_paused.add(1);
        while self.guild.pending() > 0 {
            let Self { commits, reads, .. } = &mut self;
            let stored = std::future::poll_fn(|cx| poll_store(commits, reads, cx)).await;
            self.stored(stored).await;
        }
        if self.deleted {
            self.shared.metrics.guilds_paused.sub(1);
            return self.end().await;
        }
        let (handle, requests) = queue(&self.shared);
        self.shared.directory.add_guild(self.id(), handle);
        self.requests.close();
        while let Some(request) = self.requests.recv().await {
            self.backlog.push_back(request);
        }
        self.stay();
        let (shared, id) = (Arc::clone(&self.shared), self.id());
        shared.metrics.guilds_paused.sub(1);
        let (rest, members) = self.guild.depart();
        let surrender = Surrender {
            rest,
            attendance: self.attendance,
            requests,
            backlog: self.backlog,
            next_ticket: self.next_ticket,
            published: self.published,
            band: self.band,
            paused,
        };
        let (parcel, returned) = Parcel::pack(Box::new(surrender));
        // One that cannot be delivered comes back, as does one that nobody opens.
        drop(owner.send(parcel));
        match returned.await {
            // Millions of members take a while to forget.
            Err(_) => drop(tokio::task::spawn_blocking(move || drop(members))),
            Ok(surrender) => {
                tracing::warn!(guild = %id, "the next owner is gone; the last one stays");
                shared.metrics.refuse(Refused::HandOff);
                Self::arrive(&shared, *surrender, members).take_up();
            }
        }
    }

    fn arrive(shared: &Arc<Shared>, surrender: Surrender, members: Roster) -> Self {
        let Surrender { rest, attendance, requests, backlog, next_ticket, published, band, .. } =
            surrender;
        let task = Self::new(shared, Guild::arrive(rest, members), requests);
        Self { attendance, backlog, next_ticket, published, band, ..task }
    }
}

/// Makes a guild's queue.
pub(super) fn queue(shared: &Shared) -> (GuildHandle, mpsc::Receiver<Request>) {
    let (sender, requests) = mpsc::channel(shared.config.limits.guild_queue);
    (GuildHandle::new(sender), requests)
}

/// Hands a guild to another owner. Dropped before its end, it leaves everything as it was.
pub(crate) async fn hand_over(shared: Arc<Shared>, id: GuildId) -> Result<HandedOff, Refusal> {
    // A task, because the guild must not wait for whoever asked to look again.
    let mut owner = JoinSet::new();
    owner.spawn(take_over(shared, id));
    let done = owner.join_next().await.and_then(Result::ok);
    done.unwrap_or_else(|| Err(given_up()))
}

/// Takes a guild over from its owner until now.
async fn take_over(shared: Arc<Shared>, id: GuildId) -> Result<HandedOff, Refusal> {
    let began = Watch::start();
    let (parts, inbox) = mpsc::channel(shared.config.limits.handoff_queue);
    let mut next = Next { shared, id, inbox, changes: 0 };
    next.ask(HandOff::Begin(parts)).await?;
    let mut members = next.fill().await?;
    let (owner, surrender) = oneshot::channel();
    next.ask(HandOff::Finish(owner)).await?;
    let parcel = surrender.await.map_err(|_| Refusal::UnknownGuild)?;
    // Nothing is waited for from here on, so it is taken for good.
    let surrender = parcel.open().ok_or(Refusal::UnknownGuild)?;
    next.catch_up(&mut members);
    let Next { shared, changes, .. } = next;
    let (queued, count, paused) = (surrender.backlog.len(), members.len(), surrender.paused);
    let task = GuildTask::arrive(&shared, *surrender, members);
    let pause = paused.spent();
    task.take_up();
    shared.metrics.handed_off(pause);
    let took = began.spent();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let (pause_ms, took_ms) = (millis(pause), millis(took));
    tracing::info!(guild = %id, members = count, changes, queued, pause_ms, took_ms, "handed off");
    Ok(HandedOff { pause, took, members: count, changes, queued })
}

/// The next owner while it fills.
struct Next {
    shared: Arc<Shared>,
    id: GuildId,
    inbox: mpsc::Receiver<Part>,
    changes: usize,
}

impl Next {
    async fn ask(&self, step: HandOff) -> Result<(), Refusal> {
        let sent = self.shared.directory.send(self.id, Request::HandOff(step)).await;
        sent.then_some(()).ok_or(Refusal::UnknownGuild)
    }

    /// Asks for page after page, takes them and what changes meanwhile, and packs the members
    /// beside everything else.
    async fn fill(&mut self) -> Result<Roster, Refusal> {
        let (mut members, mut after) = (Arrivals::default(), None);
        loop {
            self.ask(HandOff::Page { after }).await?;
            let page = self.page(&mut members).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.user.id);
            members.extend(page);
        }
        tokio::task::spawn_blocking(|| members.finish()).await.map_err(|_| given_up())
    }

    async fn page(&mut self, members: &mut Arrivals) -> Result<Vec<Member>, Refusal> {
        loop {
            match self.inbox.recv().await {
                Some(Part::Page(page)) => return Ok(page),
                Some(Part::Change(change)) => {
                    members.note(change);
                    self.changes += 1;
                }
                None => return Err(given_up()),
            }
        }
    }

    /// Takes what changed from the last page to the barrier.
    fn catch_up(&mut self, members: &mut Roster) {
        while let Ok(part) = self.inbox.try_recv() {
            if let Part::Change(change) = part {
                members.apply(change);
                self.changes += 1;
            }
        }
    }
}

fn given_up() -> Refusal {
    let reason = "The hand-off was given up: another one is under way, or more changed than \
        limits.handoff_queue holds. The guild stays where it was."
        .to_owned();
    Refusal::Unavailable { reason, retry_after: RETRY_AFTER }
}
