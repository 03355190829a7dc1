//! A guild with who is there: what a guild's task does, without the task.

mod handoff;
mod lists;
mod seats;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use throng_engine::Outbox;
use throng_engine::attendance::Attendance;
use throng_engine::deck::{Ask, Grant, Restored, SessionRef};
use throng_engine::event::{Change, Event};
use throng_engine::guild::{Guild, Input, Output, Ticket};
use throng_engine::policy::GuildFacts;
use throng_engine::roll;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::record::{EventRecord, RowQuery, Write};
use throng_proto::time::Timestamp;

use self::handoff::Departure;
pub(crate) use self::lists::Lists;

/// What waits for a guild.
#[derive(Debug)]
pub(crate) enum Request {
    /// What somebody asks for, and the errand that waits for the answer, if one does.
    Command(Actor, Box<Command>, Option<u64>),
    /// Of a deck.
    Ask(usize, Ask),
    Presence(SessionRef, UserId, PresenceUpdate),
    /// Of the next owner: a page of members, of the hand-off with this number.
    Page(u64),
    /// Of the next owner: to leave.
    Leave(u64),
}

/// What a guild tells a deck.
#[derive(Debug)]
pub(crate) enum Letter {
    Event(Arc<Event>),
    Attached(Box<Grant>),
    TurnedAway(SessionRef, GuildId),
    Restored(Box<Restored>),
    Joined(UserId, GuildId),
    Resized(GuildFacts),
    Rejoin(GuildId),
    /// Of member lists that have this epoch.
    Lists(GuildId, u64, Vec<roll::Output<SessionRef>>),
    Owner(GuildId),
}

/// What a guild wants of the world.
#[derive(Debug)]
pub(crate) enum Wish {
    Commit(Vec<Write>),
    Read(u64, Vec<RowQuery>),
    Tell(usize, Letter),
    /// Tell every deck.
    TellAll(Letter),
    /// Something was published, which the oracle looks at.
    Published(Arc<Event>),
    /// Sessions that come back are told these events as the guild is now.
    Told(Vec<SessionRef>, Vec<Arc<Event>>),
    /// An errand is answered.
    Answered(u64, Outcome),
    /// Its lists go on without it, until they have told everything.
    Orphan(Box<Lists>),
    /// The guild was deleted.
    Deleted,
    /// Something is as it must not be.
    Wrong(String),
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) guild: Guild,
    pub(crate) attendance: Attendance,
    pub(crate) requests: VecDeque<Request>,
    /// Place of the last event that was published.
    pub(crate) published: u64,
    /// Tells this owner of the guild from those before.
    pub(crate) era: u64,
    /// Member lists, while somebody watches any.
    pub(crate) lists: Option<Lists>,
    /// Members from which on lists leave out who is offline.
    pub(crate) offline_max: usize,
    pub(crate) departure: Option<Departure>,
    tickets: u64,
    /// Commands that are not answered yet, with their errands.
    asked: BTreeMap<Ticket, Option<u64>>,
    epochs: u64,
    outbox: Outbox<Output>,
    band: u32,
    window: Option<u64>,
}

impl Host {
    pub(crate) fn new(guild: Guild, era: u64) -> Self {
        Self {
            attendance: Attendance::new(guild.shape().id()),
            published: guild.sequence(),
            guild,
            requests: VecDeque::new(),
            era,
            lists: None,
            offline_max: usize::MAX,
            departure: None,
            tickets: 0,
            asked: BTreeMap::new(),
            epochs: 0,
            outbox: Outbox::default(),
            band: 1,
            window: None,
        }
    }

    pub(crate) fn id(&self) -> GuildId {
        self.guild.shape().id()
    }

    /// Runs the guild's machine once.
    pub(crate) fn step(&mut self, now: Timestamp, input: Input, wishes: &mut Vec<Wish>) {
        let mut outbox = std::mem::take(&mut self.outbox);
        self.guild.handle(now, input, &mut outbox);
        for output in outbox.drain() {
            self.carry_out(output, wishes);
        }
        self.outbox = outbox;
        self.guild.fold();
    }

    fn carry_out(&mut self, output: Output, wishes: &mut Vec<Wish>) {
        match output {
            Output::Commit(writes) => wishes.push(Wish::Commit(writes)),
            Output::Read(read, queries) => wishes.push(Wish::Read(read, queries)),
            Output::Answer(ticket, outcome) => wishes.extend(self.answered(ticket, outcome)),
            Output::Publish(event) => self.publish(&event, wishes),
            Output::Joined(user) => {
                self.attendance.invalidate();
                self.list_member(user, None);
                wishes.push(Wish::TellAll(Letter::Joined(user, self.id())));
            }
            Output::Changed(change) => self.tell_next(change),
            Output::Deleted => wishes.push(Wish::Deleted),
            Output::Channels { .. } | Output::Invites { .. } | Output::Holders { .. } => {}
        }
    }

    /// A command is answered once (H1).
    fn answered(&mut self, ticket: Ticket, outcome: Outcome) -> Option<Wish> {
        match self.asked.remove(&ticket) {
            None => Some(Wish::Wrong(format!("H1: command {ticket:?} is answered again"))),
            Some(errand) => errand.map(|errand| Wish::Answered(errand, outcome)),
        }
    }

    /// Counts the commands that are not answered.
    pub(crate) fn unanswered(&self) -> usize {
        self.asked.len()
    }

    fn publish(&mut self, event: &Arc<Event>, wishes: &mut Vec<Wish>) {
        self.published = self.published.max(event.sequence);
        if !matches!(event.change, Change::Nothing | Change::LastMessage(..)) {
            self.attendance.invalidate();
        }
        self.list_event(event);
        wishes.push(Wish::Published(Arc::clone(event)));
        for worker in self.attendance.workers() {
            wishes.push(Wish::Tell(worker, Letter::Event(Arc::clone(event))));
        }
    }

    /// Takes the next request.
    pub(crate) fn heed(
        &mut self,
        now: Timestamp,
        request: Request,
        missed: impl FnOnce(u64) -> Vec<EventRecord>,
        wishes: &mut Vec<Wish>,
    ) {
        match request {
            Request::Command(actor, command, errand) => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.asked.insert(ticket, errand);
                self.step(now, Input::Command(ticket, actor, command), wishes);
            }
            Request::Presence(session, user, update) => {
                self.attendance.show(session, user, update);
            }
            Request::Ask(_, Ask::Attach(attach)) => self.attach(*attach, wishes),
            Request::Ask(_, Ask::Detach { session, user, interest }) => {
                self.let_go(session, user, interest);
                self.weigh(wishes);
            }
            Request::Ask(worker, Ask::Relays(relays)) => {
                self.attendance.set_relays(worker, relays);
            }
            Request::Ask(worker, Ask::Restore { since, sessions }) => {
                let events = missed(since);
                self.restore(worker, (since, events), sessions, wishes);
            }
            Request::Ask(_, Ask::Watch(watch)) => self.watch(watch),
            Request::Page(number) => self.page(number),
            Request::Leave(number) => self.leave(number),
        }
        self.serve_lists(wishes);
    }
}
