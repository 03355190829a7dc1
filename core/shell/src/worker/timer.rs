//! Time on a worker: deadlines of links and sessions, and digests.

use std::time::Duration;

use throng_engine::conversation::Close;
use throng_engine::replay::Slot;
use throng_proto::close::CloseCode;
use throng_proto::id::GuildId;

use super::{Local, Worker};
use crate::clock;
use crate::metrics::Refused;

/// How exact deadlines are.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// What a deadline is for; the second number tells it from an older user of the same place.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Link(u32, u32),
    Session(Slot, u32),
    /// The token of a session ends.
    Pass(Slot, u32),
    /// The policy asked to be asked again about an attachment. Boxed, because it is rare.
    Recheck(Box<(Slot, u32, GuildId)>),
}

impl Key {
    pub(super) fn recheck(slot: Slot, generation: u32, guild: GuildId) -> Self {
        Self::Recheck(Box::new((slot, generation, guild)))
    }
}

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
        let due = worker.wheel.due(now);
        for key in due {
            worker.fire(key);
        }
        worker.follow_overload();
        if now.since(last_digest) >= worker.digest_every() {
            last_digest = now;
            worker.send_digests();
        }
        worker.forget();
        worker.wake_errands();
        // What no pass has flushed, and what the disk did not take before.
        worker.flush_journal();
        worker.look_at_relays();
        worker.look_at_answers(now);
        worker.observe();
        worker.feel_pressure(late);
    }
}

impl Worker {
    fn fire(&mut self, key: Key) {
        match key {
            Key::Link(link, serial) => self.fire_link(link, serial),
            Key::Session(slot, generation) => self.fire_session(slot, generation),
            Key::Pass(slot, generation) => self.fire_pass(slot, generation),
            Key::Recheck(key) => self.fire_recheck(key.0, key.1, key.2),
        }
    }

    fn fire_link(&mut self, key: u32, serial: u32) {
        let cell = self.links.get(key as usize).filter(|cell| cell.serial == serial);
        let Some(cell) = cell else { return };
        let cell = std::rc::Rc::clone(cell);
        if cell.is_closing() {
            return;
        }
        let (now, limits) = (clock::now(), self.shared.config.conversation());
        let expired = cell.deadline() <= now;
        if expired && !cell.expired.replace(true) {
            // When the machine has stood still, what it said in time waits to be read.
            cell.look();
            return self.wheel.insert(Key::Link(key, serial), now);
        }
        cell.expired.set(expired);
        if expired {
            self.shared.metrics.refuse(Refused::Timeout);
            return self.turn_away(&cell, &Close::plain(CloseCode::SessionTimedOut));
        }
        if cell.converse(|conversation| conversation.prompt(now, &limits)) {
            cell.control(r#"{"op":1,"d":null,"s":null,"t":null}"#);
        }
        let mut next = cell.conversation().look_at(&limits);
        if cell.session.get().is_none() {
            // IDENTIFY will make the deadline a nearer one, and does not touch the wheel.
            next = next.min(now.after(limits.heartbeat_interval));
        }
        self.wheel.insert(Key::Link(key, serial), next);
    }

    fn fire_session(&mut self, slot: Slot, generation: u32) {
        let window = self.shared.config.resume_window();
        let Some(session) = self.sessions.get(slot as usize) else { return };
        if session.generation != generation || session.link.is_some() {
            return;
        }
        let deadline = session.detached_at.after(window);
        if deadline <= clock::now() {
            self.end_session(slot);
        } else {
            self.wheel.insert(Key::Session(slot, generation), deadline);
        }
    }

    /// Brings the gauges up to date.
    pub(super) fn observe(&mut self) {
        let (events, bytes) = (self.replay.len() as u64, self.replay.bytes() as u64);
        let own = self.replay.own_bytes() as u64;
        let window = self.replay.window(clock::now()).as_secs();
        let mut modes = [0; 4];
        let (mut relays, mut members) = (0, 0);
        for relay in self.relays.values().flat_map(|relays| relays.iter()) {
            relays += 1;
            members += relay.member_count() as u64;
            for (sum, count) in modes.iter_mut().zip(relay.modes()) {
                *sum += count;
            }
        }
        self.shared.traffic.add(self.heard.drain());
        let metrics = self.metrics();
        metrics.replay_events.set(events);
        metrics.replay_bytes.set(bytes);
        metrics.replay_own_bytes.set(own);
        metrics.resume_window.set(window);
        metrics.relays.set(relays);
        metrics.relay_members.set(members);
        for (cell, count) in metrics.attachments.iter().zip(modes) {
            cell.set(count);
        }
    }
}
