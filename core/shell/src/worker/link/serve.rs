//! The task that attends to all links of a worker: whoever rings is read, and written on.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use throng_engine::conversation::{Close, Conversation};
use throng_ports::link::{Arrival, Received};
use throng_proto::close::CloseCode;
use throng_proto::gateway::{self, payload};

use super::cell::LinkCell;
use super::hear::Step;
use super::poll::Heard;
use super::wait::{Wait, busy};
use crate::clock;
use crate::metrics::Refused;
use crate::place::Place;
use crate::worker::local::Local;
use crate::worker::{identify, resume};

/// How long a peer may take to answer a close.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// What a peer may send on before it answers a close: all that was under way.
const CLOSE_BYTES_MAX: u64 = 256 * 1024;

/// Payloads of one link that are read before others have their turn.
const PAYLOADS_MAX: usize = 16;
/// Links that are looked at before other tasks of the worker have their turn.
const LINKS_MAX: usize = 32;

/// Greets a new link.
pub(in crate::worker) fn greet(local: &Local, arrival: Box<dyn Arrival>, place: Place) {
    let terms = gateway::negotiate(arrival.query());
    let Ok(link) = arrival.arrive() else { return };
    let cell = {
        let mut worker = local.borrow_mut();
        let conversation = Conversation::new(clock::now(), &worker.ties.settings.conversation());
        worker.add_link(link, conversation, terms.clone().unwrap_or_default(), place)
    };
    match terms {
        Ok(terms) => {
            cell.link.set_wire(terms.wire);
            let interval = local.borrow().ties.settings.gateway.heartbeat_interval_ms;
            cell.control(&payload::Hello::new(interval).text());
        }
        Err(error) => {
            let worker = local.borrow();
            worker.ties.meter.refuse(Refused::Version);
            let close = Close::because(CloseCode::InvalidVersion, &error.to_string());
            worker.turn_away(&cell, &close);
        }
    }
    cell.look();
}

/// Attends to links as long as the worker runs.
pub(in crate::worker) async fn attend(local: Local) {
    let bells = Arc::clone(&local.borrow().bells);
    let mut keys = Vec::new();
    loop {
        bells.heard(&mut keys).await;
        for some in keys.chunks(LINKS_MAX) {
            for key in some {
                let cell = local.borrow().links.get(*key as usize).cloned();
                if let Some(cell) = cell.filter(|cell| !cell.busy.get()) {
                    cell.bell.answered();
                    look_at(&local, &cell);
                }
            }
            tokio::task::yield_now().await;
        }
        keys.clear();
    }
}

/// Reads what a link has received, until it must wait.
fn look_at(local: &Local, cell: &Rc<LinkCell>) {
    let waker = cell.bell.waker();
    let mut cx = Context::from_waker(&waker);
    for _ in 0..PAYLOADS_MAX {
        let Poll::Ready(heard) = cell.poll(local, &mut cx) else { return };
        match heard {
            Heard::Received(Received::Payload(payload)) => {
                let step = local.borrow_mut().hear(cell, &payload);
                if let Some(wait) = step.follow(local, cell) {
                    return busy(cell, wait);
                }
            }
            Heard::Received(Received::Filler(frames)) => {
                local.borrow_mut().hear_filler(cell, frames);
            }
            Heard::Received(Received::TooLong) => {
                let worker = local.borrow();
                worker.ties.meter.refuse(Refused::PayloadSize);
                let close = Close::because(CloseCode::DecodeError, "The payload is too large.");
                worker.turn_away(cell, &close);
            }
            Heard::Received(Received::Closed(code)) => {
                return local.borrow_mut().remove_link(cell, code);
            }
            Heard::Received(Received::Lost) => {
                return local.borrow_mut().remove_link(cell, None);
            }
            Heard::Closing => {
                let (ended, left) = (Rc::clone(local), Rc::clone(cell));
                return busy(cell, Box::pin(farewell(ended, left)));
            }
        }
    }
    cell.look();
}

impl Step {
    /// Returns what must be waited for, if anything.
    fn follow(self, local: &Local, cell: &Rc<LinkCell>) -> Option<Wait> {
        let (local, cell) = (Rc::clone(local), Rc::clone(cell));
        match self {
            Self::Done => None,
            Self::Identify(identify) => Some(Box::pin(async move {
                identify::run(local, cell, identify).await;
                false
            })),
            Self::Resume(resume) => Some(Box::pin(resume::run(local, cell, resume))),
        }
    }
}

/// Waits for the peer's answer to a close, for a while.
async fn farewell(local: Local, cell: Rc<LinkCell>) -> bool {
    let bytes_max = cell.link.bytes().received.saturating_add(CLOSE_BYTES_MAX);
    let ended = std::future::poll_fn(|cx| {
        loop {
            if cell.link.bytes().received > bytes_max {
                return Poll::Ready(());
            }
            match cell.poll_link(&local, cx) {
                Poll::Ready(Received::Payload(_) | Received::Filler(_)) => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    if tokio::time::timeout(CLOSE_TIME, ended).await.is_err() {
        tracing::debug!(peer = %cell.link.peer(), "a peer did not answer a close");
    }
    local.borrow_mut().remove_link(&cell, None);
    true
}
