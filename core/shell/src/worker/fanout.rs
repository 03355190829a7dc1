//! When passes over sessions run: as soon as there is something to send, and in slices.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use throng_engine::deck::Passed;
use throng_engine::event::Event;

use super::local::{Local, Worker};
use crate::clock::{self, Stopwatch};

/// How long sessions are visited before other tasks of the worker, and other threads, get a turn.
const SLICE: Duration = Duration::from_micros(200);
/// When events come together, a pass waits for the last of them, but not for more than this part of
/// the time that the last one took: 6 %.
const GATHER_SHARE: u32 = 16;
/// When nothing has come for as long, nothing more is expected. The runtime's clock is no finer.
const GAP: Duration = Duration::from_millis(1);

/// Runs passes as long as there is something to send.
pub(super) async fn passes(local: Local) {
    let (work, passed) = {
        let worker = local.borrow();
        (Rc::clone(&worker.work), Rc::clone(&worker.passed))
    };
    let mut patience = Duration::ZERO;
    loop {
        if local.borrow().deck.is_idle() {
            work.notified().await;
            continue;
        }
        gather(&local, patience).await;
        let entries = local.borrow_mut().begin_pass();
        let watch = Stopwatch::start();
        while local.borrow_mut().slice() {
            // Guilds and stores get the core for a moment, too, where there are few.
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
        passed.notify_waiters();
        // Where one pass has carried many events, those that come next come together, too: one
        // pass carries them all if it does not begin with the first of them.
        patience = if entries > 1 { watch.spent() / GATHER_SHARE } else { Duration::ZERO };
        tokio::task::yield_now().await;
    }
}

/// Waits as long as events keep coming, but not longer than `most`.
async fn gather(local: &Local, most: Duration) {
    let watch = Stopwatch::start();
    let mut seen = None;
    while watch.spent() + GAP <= most {
        let end = local.borrow().deck.log().end();
        if seen.replace(end) == Some(end) {
            break;
        }
        tokio::time::sleep(GAP).await;
    }
}

impl Worker {
    /// Lets the recipients of an event be found and told.
    pub(super) fn event(&mut self, event: &Arc<Event>) {
        let shed = self.ties.verdicts.overload.shed();
        let metrics = Arc::clone(&self.ties.meter.metrics);
        let cell = &metrics.workers[self.index].audience_nanos[event.kind as usize];
        self.act(|deck| {
            deck.shed(shed);
            let watch = Stopwatch::start();
            let Some(audience) = deck.audience(event) else { return };
            cell.add(watch.nanos());
            deck.deliver(event, &audience);
        });
    }

    /// Begins a pass, and returns how many entries it carries.
    fn begin_pass(&mut self) -> u64 {
        self.rotate_journal();
        self.flush_journal();
        self.show_counts();
        self.deck.at(clock::moment()).begin_pass()
    }

    /// Visits the next few sessions. `false` when the pass is over.
    fn slice(&mut self) -> bool {
        let watch = Stopwatch::start();
        let mut more = true;
        while more && watch.spent() < SLICE {
            more = self.act(|deck| deck.pass());
        }
        if !more && let Some(passed) = self.deck.end_pass() {
            self.time_deliveries(passed);
            self.act(|deck| deck.forget());
            self.show_counts();
        }
        self.metrics().pass_nanos.add(watch.nanos());
        more
    }

    /// Counts how long entries took to be sent, once for each and not once for each session.
    fn time_deliveries(&self, passed: Passed) {
        let now = clock::now();
        for (_, entry) in self.deck.log().range(passed.start, passed.end) {
            self.metrics().delivery.observe_many(now.since(entry.at), entry.to.count());
        }
    }
}
