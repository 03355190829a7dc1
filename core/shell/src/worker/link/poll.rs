//! Looking at a link: what it has received, and what it can take.

use std::task::{Context, Poll};

use throng_engine::conversation::Close;
use throng_engine::deck::CaughtUp;
use throng_ports::link::Received;
use throng_proto::close::CloseCode;

use super::cell::LinkCell;
use crate::worker::local::Local;

/// What comes of looking at a link.
pub(super) enum Heard {
    Received(Received),
    /// The link was closed by us.
    Closing,
}

impl LinkCell {
    pub(super) fn poll(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Heard> {
        if self.closing.get() {
            return Poll::Ready(Heard::Closing);
        }
        self.poll_link(local, cx).map(Heard::Received)
    }

    pub(super) fn poll_link(&self, local: &Local, cx: &mut Context<'_>) -> Poll<Received> {
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
