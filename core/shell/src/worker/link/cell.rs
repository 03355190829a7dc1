//! A link, and what everybody on its worker knows of it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use throng_engine::conversation::{Close, Conversation};
use throng_engine::deck::{Line, SessionRef};
use throng_engine::time::Instant;
use throng_ports::link::{Dispatch, Link};
use throng_proto::close::CloseCode;
use throng_proto::gateway::Version;
use throng_proto::wire::Wire;

use super::bell::Bell;
use crate::place::Place;
use crate::worker::outbox::Outbox;
use crate::worker::turnstile::Turnstile;

/// The deadline of a link; its serial number tells it from an older one with the same key.
#[derive(Clone, Copy, Debug)]
pub(in crate::worker) struct LinkKey {
    pub(in crate::worker) link: u32,
    pub(in crate::worker) serial: u32,
}

/// A link as those who attend to it, the passes and the timer share it.
pub(in crate::worker) struct LinkCell {
    pub(in crate::worker) link: Rc<dyn Link>,
    pub(super) conversation: Cell<Conversation>,
    pub(in crate::worker) session: Cell<Option<SessionRef>>,
    pub(in crate::worker) version: Version,
    pub(in crate::worker) wire: Cell<Wire>,
    pub(super) bell: Arc<Bell>,
    pub(super) flush: Cell<bool>,
    /// A task waits for something that the link asked for; nobody else looks at it.
    pub(super) busy: Cell<bool>,
    /// Closed by us; its task waits for the peer's answer, but not for long.
    pub(super) closing: Cell<bool>,
    pub(super) dead: Cell<bool>,
    /// Nothing was heard in time; it is looked at once more before it is closed.
    pub(in crate::worker) expired: Cell<bool>,
    /// Requests under way.
    pub(in crate::worker) requests: Cell<u16>,
    /// Answers that wait for room.
    pub(in crate::worker) answers: Cell<Option<Box<Outbox>>>,
    pub(in crate::worker) turnstile: Turnstile,
    pub(in crate::worker) place: Cell<Option<Place>>,
    pub(in crate::worker) serial: u32,
}

/// A session's link, as the deck holds it.
#[derive(Clone, Debug)]
pub(in crate::worker) struct LinkRef(Rc<LinkCell>);

impl LinkRef {
    pub(super) fn is(&self, cell: &Rc<LinkCell>) -> bool {
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
    pub(in crate::worker) fn order(&self) -> u64 {
        let place = self.place.take();
        let order = place.as_ref().map_or(0, Place::order);
        self.place.set(place);
        order
    }

    pub(in crate::worker) fn control(&self, text: &str) {
        if let Err(error) = self.link.send_control(text) {
            tracing::debug!(%error, "a control payload was not sent");
            self.dead.set(true);
            self.look();
        }
        self.flush_if_blocked();
    }

    /// Lets whoever attends to links look at this one.
    pub(in crate::worker) fn look(&self) {
        self.bell.ring();
    }

    /// Lets it write on as soon as the link takes more.
    pub(in crate::worker) fn flush_if_blocked(&self) {
        if self.link.is_blocked() && !self.flush.replace(true) {
            self.look();
        }
    }

    /// Lets it send what a session has missed.
    pub(in crate::worker) fn flush(&self) {
        self.flush.set(true);
        self.look();
    }

    /// Begins the close; the link is dropped at the peer's answer, or without one after a while.
    pub(in crate::worker) fn close(&self, close: &Close) {
        self.link.close(close.code.code(), &close.reason);
        self.closing.set(true);
        self.flush_if_blocked();
        self.look();
    }

    /// Closes a link that does not read: nothing waits for its answer.
    pub(in crate::worker) fn abort(&self, code: CloseCode, reason: &str) {
        self.session.set(None);
        self.link.close(code.code(), reason);
        self.closing.set(true);
        self.look();
    }

    /// Returns what was said so far.
    pub(in crate::worker) const fn conversation(&self) -> Conversation {
        self.conversation.get()
    }

    /// Goes on with the conversation.
    pub(in crate::worker) fn converse<T>(&self, go_on: impl FnOnce(&mut Conversation) -> T) -> T {
        let mut conversation = self.conversation.get();
        let said = go_on(&mut conversation);
        self.conversation.set(conversation);
        said
    }

    pub(in crate::worker) fn deadline(&self) -> Instant {
        self.conversation.get().deadline()
    }

    pub(in crate::worker) fn is_closing(&self) -> bool {
        self.closing.get()
    }
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
