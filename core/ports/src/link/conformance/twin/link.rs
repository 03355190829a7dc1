//! A link in which one thing is wrong.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use throng_proto::id::GuildId;
use throng_proto::wire::{Body, Wire};

use super::Fault;
use crate::link::{Arrival, Dispatch, Lane, Link, LinkBytes, Received};

/// The lane in which dispatches overtake each other.
const LANE: Lane = Lane::Guild(GuildId::new(1));

/// A link with a fault, between two threads.
#[derive(Debug)]
pub(super) struct TwinArrival {
    inner: Box<dyn Arrival>,
    fault: Fault,
    query: String,
    wire: Wire,
    moved: bool,
}

impl TwinArrival {
    pub(super) fn new(inner: Box<dyn Arrival>, fault: Fault) -> Self {
        let query = inner.query().to_owned();
        Self { inner, fault, query, wire: Wire::Text, moved: false }
    }
}

impl Arrival for TwinArrival {
    fn query(&self) -> &str {
        if self.fault == Fault::KeepsQuery { &self.query } else { self.inner.query() }
    }

    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>> {
        let inner = self.inner.arrive()?;
        if self.moved && self.fault == Fault::ForgetsWire {
            inner.set_wire(Wire::Text);
        }
        Ok(Rc::new(TwinLink {
            before: inner.bytes(),
            inner,
            fault: self.fault,
            query: self.query,
            moved: self.moved,
            wire: Cell::new(self.wire),
            is_closed: Cell::default(),
            is_gone: Cell::default(),
            has_offered: Cell::default(),
            received: Cell::default(),
            dispatch: RefCell::default(),
            control: RefCell::default(),
        }))
    }
}

/// A link with a fault.
#[derive(Debug)]
struct TwinLink {
    inner: Rc<dyn Link>,
    fault: Fault,
    query: String,
    /// Tells whether it came from another thread.
    moved: bool,
    wire: Cell<Wire>,
    /// What it had carried when it arrived here.
    before: LinkBytes,
    is_closed: Cell<bool>,
    is_gone: Cell<bool>,
    has_offered: Cell<bool>,
    /// Payloads that came.
    received: Cell<u64>,
    /// A dispatch that is kept back.
    dispatch: RefCell<Option<(u32, Lane, Body)>>,
    /// Control that is kept back.
    control: RefCell<Option<String>>,
}

impl TwinLink {
    /// Tells whether what is given now is taken and lost.
    fn swallows(&self) -> bool {
        match self.fault {
            Fault::TakesWhenClosed => self.is_closed.get(),
            Fault::TakesWhenGone => self.is_gone.get(),
            Fault::ReopensAtDeparture => self.moved,
            _ => false,
        }
    }

    fn renumbers(&self) -> bool {
        let compresses = self.wire.get() != Wire::Text;
        match self.fault {
            Fault::Renumbers => true,
            Fault::BreaksWires => compresses,
            Fault::BreaksWiresAtDeparture => compresses && self.moved,
            _ => false,
        }
    }

    /// Keeps a dispatch back until the next one of its lane was sent.
    fn overtake(&self, dispatch: Dispatch<'_>) -> io::Result<usize> {
        if dispatch.lane != LANE {
            return self.inner.send(&[dispatch]);
        }
        let Dispatch { sequence, lane, body } = dispatch;
        match self.dispatch.take() {
            Some((earlier, _, first)) => {
                let late = Dispatch { sequence: earlier, lane, body: &first };
                self.inner.send(&[dispatch, late]).map(|_| 1)
            }
            None => {
                self.dispatch.replace(Some((sequence, lane, body.clone())));
                Ok(1)
            }
        }
    }

    /// Takes one dispatch more than the link, which waits here until that takes it.
    fn keep_one(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        if !self.give()? {
            return Ok(0);
        }
        let taken = self.inner.send(dispatches)?;
        let Some(next) = dispatches.get(taken) else { return Ok(taken) };
        self.dispatch.replace(Some((next.sequence, next.lane, next.body.clone())));
        Ok(taken + 1)
    }

    /// Gives the link what waits here, and tells whether it took it.
    fn give(&self) -> io::Result<bool> {
        let mut waiting = self.dispatch.borrow_mut();
        if let Some((sequence, lane, body)) = &*waiting {
            if self.inner.send(&[Dispatch { sequence: *sequence, lane: *lane, body }])? == 0 {
                return Ok(false);
            }
            *waiting = None;
        }
        Ok(true)
    }

    /// Swaps two payloads of control.
    fn swap(&self, text: &str) -> io::Result<()> {
        match self.control.take() {
            Some(first) => {
                self.inner.send_control(text)?;
                self.inner.send_control(&first)
            }
            None => {
                self.control.replace(Some(text.to_owned()));
                Ok(())
            }
        }
    }

    /// Keeps the last control of a blocked link here.
    fn keep_last(&self, text: &str) -> io::Result<()> {
        if let Some(first) = self.control.take() {
            self.inner.send_control(&first)?;
        }
        if self.inner.is_blocked() {
            self.control.replace(Some(text.to_owned()));
            return Ok(());
        }
        self.inner.send_control(text)
    }
}

impl Link for TwinLink {
    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    fn transport(&self) -> &'static str {
        self.inner.transport()
    }

    fn told(&self) -> Option<&str> {
        self.inner.told()
    }

    fn set_wire(&self, wire: Wire) {
        self.wire.set(wire);
        if self.fault != Fault::IgnoresWire {
            self.inner.set_wire(wire);
        }
    }

    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        if self.swallows() {
            return Ok(dispatches.len());
        }
        match (self.fault, dispatches) {
            (Fault::TakesWhenBlocked, all) => self.inner.send(all).map(|_| all.len()),
            (Fault::LosesDispatchAtDeparture, all) => self.keep_one(all),
            (Fault::OvertakesInLane, [one]) => self.overtake(*one),
            (_, all) if self.renumbers() => {
                let next = |one: &Dispatch<'_>| one.sequence.saturating_add(1);
                let wrong = |one| Dispatch { sequence: next(one), ..*one };
                self.inner.send(&all.iter().map(wrong).collect::<Vec<_>>())
            }
            (_, all) => self.inner.send(all),
        }
    }

    fn send_control(&self, text: &str) -> io::Result<()> {
        let is_blocked = self.inner.is_blocked();
        match self.fault {
            _ if self.swallows() => Ok(()),
            Fault::OvertakesControl => self.swap(text),
            Fault::LosesControlAtDeparture => self.keep_last(text),
            Fault::TakesAllControl => self.inner.send_control(text).or(Ok(())),
            Fault::RefusesControl if is_blocked => Err(io::ErrorKind::OutOfMemory.into()),
            Fault::CountsLargeAsControl if is_blocked && self.has_offered.get() => {
                Err(io::ErrorKind::OutOfMemory.into())
            }
            _ => self.inner.send_control(text),
        }
    }

    fn offer(&self, text: &str) -> io::Result<bool> {
        if self.swallows() {
            return Ok(true);
        }
        let taken = self.inner.offer(text)?;
        self.has_offered.set(taken || self.has_offered.get());
        Ok(taken || self.fault == Fault::TakesLargeWhenBlocked)
    }

    fn is_blocked(&self) -> bool {
        let waits = self.dispatch.borrow().is_some() || self.control.borrow().is_some();
        self.fault != Fault::HidesThatItIsBlocked && (waits || self.inner.is_blocked())
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.inner.poll_flush(cx))?;
            if self.fault == Fault::LosesControlAtDeparture
                && let Some(text) = self.control.take()
            {
                self.inner.send_control(&text)?;
            } else if self.fault != Fault::LosesDispatchAtDeparture || self.give()? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            match ready!(self.inner.poll_receive(cx)) {
                Received::Closed(_) if self.fault == Fault::ForgetsCode => {
                    return Poll::Ready(Received::Closed(None));
                }
                Received::Payload(payload) => {
                    self.received.set(self.received.get() + 1);
                    if self.fault != Fault::LosesPayloads || self.received.get() % 2 == 1 {
                        return Poll::Ready(Received::Payload(payload));
                    }
                }
                other => return Poll::Ready(other),
            }
        }
    }

    fn close(&self, code: u16, reason: &str) {
        self.is_closed.set(true);
        let code = if self.fault == Fault::ClosesOtherwise { code + 1 } else { code };
        self.inner.close(code, reason);
    }

    fn depart(&self) -> Option<Box<dyn Arrival>> {
        if self.fault == Fault::LosesPayloadAtDeparture {
            let _lost = self.inner.poll_receive(&mut Context::from_waker(Waker::noop()));
        }
        let inner = self.inner.depart()?;
        self.is_gone.set(true);
        let (fault, query, wire) = (self.fault, self.query.clone(), self.wire.get());
        Some(Box::new(TwinArrival { inner, fault, query, wire, moved: true }))
    }

    fn bytes(&self) -> LinkBytes {
        let LinkBytes { sent, received } = self.inner.bytes();
        match self.fault {
            Fault::ForgetsCounts if self.moved => LinkBytes {
                sent: sent.saturating_sub(self.before.sent),
                received: received.saturating_sub(self.before.received),
            },
            _ => LinkBytes { sent, received },
        }
    }
}
