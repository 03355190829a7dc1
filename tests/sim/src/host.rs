//! A guild with who is there: what a guild's task does, without the task.

use std::collections::VecDeque;
use std::sync::Arc;

use throng_engine::Outbox;
use throng_engine::attendance::Attendance;
use throng_engine::deck::{Ask, Attach, Grant, Restored, Seat, SessionRef, View};
use throng_engine::event::{Change, Event};
use throng_engine::guild::{Guild, Input, Output, Ticket};
use throng_engine::policy::GuildFacts;
use throng_engine::welcome::{self, Welcome};
use throng_proto::command::{Actor, Command};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::record::{EventRecord, RowQuery, Write};
use throng_proto::time::Timestamp;

/// What waits for a guild.
#[derive(Debug)]
pub(crate) enum Request {
    Command(Actor, Box<Command>),
    /// Of a deck.
    Ask(usize, Ask),
    Presence(SessionRef, UserId, PresenceUpdate),
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
    /// So many commands have been answered.
    Answered,
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
    tickets: u64,
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
            tickets: 0,
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
            Output::Answer(..) => wishes.push(Wish::Answered),
            Output::Publish(event) => self.publish(&event, wishes),
            Output::Joined(user) => {
                self.attendance.invalidate();
                wishes.push(Wish::TellAll(Letter::Joined(user, self.id())));
            }
            Output::Changed(_)
            | Output::Channels { .. }
            | Output::Invites { .. }
            | Output::Holders { .. }
            | Output::Deleted => {}
        }
    }

    fn publish(&mut self, event: &Arc<Event>, wishes: &mut Vec<Wish>) {
        self.published = self.published.max(event.sequence);
        if !matches!(event.change, Change::Nothing | Change::LastMessage(..)) {
            self.attendance.invalidate();
        }
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
            Request::Command(actor, command) => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.step(now, Input::Command(ticket, actor, command), wishes);
            }
            Request::Presence(session, user, update) => {
                self.attendance.show(session, user, update);
            }
            Request::Ask(_, Ask::Attach(attach)) => self.attach(*attach, wishes),
            Request::Ask(_, Ask::Detach { session, user, interest }) => {
                self.attendance.detach(session, user, interest);
                self.weigh(wishes);
            }
            Request::Ask(worker, Ask::Relays(relays)) => {
                self.attendance.set_relays(worker, relays);
            }
            Request::Ask(worker, Ask::Restore { since, sessions }) => {
                let events = missed(since);
                self.restore(worker, (since, events), sessions, wishes);
            }
            Request::Ask(_, Ask::Watch(_)) => {}
        }
    }

    fn attach(&mut self, attach: Attach, wishes: &mut Vec<Wish>) {
        let (session, user) = (attach.session, attach.facts.user);
        let worker = session.worker.into();
        let Some(member) = self.guild.member(user) else {
            return wishes.push(Wish::Tell(worker, Letter::TurnedAway(session, self.id())));
        };
        self.attendance.attach(session, user, attach.interest);
        self.attendance.show(session, user, attach.presence);
        let grant = Grant {
            seat: Seat { session, user, interest: attach.interest, member },
            view: self.view(),
            welcome: Some(self.welcome()),
            initial: attach.initial,
        };
        wishes.push(Wish::Tell(worker, Letter::Attached(Box::new(grant))));
        self.weigh(wishes);
    }

    fn restore(
        &mut self,
        worker: usize,
        (since, records): (u64, Vec<EventRecord>),
        sessions: Vec<Attach>,
        wishes: &mut Vec<Wish>,
    ) {
        let records = records.iter().filter(|record| record.sequence <= self.published);
        let events: Vec<_> = records.map(|record| Arc::new(Event::from_record(record))).collect();
        let known = since <= self.published;
        let all = events.iter().map(|event| event.sequence);
        let whole = known && all.eq(since.saturating_add(1)..=self.published);
        let (mut seats, mut gone, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for attach in sessions {
            let (session, user, interest) = (attach.session, attach.facts.user, attach.interest);
            match self.guild.member(user) {
                None => gone.push(session),
                Some(_) if !whole => lost.push(session),
                Some(member) => {
                    self.attendance.attach(session, user, interest);
                    self.attendance.recall(session, user, attach.presence);
                    seats.push(Seat { session, user, interest, member });
                }
            }
        }
        let told = seats.iter().chain([]).map(|seat| seat.session).chain(gone.iter().copied());
        wishes.push(Wish::Told(told.collect(), events.clone()));
        let restored = Restored { view: self.view(), seats, gone, lost, events };
        wishes.push(Wish::Tell(worker, Letter::Restored(Box::new(restored))));
        self.weigh(wishes);
    }

    /// Tells presences when their window is over.
    pub(crate) fn tell_presences(&mut self, now: u64, wishes: &mut Vec<Wish>) {
        if self.attendance.has_news() && self.window.is_none() {
            self.window = Some(now + 1_000);
        }
        if self.window.is_some_and(|ends| ends <= now) {
            self.window = None;
            self.attendance.end_window();
        }
        for (user, shown) in self.attendance.tell(64) {
            if let Some(event) = self.attendance.event(user, &shown) {
                self.publish(&Arc::new(event), wishes);
            }
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

    fn weigh(&mut self, wishes: &mut Vec<Wish>) {
        let facts = self.facts();
        if facts.band() != self.band {
            self.band = facts.band();
            for worker in self.attendance.workers() {
                wishes.push(Wish::Tell(worker, Letter::Resized(facts)));
            }
        }
    }

    fn welcome(&mut self) -> Welcome {
        let (guild, member_count) = (&self.guild, self.guild.member_count());
        let segment = welcome::guild_segment(guild.shape(), guild.last_messages(), member_count);
        let crowd = Some(self.attendance.crowd(self.guild.roster(), true));
        Welcome { guild: segment, crowd, own: None, member_count }
    }

    fn view(&self) -> View {
        View {
            shape: Arc::clone(self.guild.shape()),
            facts: self.facts(),
            sequence: self.published,
        }
    }
}
