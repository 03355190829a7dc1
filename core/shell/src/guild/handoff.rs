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

use std::time::Duration;

use throng_engine::guild::{Arrivals, Guild};
use throng_engine::roster::Roster;
use throng_ports::hub::HandedOff;
use throng_proto::id::GuildId;
use throng_proto::model::Member;
use throng_proto::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::keeper;
use super::task::{GuildTask, poll_store};
use super::ties::Ties;
use crate::clock::Stopwatch;
use crate::directory::GuildHandle;
use crate::letter::{GuildLetter, HandOff, Parcel, Part, Surrender, WorkerLetter};
use crate::metrics::Refused;

impl GuildTask {
    /// Goes on as the owner: presences that were not told yet will be, and whoever watches member
    /// lists asks again, because those are not handed over.
    fn take_up(mut self) {
        keeper::keep(&self.ties.clone(), self.id(), async move {
            self.tell_presences().await;
            for worker in self.attendance.workers() {
                self.ties.post.send(worker, WorkerLetter::Owner(self.id())).await;
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
                let max = self.ties.settings.limits.handoff_page;
                self.tell_next(Part::Page(self.guild.page(after, max)));
            }
            HandOff::Finish(owner) => self.leaving = Some(owner),
        }
    }

    /// Sends the next owner something. One that does not keep up, or is gone, gets nothing more.
    pub(super) fn tell_next(&mut self, part: Part) {
        let Some(parts) = &self.departure else { return };
        if parts.try_send(part).is_err() {
            self.ties.meter.refuse(Refused::HandOff);
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
        let paused = Stopwatch::start();
        self.ties.meter.metrics.guilds_paused.add(1);
        while self.guild.pending() > 0 {
            let Self { commits, reads, .. } = &mut self;
            let stored = std::future::poll_fn(|cx| poll_store(commits, reads, cx)).await;
            self.stored(stored).await;
        }
        if self.deleted {
            self.ties.meter.metrics.guilds_paused.sub(1);
            return self.end().await;
        }
        let room = self.ties.settings.limits.guild_queue;
        let (handle, requests) = GuildHandle::open(room);
        self.ties.post.directory.add_guild(self.id(), handle);
        self.requests.close();
        while let Some(request) = self.requests.recv().await {
            self.backlog.push_back(request);
        }
        self.stay();
        let (ties, id) = (self.ties.clone(), self.id());
        ties.meter.metrics.guilds_paused.sub(1);
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
                ties.meter.refuse(Refused::HandOff);
                Self::arrive(ties, *surrender, members).take_up();
            }
        }
    }

    fn arrive(ties: Ties, surrender: Surrender, members: Roster) -> Self {
        let Surrender { rest, attendance, requests, backlog, next_ticket, published, band, .. } =
            surrender;
        let task = Self::new(ties, Guild::arrive(rest, members), requests);
        Self { attendance, backlog, next_ticket, published, band, ..task }
    }
}

/// Hands a guild to another owner. Dropped before its end, it leaves everything as it was.
pub(crate) async fn hand_over(ties: Ties, id: GuildId) -> Result<HandedOff, Refusal> {
    // A task, because the guild must not wait for whoever asked to look again.
    let mut owner = JoinSet::new();
    owner.spawn(take_over(ties, id));
    let done = owner.join_next().await.and_then(Result::ok);
    done.unwrap_or_else(|| Err(given_up()))
}

/// Takes a guild over from its owner until now.
async fn take_over(ties: Ties, id: GuildId) -> Result<HandedOff, Refusal> {
    let began = Stopwatch::start();
    let (parts, inbox) = mpsc::channel(ties.settings.limits.handoff_queue);
    let mut next = Next { ties, id, inbox, changes: 0 };
    next.ask(HandOff::Begin(parts)).await?;
    let mut members = next.fill().await?;
    let (owner, surrender) = oneshot::channel();
    next.ask(HandOff::Finish(owner)).await?;
    let parcel = surrender.await.map_err(|_| Refusal::UnknownGuild)?;
    // Nothing is waited for from here on, so it is taken for good.
    let surrender = parcel.open().ok_or(Refusal::UnknownGuild)?;
    next.catch_up(&mut members);
    let Next { ties, changes, .. } = next;
    let (queued, count, paused) = (surrender.backlog.len(), members.len(), surrender.paused);
    let task = GuildTask::arrive(ties.clone(), *surrender, members);
    let pause = paused.spent();
    task.take_up();
    ties.meter.metrics.handed_off(pause);
    let took = began.spent();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let (pause_ms, took_ms) = (millis(pause), millis(took));
    tracing::info!(guild = %id, members = count, changes, queued, pause_ms, took_ms, "handed off");
    Ok(HandedOff { pause, took, members: count, changes, queued })
}

/// The next owner while it fills.
struct Next {
    ties: Ties,
    id: GuildId,
    inbox: mpsc::Receiver<Part>,
    changes: usize,
}

impl Next {
    async fn ask(&self, step: HandOff) -> Result<(), Refusal> {
        let sent = self.ties.post.directory.send(self.id, GuildLetter::HandOff(step)).await;
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
    Refusal::unavailable(
        "The hand-off was given up: another one is under way, or more changed than \
         limits.handoff_queue holds. The guild stays where it was.",
    )
}
