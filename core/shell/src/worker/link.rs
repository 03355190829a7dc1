//! The task of one link: reads payloads, and writes again when a blocked link takes more.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use throng_engine::conversation::{Close, Conversation, Request as Said};
use throng_engine::replay::Slot;
use throng_engine::time::Instant;
use throng_ports::link::{Arrival, Dispatch, Link, Received};
use throng_proto::close::CloseCode;
use throng_proto::gateway;
use throng_proto::wire::Wire;
use tokio::sync::mpsc;

use super::{Local, SessionRef, Worker, identify, resume, timer};
use crate::clock;
use crate::metrics::Refused;
use crate::node::Permit;

/// How long a peer may take to answer a close.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// A link as its task, the passes and the timer share it.
#[derive(Debug)]
pub(crate) struct LinkCell {
    pub(super) link: Rc<dyn Link>,
    pub(super) conversation: RefCell<Conversation>,
    pub(super) session: Cell<Option<SessionRef>>,
    pub(super) wire: Cell<Wire>,
    waker: RefCell<Option<Waker>>,
    flush: Cell<bool>,
    /// Closed by us; its task waits for the peer's answer, but not for long.
    closing: Cell<bool>,
    dead: Cell<bool>,
    /// Requests under way.
    pub(super) requests: Cell<u16>,
    pub(super) permit: RefCell<Option<Permit>>,
    /// Place in the order of accepting: of two links that resume a session, the later one has it.
    pub(super) order: u64,
    pub(super) serial: u32,
}

impl LinkCell {
    pub(super) fn send(&self, dispatches: &[Dispatch<'_>]) -> std::io::Result<usize> {
        self.link.send(dispatches)
    }

    pub(super) fn control(&self, text: &str) {
        if let Err(error) = self.link.send_control(text) {
            tracing::debug!(%error, "a control payload was not sent");
            self.dead.set(true);
            self.wake();
        }
        self.flush_if_blocked();
    }

    /// Lets the task write on as soon as the link takes more.
    pub(super) fn flush_if_blocked(&self) {
        if self.link.is_blocked() && !self.flush.replace(true) {
            self.wake();
        }
    }

    /// Lets the task send what a session has missed.
    pub(super) fn flush(&self) {
        self.flush.set(true);
        self.wake();
    }

    /// Begins the close; the link is dropped at the peer's answer, or without one after a while.
    pub(super) fn close(&self, close: &Close) {
        self.link.close(close.code.code(), &close.reason);
        self.closing.set(true);
        self.flush_if_blocked();
        self.wake();
    }

    /// Closes a link that does not read: nothing waits for its answer.
    pub(super) fn abort(&self, code: CloseCode, reason: &str) {
        self.session.set(None);
        self.link.close(code.code(), reason);
        self.closing.set(true);
        self.wake();
    }

    pub(super) fn deadline(&self) -> Instant {
        self.conversation.borrow().deadline()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    fn poll(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Heard> {
        self.remember(cx);
        if self.closing.get() {
            return Poll::Ready(Heard::Closing);
        }
        self.poll_link(local, cx).map(Heard::Received)
    }

    fn poll_link(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Received> {
        if self.dead.get() {
            return Poll::Ready(Received::Lost);
        }
        while self.flush.get() {
            match self.link.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.flushed(local),
                Poll::Ready(Err(_)) => return Poll::Ready(Received::Lost),
                Poll::Pending => break,
            }
        }
        self.link.poll_receive(cx)
    }

    fn flushed(&self, local: &Local) {
        self.flush.set(false);
        let Some(session) = self.session.get() else { return };
        let caught_up = {
            let mut worker = local.borrow_mut();
            worker.session_mut(session).is_none() || worker.catch_up(session.slot)
        };
        if !caught_up {
            // What it missed is gone, so the session cannot go on; the client starts a new one.
            local.borrow_mut().end_session(session.slot);
            self.close(&Close::because(CloseCode::UnknownError, "The replay window has passed."));
            self.session.set(None);
        } else if self.link.is_blocked() {
            self.flush.set(true);
        }
    }

    fn remember(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}

/// Greets a new link, and lets a task serve it to its end.
pub(super) fn welcome(local: &Local, arrival: Box<dyn Arrival>, permit: Permit) {
    let wire = gateway::negotiate(arrival.query());
    let Ok(link) = arrival.arrive() else { return };
    let (key, cell) = {
        let mut worker = local.borrow_mut();
        let conversation = Conversation::new(clock::now(), &worker.shared.config.conversation());
        worker.add_link(link, conversation, wire.clone().unwrap_or_default(), permit)
    };
    match wire {
        Ok(wire) => {
            cell.link.set_wire(wire);
            let interval = local.borrow().shared.config.gateway.heartbeat_interval_ms;
            cell.control(&gateway::hello(interval));
        }
        Err(error) => {
            local.borrow().shared.metrics.refuse(Refused::Version);
            cell.close(&Close::because(CloseCode::InvalidVersion, &error.to_string()));
        }
    }
    tokio::task::spawn_local(drive(Rc::clone(local), key, cell));
}

/// Reads a link until it ends or moves to another worker.
pub(super) async fn drive(local: Local, key: usize, cell: Rc<LinkCell>) {
    loop {
        let heard = std::future::poll_fn(|cx| cell.poll(&local, cx)).await;
        match heard {
            Heard::Received(Received::Payload(payload)) => {
                let step = local.borrow_mut().hear(&cell, &payload);
                // Not kept while something is waited for: every link has this task.
                drop(payload);
                if let Some(wait) = step.follow(&local, key, &cell)
                    && wait.await
                {
                    return;
                }
            }
            Heard::Received(Received::TooLong) => {
                local.borrow().shared.metrics.refuse(Refused::PayloadSize);
                cell.close(&Close::because(CloseCode::DecodeError, "The payload is too large."));
            }
            Heard::Received(Received::Closed(code)) => {
                return local.borrow_mut().remove_link(key, &cell, code);
            }
            Heard::Received(Received::Lost) => {
                return local.borrow_mut().remove_link(key, &cell, None);
            }
            Heard::Closing => {
                Box::pin(farewell(&local, &cell)).await;
                return local.borrow_mut().remove_link(key, &cell, None);
            }
        }
    }
}

/// Waits for the peer's answer to a close, for a while.
async fn farewell(local: &Local, cell: &LinkCell) {
    let ended = std::future::poll_fn(|cx| {
        loop {
            match cell.poll_link(local, cx) {
                Poll::Ready(Received::Payload(_)) => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    if tokio::time::timeout(CLOSE_TIME, ended).await.is_err() {
        tracing::debug!(peer = %cell.link.peer(), "a peer did not answer a close");
    }
}

/// What a link's task waits for.
enum Heard {
    Received(Received),
    /// The link was closed by us.
    Closing,
}

/// Something that a link's task waits for.
type Wait = Pin<Box<dyn Future<Output = bool>>>;

/// What a payload leads to that must wait for something.
enum Step {
    Done,
    Identify(Box<gateway::Identify>),
    Resume(gateway::Resume),
}

impl Step {
    /// Returns what must be waited for, if anything; it ends in `true` when the link has moved to
    /// another worker. Boxed, so that the task of an idle link stays small.
    fn follow(self, local: &Local, key: usize, cell: &Rc<LinkCell>) -> Option<Wait> {
        let (local, cell) = (Rc::clone(local), Rc::clone(cell));
        match self {
            Self::Done => None,
            Self::Identify(identify) => Some(Box::pin(async move {
                identify::run(local, key, cell, identify).await;
                false
            })),
            Self::Resume(resume) => Some(Box::pin(resume::run(local, key, cell, resume))),
        }
    }
}

impl Worker {
    pub(super) fn add_link(
        &mut self,
        link: Rc<dyn Link>,
        conversation: Conversation,
        wire: Wire,
        permit: Permit,
    ) -> (usize, Rc<LinkCell>) {
        self.generations = self.generations.wrapping_add(1);
        let cell = Rc::new(LinkCell {
            link,
            conversation: RefCell::new(conversation),
            session: Cell::new(None),
            wire: Cell::new(wire),
            waker: RefCell::new(None),
            flush: Cell::new(false),
            closing: Cell::new(false),
            dead: Cell::new(false),
            requests: Cell::new(0),
            order: permit.order(),
            permit: RefCell::new(Some(permit)),
            serial: self.generations,
        });
        let key = self.links.insert(Rc::clone(&cell));
        // IDENTIFY makes the deadline a nearer one, so the first look is no later than a
        // heartbeat's.
        let interval = self.shared.config.conversation().heartbeat_interval;
        let first_look = cell.deadline().min(clock::now().after(interval));
        self.wheel.insert(timer::Key::Link(key, cell.serial), first_look);
        self.metrics().links.add(1);
        (key, cell)
    }

    /// Takes a link out that has ended or moved away, without touching its session.
    pub(super) fn forget_link(&mut self, key: usize, cell: &LinkCell) {
        if self.links.try_remove(key).is_some() {
            let bytes = cell.link.bytes();
            self.metrics().bytes_sent.add(bytes.sent);
            self.metrics().bytes_received.add(bytes.received);
            self.metrics().links.sub(1);
        }
    }

    /// Ends a link. Its session ends too if the client closed for good, and else waits for RESUME.
    fn remove_link(&mut self, key: usize, cell: &LinkCell, code: Option<u16>) {
        self.forget_link(key, cell);
        let Some(session) = cell.session.take() else { return };
        let own = self.session_mut(session).is_some_and(|session| session.link == Some(key));
        if !own {
            return;
        }
        let for_good = matches!(code, Some(1000 | 1001)) && !self.shared.is_draining();
        if for_good {
            self.end_session(session.slot);
        } else {
            self.detach_link(session.slot);
        }
    }

    /// Reads one payload and does what it asks for, as far as nothing must be waited for.
    fn hear(&mut self, cell: &Rc<LinkCell>, payload: &[u8]) -> Step {
        let limits = self.shared.config.conversation();
        let said = cell.conversation.borrow_mut().hear(clock::now(), &limits, payload);
        let said = match said {
            Ok(said) => said,
            Err(close) => {
                self.count_close(&close);
                cell.close(&close);
                return Step::Done;
            }
        };
        match said {
            Said::Heartbeat(sequence) => {
                cell.control(r#"{"op":11,"d":null,"s":null,"t":null}"#);
                if let (Some(session), Some(sequence)) = (cell.session.get(), sequence) {
                    self.acknowledge(session.slot, sequence);
                }
                return Step::Done;
            }
            Said::Identify(identify) => return Step::Identify(identify),
            Said::Resume(resume) => return Step::Resume(resume),
            _ => {}
        }
        if let Some(session) = cell.session.get() {
            self.obey(cell, session.slot, said);
        }
        Step::Done
    }

    fn obey(&mut self, cell: &Rc<LinkCell>, slot: Slot, said: Said) {
        match said {
            Said::Api(request) => {
                if let Some(session) = self.sessions.get(slot as usize) {
                    self.request(cell, session.identity.user, request);
                }
            }
            Said::Presence(presence) => self.show_presence(slot, &presence),
            Said::RequestMembers(request) => self.request_members(slot, request),
            Said::Subscribe(subscriptions) => self.subscribe(slot, subscriptions),
            Said::Nothing | Said::Heartbeat(_) | Said::Identify(_) | Said::Resume(_) => {}
        }
    }

    fn count_close(&self, close: &Close) {
        let why = match close.code {
            CloseCode::RateLimited => Refused::PayloadRate,
            _ => Refused::Decode,
        };
        self.shared.metrics.refuse(why);
    }
}

/// Asks every link to go elsewhere, paced, and answers when all are closed.
pub(super) async fn drain(local: Local, done: mpsc::Sender<()>) {
    let (cells, pace): (Vec<Rc<LinkCell>>, u32) = {
        let worker = local.borrow();
        let cells = worker.links.iter().map(|(_, cell)| Rc::clone(cell)).collect();
        (cells, worker.shared.config.limits.drain_links_per_sec)
    };
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    for some in cells.chunks(usize::try_from(pace / 50).unwrap_or(1).max(1)) {
        turn.tick().await;
        for cell in some {
            cell.control(r#"{"op":7,"d":null,"s":null,"t":null}"#);
            cell.close(&Close::because(CloseCode::UnknownError, "Restarting: resume to go on."));
        }
    }
    while !local.borrow().links.is_empty() {
        turn.tick().await;
    }
    if let Err(error) = local.borrow_mut().recorder.flush() {
        tracing::error!(%error, "the journal cannot be written; sessions will not survive");
    }
    // The node may have given up waiting; then there is nobody to tell.
    let _gone = done.send(()).await;
}
