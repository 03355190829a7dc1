//! What a worker owns. Its tasks share it by borrowing it between awaits.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;
use throng_engine::deck::{Deck, TICK};
use throng_engine::wheel::Wheel;
use tokio::sync::Notify;

use super::answers::AnswerDesk;
use super::errand::Errands;
use super::least::Least;
use super::link::{Bells, LinkCell, LinkKey, LinkRef};
use super::recorder::Recorder;
use super::ties::Ties;
use crate::clock;
use crate::metrics::WorkerMetrics;

/// Everything a worker owns.
pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) ties: Ties,
    /// Its sessions, and what they are sent.
    pub(super) deck: Deck<LinkRef>,
    pub(super) links: Slab<Rc<LinkCell>>,
    /// Answers that wait for room on links.
    pub(super) answers: Rc<AnswerDesk>,
    /// Links that want to be looked at.
    pub(super) bells: Arc<Bells>,
    pub(super) recorder: Recorder,
    /// Deadlines of links.
    pub(super) wheel: Wheel<LinkKey>,
    pub(super) errands: Errands,
    pub(super) least: Least,
    pub(super) serials: u32,
    /// Wakes the task that passes over sessions.
    pub(super) work: Rc<Notify>,
    /// Wakes the task that takes messages, when it waits for a pass to end.
    pub(super) passed: Rc<Notify>,
    /// Wakes the task that reviews attachments.
    pub(super) reviewing: Rc<Notify>,
    /// Wakes the task that moves attachments.
    pub(super) moving: Rc<Notify>,
}

/// A worker as its tasks share it.
pub(super) type Local = Rc<RefCell<Worker>>;

impl Worker {
    pub(super) fn new(index: usize, ties: Ties, recorder: Recorder) -> Self {
        let (config, policy) = (ties.settings.deck(index), Arc::clone(&ties.verdicts.policy));
        let answers = AnswerDesk::new(&ties.settings.limits);
        Self {
            index,
            ties,
            deck: Deck::new(config, policy, clock::moment()),
            links: Slab::new(),
            answers,
            bells: Arc::default(),
            recorder,
            wheel: Wheel::new(clock::now(), TICK),
            errands: Errands::default(),
            least: Least::default(),
            serials: 0,
            work: Rc::default(),
            passed: Rc::default(),
            reviewing: Rc::default(),
            moving: Rc::default(),
        }
    }

    pub(super) fn metrics(&self) -> &WorkerMetrics {
        &self.ties.meter.metrics.workers[self.index]
    }
}
