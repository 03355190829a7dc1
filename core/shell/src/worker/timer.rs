//! Time on a worker: deadlines of links and of their answers, and the tick of the deck.

use std::rc::Rc;

use throng_engine::conversation::Close;
use throng_engine::deck::TICK;
use throng_engine::time::Instant;
use throng_proto::close::CloseCode;
use throng_proto::gateway::payload::Control;

use super::link::LinkKey;
use super::local::{Local, Worker};
use super::outbox::Outbox;
use crate::clock;
use crate::metrics::Refused;

/// Looks at deadlines and digests as long as the worker runs.
pub(super) async fn ticks(local: Local) {
    let period = TICK.min(local.borrow().digest_every());
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut last_digest, mut last_tick) = (clock::now(), clock::now());
    loop {
        tick.tick().await;
        let now = clock::now();
        let late = now.since(std::mem::replace(&mut last_tick, now)).saturating_sub(period);
        let mut worker = local.borrow_mut();
        for key in worker.wheel.due(now) {
            worker.fire(key);
        }
        let digest = now.since(last_digest) >= worker.digest_every();
        if digest {
            last_digest = now;
        }
        let shed = worker.ties.verdicts.overload.shed();
        worker.act(|deck| {
            deck.shed(shed);
            deck.tick();
            if digest {
                deck.digest();
            }
        });
        worker.wake_errands();
        // What no pass has flushed, and what the disk did not take before.
        worker.flush_journal();
        worker.look_at_answers(now);
        worker.observe();
        worker.feel_pressure(late);
    }
}

impl Worker {
    fn fire(&mut self, key: LinkKey) {
        let cell = self.links.get(key.link as usize).filter(|cell| cell.serial == key.serial);
        let Some(cell) = cell else { return };
        let cell = Rc::clone(cell);
        if cell.is_closing() {
            return;
        }
        let (now, limits) = (clock::now(), self.ties.settings.conversation());
        let expired = cell.deadline() <= now;
        if expired && !cell.expired.replace(true) {
            // When the machine has stood still, what it said in time waits to be read.
            cell.look();
            return self.wheel.insert(key, now);
        }
        cell.expired.set(expired);
        if expired {
            self.ties.meter.refuse(Refused::Timeout);
            return self.turn_away(&cell, &Close::plain(CloseCode::SessionTimedOut));
        }
        if cell.converse(|conversation| conversation.prompt(now, &limits)) {
            cell.control(Control::Heartbeat.text());
        }
        let mut next = cell.conversation().look_at(&limits);
        if cell.session.get().is_none() {
            // IDENTIFY will make the deadline a nearer one, and does not touch the wheel.
            next = next.min(now.after(limits.heartbeat_interval));
        }
        self.wheel.insert(key, next);
    }

    /// Closes links that do not read their answers.
    fn look_at_answers(&mut self, now: Instant) {
        let desk = Rc::clone(&self.answers);
        if desk.cells.borrow().is_empty() {
            return;
        }
        desk.cells.borrow_mut().retain(|cell| cell.has_answers());
        let is_late = |outbox: &Outbox| now.since(outbox.since) > desk.room.time_max;
        let cells = desk.cells.borrow().clone();
        for cell in cells.iter().filter(|cell| cell.look_at_outbox(is_late)) {
            cell.answers.take();
            self.ties.meter.refuse(Refused::AnswerTime);
            match cell.session.get() {
                Some(session) => self.act(|deck| deck.give_up_line(session.slot)),
                None => cell.abort(CloseCode::UnknownError, "Too slow: resume to go on."),
            }
        }
    }

    /// Brings the gauges up to date.
    pub(super) fn observe(&mut self) {
        self.ties.meter.traffic.add(self.deck.take_heard());
        self.show_counts();
        let (metrics, log, gauges) = (self.metrics(), self.deck.log(), self.deck.gauges());
        metrics.replay_events.set(log.len() as u64);
        metrics.replay_bytes.set(log.bytes() as u64);
        metrics.replay_own_bytes.set(log.own_bytes() as u64);
        metrics.resume_window.set(log.window(clock::now()).as_secs());
        metrics.relays.set(gauges.relays);
        metrics.relay_members.set(gauges.members);
        for (cell, count) in metrics.attachments.iter().zip(gauges.modes) {
            cell.set(count);
        }
    }
}
