//! Links: reading payloads, and writing again when a blocked link takes more.

mod bell;
mod serve;
mod tell;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use throng_engine::conversation::{Close, Conversation, Request as Said};
use throng_engine::deck::{CaughtUp, Line, SessionRef};
use throng_engine::replay::Slot;
use throng_engine::time::Instant;
use throng_ports::link::{Dispatch, Link, Received};
use throng_proto::close::CloseCode;
use throng_proto::gateway::{self, Terms, Version};
use throng_proto::wire::Wire;
use tokio::sync::mpsc;

use super::answers::Outbox;
use super::turnstile::Turnstile;
use super::{Local, Worker, timer};
use crate::clock;
use crate::metrics::Refused;
use crate::node::Permit;
use bell::Bell;
pub(super) use bell::Bells;
pub(super) use serve::{attend, busy, welcome};
pub(super) use tell::{tell_begin, tell_close, tell_invalid, tell_slow};

/// How long a peer may take to answer a close.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// What a peer may send on before it answers a close: all that was under way.
const CLOSE_BYTES_MAX: u64 = 256 * 1024;

/// A link as those who attend to it, the passes and the timer share it.
pub(crate) struct LinkCell {
    pub(super) link: Rc<dyn Link>,
    conversation: Cell<Conversation>,
    pub(super) session: Cell<Option<SessionRef>>,
    pub(super) version: Version,
    pub(super) wire: Cell<Wire>,
    bell: Arc<Bell>,
    flush: Cell<bool>,
    /// A task waits for something that the link asked for; nobody else looks at it.
    busy: Cell<bool>,
    /// Closed by us; its task waits for the peer's answer, but not for long.
    closing: Cell<bool>,
    dead: Cell<bool>,
    /// Nothing was heard in time; it is looked at once more before it is closed.
    pub(super) expired: Cell<bool>,
    /// Requests under way.
    pub(super) requests: Cell<u16>,
    /// Answers that wait for room.
    pub(super) answers: Cell<Option<Box<Outbox>>>,
    pub(super) turnstile: Turnstile,
    pub(super) permit: Cell<Option<Permit>>,
    pub(super) serial: u32,
}

/// A session's link, as the deck holds it.
#[derive(Clone, Debug)]
pub(crate) struct LinkRef(Rc<LinkCell>);

impl LinkRef {
    fn is(&self, cell: &Rc<LinkCell>) -> bool {
        Rc::ptr_eq(&self.0, cell)
    }
}

impl From<&Rc<LinkCell>> for LinkRef {
    fn from(cell: &Rc<LinkCell>) -> Self {
        Self(Rc::clone(cell))
    }
}

impl std::ops::Deref for LinkRef {
    type Target = LinkCell;

    fn deref(&self) -> &LinkCell {
        &self.0
    }
}

impl Line for LinkRef {
    fn offer(&self, dispatches: &[Dispatch<'_>]) -> Option<usize> {
        let taken = self.link.send(dispatches);
        self.flush_if_blocked();
        taken.inspect_err(|error| tracing::debug!(%error, "a link is gone")).ok()
    }

    fn is_blocked(&self) -> bool {
        self.link.is_blocked()
    }
}

impl std::fmt::Debug for LinkCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkCell").field("link", &self.link).finish_non_exhaustive()
    }
}

impl LinkCell {
    /// Place in the order of accepting: of two links that resume a session, the later one has it.
    /// The first, when it has moved away.
    pub(super) fn order(&self) -> u64 {
        let permit = self.permit.take();
        let order = permit.as_ref().map_or(0, Permit::order);
        self.permit.set(permit);
        order
    }

    pub(super) fn control(&self, text: &str) {
        if let Err(error) = self.link.send_control(text) {
            tracing::debug!(%error, "a control payload was not sent");
            self.dead.set(true);
            self.look();
        }
        self.flush_if_blocked();
    }

    /// Lets whoever attends to links look at this one.
    pub(super) fn look(&self) {
        self.bell.ring();
    }

    /// Lets it write on as soon as the link takes more.
    pub(super) fn flush_if_blocked(&self) {
        if self.link.is_blocked() && !self.flush.replace(true) {
            self.look();
        }
    }

    /// Lets it send what a session has missed.
    pub(super) fn flush(&self) {
        self.flush.set(true);
        self.look();
    }

    /// Begins the close; the link is dropped at the peer's answer, or without one after a while.
    pub(super) fn close(&self, close: &Close) {
        self.link.close(close.code.code(), &close.reason);
        self.closing.set(true);
        self.flush_if_blocked();
        self.look();
    }

    /// Closes a link that does not read: nothing waits for its answer.
    pub(super) fn abort(&self, code: CloseCode, reason: &str) {
        self.session.set(None);
        self.link.close(code.code(), reason);
        self.closing.set(true);
        self.look();
    }

    /// Returns what was said so far.
    pub(super) const fn conversation(&self) -> Conversation {
        self.conversation.get()
    }

    /// Goes on with the conversation.
    pub(super) fn converse<T>(&self, go_on: impl FnOnce(&mut Conversation) -> T) -> T {
        let mut conversation = self.conversation.get();
        let said = go_on(&mut conversation);
        self.conversation.set(conversation);
        said
    }

    pub(super) fn deadline(&self) -> Instant {
        self.conversation.get().deadline()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    fn poll(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Heard> {
        if self.closing.get() {
            return Poll::Ready(Heard::Closing);
        }
        self.poll_link(local, cx).map(Heard::Received)
    }

    fn poll_link(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Received> {
        if self.dead.get() {
            return Poll::Ready(Received::Lost);
        }
        loop {
            while self.flush.get() {
                match self.link.poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        if self.flushed(local) {
                            break;
                        }
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(Received::Lost),
                    Poll::Pending => break,
                }
            }
            // A link with many streams may have room for answers before all else has left.
            if !self.send_answers() {
                break;
            }
        }
        if self.is_overfull() {
            // Who reads no answers is not heard either, so that what it asks for waits with it.
            return Poll::Pending;
        }
        self.link.poll_receive(cx)
    }

    /// Answers and dispatches take turns, so that neither has to wait for all of the other. `true`
    /// when other links have their turn before this one goes on.
    fn flushed(&self, local: &Local) -> bool {
        self.flush.set(false);
        if self.is_answers_turn() {
            self.send_answer();
        }
        let more = self.send_missed(local);
        self.send_answers();
        if self.link.is_blocked() {
            self.flush.set(true);
        }
        if more {
            self.flush();
        }
        more
    }

    /// Sends what a session has missed. `true` when there is more.
    fn send_missed(&self, local: &Local) -> bool {
        let Some(session) = self.session.get() else { return false };
        let caught_up = {
            let mut worker = local.borrow_mut();
            let known = worker.deck.find(session).is_some();
            if known {
                worker.act(|deck| deck.catch_up(session.slot))
            } else {
                CaughtUp::Everything
            }
        };
        if caught_up == CaughtUp::Lost {
            // What it missed is gone, so the session cannot go on; the client starts a new one.
            let close = Close::because(CloseCode::UnknownError, "The replay window has passed.");
            let mut worker = local.borrow_mut();
            worker.turn_away(self, &close);
            worker.act(|deck| deck.end(session.slot));
            self.session.set(None);
        }
        caught_up == CaughtUp::Part
    }
}

/// What comes of looking at a link.
enum Heard {
    Received(Received),
    /// The link was closed by us.
    Closing,
}

/// What a payload leads to that must wait for something.
enum Step {
    Done,
    Identify(Box<gateway::Identify>),
    Resume(gateway::Resume),
}

impl Worker {
    pub(super) fn add_link(
        &mut self,
        link: Rc<dyn Link>,
        conversation: Conversation,
        terms: Terms,
        permit: Permit,
    ) -> Rc<LinkCell> {
        self.serials = self.serials.wrapping_add(1);
        let entry = self.links.vacant_entry();
        // One worker has far fewer links than 2^32.
        let key = u32::try_from(entry.key()).unwrap_or(u32::MAX);
        let bell = Bell::new(&self.bells, key);
        let cell = Rc::new(LinkCell {
            link,
            conversation: Cell::new(conversation),
            session: Cell::new(None),
            version: terms.version,
            wire: Cell::new(terms.wire),
            bell,
            busy: Cell::new(false),
            flush: Cell::new(false),
            closing: Cell::new(false),
            dead: Cell::new(false),
            expired: Cell::new(false),
            requests: Cell::new(0),
            answers: Cell::new(None),
            turnstile: Turnstile::default(),
            permit: Cell::new(Some(permit)),
            serial: self.serials,
        });
        entry.insert(Rc::clone(&cell));
        // IDENTIFY makes the deadline a nearer one, so the first look is no later than a
        // heartbeat's.
        let interval = self.shared.config.conversation().heartbeat_interval;
        let first_look = cell.deadline().min(clock::now().after(interval));
        self.wheel.insert(timer::Key { link: key, serial: cell.serial }, first_look);
        self.metrics().links.add(1);
        cell
    }

    /// Takes a link out that has ended or moved away, without touching its session.
    pub(super) fn forget_link(&mut self, cell: &LinkCell) {
        cell.answers.take();
        if self.links.try_remove(cell.bell.key() as usize).is_some() {
            let bytes = cell.link.bytes();
            self.metrics().bytes_sent.add(bytes.sent);
            self.metrics().bytes_received.add(bytes.received);
            self.metrics().links.sub(1);
        }
    }

    /// Ends a link. Its session ends too if the client closed for good, and else waits for RESUME.
    fn remove_link(&mut self, cell: &Rc<LinkCell>, code: Option<u16>) {
        self.forget_link(cell);
        let Some(session) = cell.session.take() else { return };
        let Some(known) = self.deck.find(session) else { return };
        if !known.line.as_ref().is_some_and(|own| own.is(cell)) {
            return;
        }
        let for_good = matches!(code, Some(1000 | 1001)) && !self.shared.is_draining();
        self.tell_end(cell, known, code, !for_good);
        self.act(|deck| if for_good { deck.end(session.slot) } else { deck.detach(session.slot) });
    }

    /// Reads one payload and does what it asks for, as far as nothing must be waited for.
    fn hear(&mut self, cell: &Rc<LinkCell>, payload: &[u8]) -> Step {
        let limits = self.shared.config.conversation();
        let said = cell.converse(|conversation| conversation.hear(clock::now(), &limits, payload));
        let said = match said {
            Ok(said) => said,
            Err(close) => {
                self.count_close(&close);
                self.turn_away(cell, &close);
                return Step::Done;
            }
        };
        match said {
            Said::Heartbeat(sequence) => {
                cell.control(r#"{"op":11,"d":null,"s":null,"t":null}"#);
                if let (Some(session), Some(sequence)) = (cell.session.get(), sequence) {
                    self.act(|deck| deck.acknowledge(session.slot, sequence));
                }
                return Step::Done;
            }
            Said::Identify(identify) => return Step::Identify(identify),
            Said::Resume(resume) => return Step::Resume(resume),
            _ => {}
        }
        if let Some(session) = cell.session.get()
            && !self.act(|deck| deck.expire(session.slot))
        {
            self.obey(cell, session.slot, said);
        }
        Step::Done
    }

    /// Counts frames that are no payloads; too many close the link.
    fn hear_filler(&self, cell: &LinkCell, frames: u32) {
        let limits = self.shared.config.conversation();
        let heeded = cell.converse(|conversation| conversation.heed(clock::now(), &limits, frames));
        if let Err(close) = heeded {
            self.count_close(&close);
            self.turn_away(cell, &close);
        }
    }

    fn obey(&mut self, cell: &Rc<LinkCell>, slot: Slot, said: Said) {
        match said {
            Said::Api(request) => {
                if let Some(session) = self.deck.session(slot) {
                    self.request(cell, session.identity.user, request);
                }
            }
            Said::Presence(presence) => self.show_presence(slot, presence),
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
    local.borrow_mut().flush_journal();
    // The node may have given up waiting; then there is nobody to tell.
    let _gone = done.send(()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_the_128_bytes_that_the_allocator_has_for_it() {
        let counts = 2 * size_of::<usize>();
        assert!(counts + size_of::<LinkCell>() <= 128, "{}", size_of::<LinkCell>());
    }
}
