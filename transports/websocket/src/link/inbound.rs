//! Reading: bytes into the thread's buffer, events out of it.

use std::cell::RefCell;
use std::task::{Context, Poll, ready};

use super::{Event, Phase, WebSocketLink};
use crate::parser::{self, Control, Parser};

/// 64 KiB per thread, and the most that one link reads before others have their turn.
const SCRATCH_BYTES: usize = 64 * 1024;
/// Frames that are no whole message of which a reader is told at once: more than any client sends,
/// and few enough that who sends nothing else can be closed before the rest is looked at.
const FILLERS_MAX: u32 = 128;
/// Bytes at once behind our close that a peer may still send, which has not read it yet.
const BEHIND_CLOSE_MAX: usize = 32 * 1024;
/// Most bytes thrown away at once so that closing does not reset the connection.
const DISCARDED_BYTES_MAX: usize = 4 * SCRATCH_BYTES;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// What reading leaves over: the rest of a read, and a message that is not complete.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    pub(super) parser: Parser,
    /// Bytes read and not parsed, from `at` on.
    pub(super) raw: Vec<u8>,
    pub(super) at: usize,
    /// What came behind frames that are told of first.
    pub(super) held: Option<Event>,
}

/// Frames that are no whole message.
#[derive(Default)]
struct Filler {
    frames: u32,
    ping: Option<Control>,
}

impl Inbound {
    fn is_empty(&self) -> bool {
        self.at == self.raw.len() && self.held.is_none() && self.parser.is_idle()
    }
}

impl WebSocketLink {
    /// Waits for the next event; after anything but a message there is nothing more.
    ///
    /// Of the pings in one read the last is answered (RFC 6455 section 5.5.3), and a queued close
    /// or pong leaves when nobody flushes.
    pub fn poll_event(&self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.phase.get() == Phase::Ended {
            return Poll::Ready(Event::Lost);
        }
        if !self.is_unblocked()
            && let Poll::Ready(Err(_)) = self.poll_flushed_in_passing(cx)
        {
            return Poll::Ready(self.lost());
        }
        match self.phase.get() {
            Phase::Deaf => Poll::Pending,
            Phase::Draining => self.poll_drained(cx),
            _ => self.poll_parsed(cx),
        }
    }

    fn poll_parsed(&self, cx: &mut Context<'_>) -> Poll<Event> {
        let mut inbound = self.inbound.take().map(|kept| *kept).unwrap_or_default();
        let closing = self.phase.get() == Phase::Closing;
        let floods = |bytes: usize| closing && bytes > BEHIND_CLOSE_MAX;
        if floods(inbound.raw.len() - inbound.at) {
            return Poll::Ready(self.hang_up());
        }
        if let Some(event) = inbound.held.take().or_else(|| self.parse_rest(&mut inbound)) {
            self.keep(inbound);
            self.discard_after(&event);
            return Poll::Ready(event);
        }
        let polled = SCRATCH.with_borrow_mut(|scratch| {
            let Some(length) = ready!(self.poll_read(cx, scratch)) else {
                return Poll::Ready(Some(self.lost()));
            };
            if floods(length) {
                return Poll::Ready(Some(self.hang_up()));
            }
            let mut at = 0;
            let Inbound { parser, held, .. } = &mut inbound;
            let event = self.parse(parser, held, &mut scratch[..length], &mut at);
            inbound.raw.extend_from_slice(&scratch[at..length]);
            Poll::Ready(event)
        });
        self.keep(inbound);
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(event)) => {
                self.discard_after(&event);
                Poll::Ready(event)
            }
            Poll::Ready(None) => {
                // Half a message: one read is a turn, so others go first.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// Parses what an earlier read left over.
    fn parse_rest(&self, inbound: &mut Inbound) -> Option<Event> {
        if inbound.at == inbound.raw.len() {
            return None;
        }
        let Inbound { parser, raw, at, held } = inbound;
        let event = self.parse(parser, held, raw, at);
        if *at == raw.len() {
            *raw = Vec::new();
            *at = 0;
        }
        event
    }

    /// Parses from `at` up to an event that the reader is to know; what came behind frames that
    /// are told of first is held.
    fn parse(
        &self,
        parser: &mut Parser,
        held: &mut Option<Event>,
        bytes: &mut [u8],
        at: &mut usize,
    ) -> Option<Event> {
        let limit = self.message_bytes_max as usize;
        let mut filler = Filler::default();
        let mut found = None;
        let most = if self.phase.get() == Phase::Open { FILLERS_MAX } else { u32::MAX };
        while *at < bytes.len() && found.is_none() && filler.frames < most {
            let (taken, event) = parser.parse(&mut bytes[*at..], limit);
            *at += taken;
            match event {
                None => {}
                Some(parser::Event::Ping(payload)) => {
                    filler.frames += 1;
                    filler.ping = Some(payload);
                }
                Some(parser::Event::Pong | parser::Event::Fragment) => filler.frames += 1,
                Some(event) => {
                    // An answer comes before that to a close.
                    filler.ping.take().into_iter().for_each(|payload| self.pong(&payload));
                    found = self.settle(event);
                }
            }
        }
        filler.ping.into_iter().for_each(|payload| self.pong(&payload));
        // After our close, only the peer's matters.
        if filler.frames == 0 || self.phase.get() != Phase::Open {
            return found;
        }
        *held = found;
        Some(Event::Filler(filler.frames))
    }

    /// Does what an event asks of the transport and returns what it means to the reader.
    fn settle(&self, event: parser::Event) -> Option<Event> {
        let open = self.phase.get() == Phase::Open;
        match event {
            parser::Event::Message(kind, bytes) if open => Some(Event::Message(kind, bytes)),
            // After our close, only the peer's matters; and fillers are counted by the parser's
            // caller.
            parser::Event::Message(..)
            | parser::Event::Ping(_)
            | parser::Event::Pong
            | parser::Event::Fragment => None,
            parser::Event::Close(code) => {
                if open {
                    self.answer_close(code);
                }
                self.phase.set(Phase::Ended);
                self.finish_if_unblocked();
                Some(Event::Closed(code))
            }
            parser::Event::TooLong if open => {
                self.phase.set(Phase::Deaf);
                Some(Event::TooLong)
            }
            parser::Event::TooLong => Some(self.lost()),
            parser::Event::Refused(violation) => {
                self.refuse(violation);
                Some(Event::Lost)
            }
        }
    }

    /// Puts back what is left over, or frees it.
    fn keep(&self, inbound: Inbound) {
        let done = inbound.is_empty() || matches!(self.phase.get(), Phase::Ended | Phase::Deaf);
        self.inbound.set((!done).then(|| Box::new(inbound)));
    }

    /// Reads once; `None` at the end of the connection.
    fn poll_read(&self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<Option<usize>> {
        let guard = self.socket.borrow();
        let Some(socket) = guard.as_ref() else { return Poll::Ready(None) };
        let length = ready!(socket.poll_read(cx, scratch)).unwrap_or_default();
        self.received.set(self.received.get() + length as u64);
        Poll::Ready((length > 0).then_some(length))
    }

    /// Throws away what arrives until the peer hangs up.
    fn poll_drained(&self, cx: &mut Context<'_>) -> Poll<Event> {
        let read = SCRATCH.with_borrow_mut(|scratch| self.poll_read(cx, scratch));
        match ready!(read) {
            None => Poll::Ready(self.lost()),
            Some(_) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// Leaves nothing unread behind a refusal, because then closing would reset the connection.
    fn discard_after(&self, event: &Event) {
        if *event == Event::Lost {
            self.discard_what_is_there();
        }
    }

    /// Throws away what the kernel holds, up to a bound, without waiting for more.
    pub(super) fn discard_what_is_there(&self) {
        let guard = self.socket.borrow();
        let Some(socket) = guard.as_ref() else { return };
        SCRATCH.with_borrow_mut(|scratch| {
            let mut left = DISCARDED_BYTES_MAX;
            while let Ok(length @ 1..) = socket.try_read(scratch) {
                left = left.saturating_sub(length);
                if left == 0 {
                    break;
                }
            }
        });
    }

    /// Ends a link whose peer only sends on after our close.
    fn hang_up(&self) -> Event {
        self.finish_writing();
        self.lost()
    }

    fn lost(&self) -> Event {
        self.phase.set(Phase::Ended);
        Event::Lost
    }
}
