//! Sessions in a guild: taken, taken back, let go, and what they show.

use std::sync::Arc;

use throng_engine::deck::{Ask, Attach, Grant, Restored, Seat, SessionRef, View};
use throng_engine::event::Event;
use throng_engine::policy::GuildFacts;
use throng_engine::relay::Interest;
use throng_engine::welcome::{self, Welcome};
use throng_proto::id::UserId;
use throng_proto::record::EventRecord;

use super::{Host, Letter, Request, Wish};

impl Host {
    /// Drops what a deck has asked that is no more; who has left has left.
    pub(crate) fn forget_deck(&mut self, deck: usize) {
        for request in std::mem::take(&mut self.requests) {
            match request {
                Request::Ask(of, Ask::Detach { session, user, interest }) if of == deck => {
                    self.let_go(session, user, interest);
                }
                Request::Ask(of, _) if of == deck => {}
                Request::Presence(session, ..) if usize::from(session.worker) == deck => {}
                request => self.requests.push_back(request),
            }
        }
    }

    /// Lets a session go.
    pub(crate) fn let_go(&mut self, session: SessionRef, user: UserId, interest: Interest) {
        self.attendance.detach(session, user, interest);
        self.unwatch(session);
    }

    pub(super) fn attach(&mut self, attach: Attach, wishes: &mut Vec<Wish>) {
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

    pub(super) fn restore(
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
                    self.list_member(user, None);
                    seats.push(Seat { session, user, interest, member });
                }
            }
        }
        let told = seats.iter().map(|seat| seat.session).chain(gone.iter().copied());
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
            let event = self.attendance.event(user, &shown);
            self.list_member(user, event.as_ref().map(|event| event.body.clone()));
            if let Some(event) = event {
                self.publish(&Arc::new(event), wishes);
            }
        }
        self.serve_lists(wishes);
    }

    /// Tells whether presences wait for their window.
    pub(crate) fn has_presences(&self) -> bool {
        self.window.is_some() || self.attendance.has_news() || self.attendance.has_due()
    }

    pub(super) fn facts(&self) -> GuildFacts {
        GuildFacts {
            guild: self.id(),
            members: self.guild.member_count(),
            attachments: self.attendance.attachments(),
            relays: self.attendance.relays(),
        }
    }

    pub(super) fn weigh(&mut self, wishes: &mut Vec<Wish>) {
        let facts = self.facts();
        if facts.band() != self.band {
            self.band = facts.band();
            for worker in self.attendance.workers() {
                wishes.push(Wish::Tell(worker, Letter::Resized(facts)));
            }
        }
    }

    pub(super) fn welcome(&mut self) -> Welcome {
        let (guild, member_count) = (&self.guild, self.guild.member_count());
        let segment = welcome::guild_segment(guild.shape(), guild.last_messages(), member_count);
        let crowd = Some(self.attendance.crowd(self.guild.roster(), true));
        Welcome { guild: segment, crowd, own: None, member_count }
    }

    pub(super) fn view(&self) -> View {
        View {
            shape: Arc::clone(self.guild.shape()),
            facts: self.facts(),
            sequence: self.published,
        }
    }
}
