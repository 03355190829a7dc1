//! Commands between their input and their answer.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use throng_proto::command::{Outcome, Reply};
use throng_proto::id::{GuildId, MessageId};
use throng_proto::record::Write;
use throng_proto::time::Timestamp;

use super::Ticket;
use super::job::{Job, Order};
use super::ledger::Key;
use super::parking::Parking;
use super::plan::{Draft, Effect, Plan};
use crate::event::Event;

/// Accepted commands that wait for the store, and others that wait to be checked.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// In the hands of the store.
    flight: Vec<Pending>,
    /// Accepted; the next commit.
    batch: Vec<Pending>,
    /// Checked as soon as the store has said what they are about.
    pub(super) parking: Parking,
    /// Not looked at yet.
    waiting: VecDeque<(Ticket, Job)>,
    /// Answers that wait for one of these.
    told: usize,
    /// One of `flight` or `batch` changes structure, so nothing may be checked.
    alone: bool,
}

/// An accepted command.
#[derive(Debug)]
pub(super) struct Pending {
    /// Who asked; several when a post was repeated.
    pub(super) tickets: Vec<Ticket>,
    pub(super) reply: Reply,
    pub(super) effect: Effect,
    /// Numbered, once the commit is handed over.
    pub(super) events: Vec<Arc<Event>>,
    plan: Option<(Vec<Write>, Vec<Draft>)>,
    /// Answers to others that hold if this is committed.
    pub(super) told: Vec<(Ticket, Outcome)>,
    /// Messages that it was decided on.
    pub(super) keys: Vec<Key>,
    /// Those of them that it changes.
    pub(super) touched: Vec<Key>,
}

impl Desk {
    pub(super) fn len(&self) -> usize {
        let parked = self.parking.jobs.len();
        self.flight.len() + self.batch.len() + parked + self.waiting.len() + self.told
    }

    /// Tells whether the next commit takes no more.
    pub(super) const fn is_full(&self, batch_max: usize) -> bool {
        self.batch.len() >= batch_max
    }

    /// Tells whether a job may be checked now, given that all before it were.
    fn admits(&self, order: Order, batch_max: usize) -> bool {
        match order {
            Order::Free => true,
            Order::Shared => !self.alone && !self.is_full(batch_max),
            Order::Alone => {
                self.flight.is_empty() && self.batch.is_empty() && self.parking.jobs.is_empty()
            }
        }
    }

    /// Tells whether a job that comes now may be checked at once.
    pub(super) fn admits_new(&self, order: Order, batch_max: usize) -> bool {
        order == Order::Free || self.waiting.is_empty() && self.admits(order, batch_max)
    }

    /// Keeps a job until those before it are done.
    pub(super) fn wait(&mut self, ticket: Ticket, job: Job) {
        self.waiting.push_back((ticket, job));
    }

    /// Takes the next waiting job that may be checked now.
    pub(super) fn next(&mut self, batch_max: usize) -> Option<(Ticket, Job)> {
        let (_, job) = self.waiting.front()?;
        if self.admits(job.order(), batch_max) { self.waiting.pop_front() } else { None }
    }

    /// Takes all waiting jobs.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = Ticket> {
        std::mem::take(&mut self.waiting).into_iter().map(|(ticket, _)| ticket)
    }

    /// Takes an accepted command into the next commit; `keys` are the messages that it was decided
    /// on, and `touched` those that it changes.
    pub(super) fn accept(
        &mut self,
        (ticket, order): (Ticket, Order),
        plan: Plan,
        keys: Vec<Key>,
        touched: Vec<Key>,
    ) {
        self.alone |= order == Order::Alone;
        self.batch.push(Pending {
            tickets: vec![ticket],
            reply: plan.reply,
            effect: plan.effect,
            events: Vec::with_capacity(plan.events.len()),
            plan: Some((plan.writes, plan.events)),
            told: Vec::new(),
            keys,
            touched,
        });
    }

    /// Tells an answer that was decided on messages as soon as what it rests on is committed, so
    /// that nobody hears of a change that is not made in the end; gives it back when it rests on
    /// nothing that is pending.
    pub(super) fn tell(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        keys: &[Key],
    ) -> Option<Outcome> {
        let mut pending = self.flight.iter_mut().chain(&mut self.batch).rev();
        match pending.find(|pending| pending.touched.iter().any(|key| keys.contains(key))) {
            Some(pending) if !keys.is_empty() => {
                pending.told.push((ticket, outcome));
                self.told += 1;
                None
            }
            _ => Some(outcome),
        }
    }

    /// Has a command answered together with the post of a message. `false` when that is not
    /// pending.
    pub(super) fn join(&mut self, ticket: Ticket, message: MessageId) -> bool {
        let pending = self.flight.iter_mut().chain(&mut self.batch).find(|pending| {
            pending.effect.posted.as_ref().is_some_and(|post| post.message == message)
        });
        pending.is_some_and(|pending| {
            pending.tickets.push(ticket);
            true
        })
    }

    /// Makes the next commit of the batch, numbering its events after `sequence`.
    pub(super) fn launch(
        &mut self,
        guild: GuildId,
        sequence: u64,
        at: Timestamp,
    ) -> Option<Vec<Write>> {
        if !self.flight.is_empty() || self.batch.is_empty() {
            return None;
        }
        self.flight = std::mem::take(&mut self.batch);
        let mut next = sequence;
        let mut commit = Vec::new();
        for pending in &mut self.flight {
            let Some((writes, drafts)) = pending.plan.take() else { continue };
            for draft in drafts {
                next += 1;
                let (record, event) = draft.number(guild, next, at);
                commit.push(Write::Event(Box::new(record)));
                pending.events.push(Arc::new(event));
            }
            // After the log, so that deleting a guild deletes its log to the last event.
            commit.extend(writes);
        }
        Some(commit)
    }

    /// Takes what the store has answered.
    pub(super) fn land(&mut self) -> Vec<Pending> {
        // A change of structure is in flight alone, so nothing is behind it.
        self.alone = false;
        let landed = std::mem::take(&mut self.flight);
        self.told -= landed.iter().map(|pending| pending.told.len()).sum::<usize>();
        landed
    }

    /// Takes what the store has refused, and everything of the next commit that was decided on
    /// it; returns it with the messages that it would have changed.
    pub(super) fn crash(&mut self) -> (Vec<Pending>, Vec<Key>) {
        let mut failed = self.land();
        let mut touched: BTreeSet<Key> =
            failed.iter().flat_map(|pending| pending.touched.iter().copied()).collect();
        for pending in std::mem::take(&mut self.batch) {
            if pending.keys.iter().any(|key| touched.contains(key)) {
                touched.extend(&pending.touched);
                self.told -= pending.told.len();
                failed.push(pending);
            } else {
                self.batch.push(pending);
            }
        }
        (failed, touched.into_iter().collect())
    }
}
