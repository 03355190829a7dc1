//! Answers to requests that came over a link (op 100): they wait until the link has room.
//!
//! # Invariants
//!
//! - A1: answers of a link leave in the order in which they were given, each whole, and take turns
//!   with dispatches; a heartbeat's answer or a close waits for one of them at most.
//! - A2: what waits is bounded for each link and for the worker, and a request keeps its place
//!   among `limits.requests_per_link` until its answer leaves.

use std::cell::RefCell;
use std::rc::Rc;

use super::link::LinkCell;
use super::outbox::{Answer, AnswerRoom, Outbox};
use crate::clock;
use crate::config::LimitsConfig;

/// Where answers of all links of a worker are handed in.
#[derive(Debug)]
pub(super) struct AnswerDesk {
    pub(super) room: Rc<AnswerRoom>,
    /// Links on which answers wait, and some on which they did a moment ago.
    pub(super) cells: RefCell<Vec<Rc<LinkCell>>>,
}

impl AnswerDesk {
    pub(super) fn new(limits: &LimitsConfig) -> Rc<Self> {
        Rc::new(Self { room: Rc::new(AnswerRoom::new(limits)), cells: RefCell::default() })
    }

    /// Tells whether another request of a link may be answered.
    pub(super) fn takes_request(&self, cell: &LinkCell) -> bool {
        self.room.takes_request(cell.waiting_bytes())
    }

    /// Tells whether an answer of this length may wait.
    pub(super) fn takes(&self, cell: &LinkCell, length: usize) -> bool {
        self.room.takes(cell.waiting_bytes(), length)
    }
}

impl LinkCell {
    /// Sends an answer now, or as soon as the link has room.
    pub(super) fn answer(self: &Rc<Self>, desk: &AnswerDesk, answer: Answer) {
        let waits = self.answers.take();
        let is_new = waits.is_none();
        let mut outbox = waits.unwrap_or_else(|| Box::new(Outbox::new(&desk.room)));
        outbox.grow(answer.text.len());
        outbox.queue.push_back(answer);
        self.answers.set(Some(outbox));
        if is_new {
            self.send_answers();
            if self.has_answers() {
                desk.cells.borrow_mut().push(Rc::clone(self));
            }
            self.flush_if_blocked();
        } else {
            self.look();
        }
    }

    /// Sends answers as long as the link has room, and tells whether there was any.
    pub(super) fn send_answers(&self) -> bool {
        let mut sent = false;
        while self.send_answer() {
            sent = true;
        }
        sent
    }

    /// Sends the next answer, if there is one and the link has room.
    pub(super) fn send_answer(&self) -> bool {
        let Some(mut outbox) = self.answers.take() else { return false };
        let is_blocked = self.link.is_blocked();
        if !is_blocked {
            let left = std::mem::take(&mut outbox.under_way);
            outbox.shrink(left);
        }
        let Some(next) = outbox.queue.front() else {
            self.answers.set(is_blocked.then_some(outbox));
            return false;
        };
        match self.link.offer(&next.text) {
            Ok(true) => {}
            Ok(false) => {
                self.answers.set(Some(outbox));
                return false;
            }
            Err(error) => {
                tracing::debug!(%error, "answers were not sent: the link is gone");
                return false;
            }
        }
        if let Some(Answer { text, counted }) = outbox.queue.pop_front() {
            self.requests.set(self.requests.get().saturating_sub(u16::from(counted)));
            outbox.under_way += text.len();
            outbox.since = clock::now();
            outbox.dispatches_turn = true;
        }
        self.answers.set(Some(outbox));
        true
    }

    /// Tells whether an answer is to leave before dispatches do; the next time it is their turn.
    pub(super) fn is_answers_turn(&self) -> bool {
        let Some(mut outbox) = self.answers.take() else { return false };
        let dispatches_turn = std::mem::take(&mut outbox.dispatches_turn);
        self.answers.set(Some(outbox));
        !dispatches_turn
    }

    /// Tells whether so many answers wait that the link is not heard until it has read some.
    pub(super) fn is_overfull(&self) -> bool {
        self.look_at_outbox(|outbox| outbox.queue.len() >= outbox.room.answers_max)
    }

    pub(super) fn has_answers(&self) -> bool {
        self.look_at_outbox(|_| true)
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.look_at_outbox(|outbox| outbox.bytes)
    }

    pub(super) fn look_at_outbox<T: Default>(&self, look: impl FnOnce(&Outbox) -> T) -> T {
        let outbox = self.answers.take();
        let seen = outbox.as_deref().map(look).unwrap_or_default();
        self.answers.set(outbox);
        seen
    }
}
