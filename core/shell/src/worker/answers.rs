//! Answers to requests that came over a link (op 100): they wait until the link has room.
//!
//! # Invariants
//!
//! - A1: answers of a link leave in the order in which they were given, each whole, and take turns
//!   with dispatches; a heartbeat's answer or a close waits for one of them at most.
//! - A2: what waits is bounded for each link and for the worker, and a request keeps its place
//!   among `limits.requests_per_link` until its answer leaves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use throng_engine::time::Instant;
use throng_proto::close::CloseCode;

use super::Worker;
use super::link::LinkCell;
use crate::clock;
use crate::config::LimitsConfig;
use crate::metrics::Refused;

/// Answers up to this are given whatever waits on other links: as much as their requests took.
const SMALL_BYTES: usize = 16 * 1024;

/// What all links of a worker have for their answers.
#[derive(Debug)]
pub(super) struct Room {
    link_bytes_max: usize,
    bytes_max: usize,
    time_max: Duration,
    /// Answers that wait on one link before it is not heard any more.
    answers_max: usize,
    bytes: Cell<usize>,
    /// Links on which answers wait, and some on which they did a moment ago.
    cells: RefCell<Vec<Rc<LinkCell>>>,
}

/// An answer on its way to a link.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Its request has a place among those under way, which it gives back.
    pub(super) counted: bool,
}

/// What waits for one link.
#[derive(Debug)]
pub(super) struct Outbox {
    room: Rc<Room>,
    queue: VecDeque<Answer>,
    /// Bytes of the queue, and of what was handed over and has not left.
    bytes: usize,
    under_way: usize,
    since: Instant,
    /// An answer was the last to leave.
    dispatches_turn: bool,
}

impl Room {
    pub(super) fn new(limits: &LimitsConfig) -> Rc<Self> {
        Rc::new(Self {
            link_bytes_max: limits.answer_bytes_per_link,
            bytes_max: limits.answer_bytes_per_worker,
            time_max: Duration::from_secs(limits.answer_secs),
            answers_max: 2 * usize::from(limits.requests_per_link).max(1),
            bytes: Cell::new(0),
            cells: RefCell::default(),
        })
    }

    /// Tells whether another request of a link may be answered.
    pub(super) fn takes_request(&self, cell: &LinkCell) -> bool {
        cell.waiting_bytes() <= self.link_bytes_max
    }

    /// Tells whether an answer of this length may wait.
    pub(super) fn takes(&self, cell: &LinkCell, length: usize) -> bool {
        let waiting = cell.waiting_bytes();
        let fits_link = waiting == 0 || waiting + length <= self.link_bytes_max;
        fits_link && (length <= SMALL_BYTES || self.bytes.get() + length <= self.bytes_max)
    }
}

impl Outbox {
    fn new(room: &Rc<Room>) -> Self {
        Self {
            room: Rc::clone(room),
            queue: VecDeque::new(),
            bytes: 0,
            under_way: 0,
            since: clock::now(),
            dispatches_turn: false,
        }
    }

    fn grow(&mut self, by: usize) {
        self.bytes += by;
        self.room.bytes.set(self.room.bytes.get() + by);
    }

    fn shrink(&mut self, by: usize) {
        self.bytes -= by;
        self.room.bytes.set(self.room.bytes.get() - by);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

impl LinkCell {
    /// Sends an answer now, or as soon as the link has room.
    pub(super) fn answer(self: &Rc<Self>, room: &Rc<Room>, answer: Answer) {
        let waits = self.answers.take();
        let is_new = waits.is_none();
        let mut outbox = waits.unwrap_or_else(|| Box::new(Outbox::new(room)));
        outbox.grow(answer.text.len());
        outbox.queue.push_back(answer);
        self.answers.set(Some(outbox));
        if is_new {
            self.send_answers();
            if self.has_answers() {
                room.cells.borrow_mut().push(Rc::clone(self));
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

    fn has_answers(&self) -> bool {
        self.look_at_outbox(|_| true)
    }

    fn waiting_bytes(&self) -> usize {
        self.look_at_outbox(|outbox| outbox.bytes)
    }

    fn look_at_outbox<T: Default>(&self, look: impl FnOnce(&Outbox) -> T) -> T {
        let outbox = self.answers.take();
        let seen = outbox.as_deref().map(look).unwrap_or_default();
        self.answers.set(outbox);
        seen
    }
}

impl Worker {
    /// Closes links that do not read their answers.
    pub(super) fn look_at_answers(&mut self, now: Instant) {
        let room = Rc::clone(&self.answers);
        if room.cells.borrow().is_empty() {
            return;
        }
        room.cells.borrow_mut().retain(|cell| cell.has_answers());
        let is_late = |outbox: &Outbox| now.since(outbox.since) > room.time_max;
        let cells = room.cells.borrow().clone();
        for cell in cells.iter().filter(|cell| cell.look_at_outbox(is_late)) {
            cell.answers.take();
            self.shared.metrics.refuse(Refused::AnswerTime);
            match cell.session.get() {
                Some(session) => self.act(|deck| deck.give_up_line(session.slot)),
                None => cell.abort(CloseCode::UnknownError, "Too slow: resume to go on."),
            }
        }
    }
}
