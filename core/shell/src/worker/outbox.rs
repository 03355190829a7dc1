//! Answers that wait for room on a link, and how much of them may.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use throng_engine::time::Instant;

use crate::clock;
use crate::config::LimitsConfig;

/// Answers up to this are given whatever waits on other links: as much as their requests took.
const SMALL_BYTES: usize = 16 * 1024;

/// What all links of a worker have for their answers.
#[derive(Debug)]
pub(super) struct AnswerRoom {
    pub(super) link_bytes_max: usize,
    pub(super) bytes_max: usize,
    pub(super) time_max: Duration,
    /// Answers that wait on one link before it is not heard any more.
    pub(super) answers_max: usize,
    pub(super) bytes: Cell<usize>,
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
    pub(super) room: Rc<AnswerRoom>,
    pub(super) queue: VecDeque<Answer>,
    /// Bytes of the queue, and of what was handed over and has not left.
    pub(super) bytes: usize,
    pub(super) under_way: usize,
    pub(super) since: Instant,
    /// An answer was the last to leave.
    pub(super) dispatches_turn: bool,
}

impl AnswerRoom {
    pub(super) fn new(limits: &LimitsConfig) -> Self {
        Self {
            link_bytes_max: limits.answer_bytes_per_link,
            bytes_max: limits.answer_bytes_per_worker,
            time_max: Duration::from_secs(limits.answer_secs),
            answers_max: 2 * usize::from(limits.requests_per_link).max(1),
            bytes: Cell::new(0),
        }
    }

    /// Tells whether another request of a link on which so many bytes wait may be answered.
    pub(super) const fn takes_request(&self, waiting: usize) -> bool {
        waiting <= self.link_bytes_max
    }

    /// Tells whether an answer of this length may wait on such a link.
    pub(super) fn takes(&self, waiting: usize, length: usize) -> bool {
        let fits_link = waiting == 0 || waiting + length <= self.link_bytes_max;
        fits_link && (length <= SMALL_BYTES || self.bytes.get() + length <= self.bytes_max)
    }
}

impl Outbox {
    pub(super) fn new(room: &Rc<AnswerRoom>) -> Self {
        Self {
            room: Rc::clone(room),
            queue: VecDeque::new(),
            bytes: 0,
            under_way: 0,
            since: clock::now(),
            dispatches_turn: false,
        }
    }

    pub(super) fn grow(&mut self, by: usize) {
        self.bytes += by;
        self.room.bytes.set(self.room.bytes.get() + by);
    }

    pub(super) fn shrink(&mut self, by: usize) {
        self.bytes -= by;
        self.room.bytes.set(self.room.bytes.get() - by);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
