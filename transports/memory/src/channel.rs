//! What both ends of a link share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::client::Client;
use crate::link::MemoryArrival;

/// What both ends share, behind one lock that is held for a few instructions.
#[derive(Debug, Default)]
pub(crate) struct Channel(Mutex<State>);

/// Both directions. Queues are boxed, so that an idle sink has none.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) queues: Option<Box<Queues>>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) dispatches: u64,
    /// Waits for payloads of the client.
    pub(crate) receiver: Option<Waker>,
    /// Waits for room. Boxed, like the next, because few links have anybody who waits for that.
    pub(crate) flusher: Option<Box<Waker>>,
    /// Waits for payloads of the link.
    pub(crate) client: Option<Box<Waker>>,
    /// Payloads that may wait before the link blocks.
    pub(crate) capacity: u32,
    /// Bytes of control that wait.
    pub(crate) control_bytes: u32,
    pub(crate) link_end: End,
    pub(crate) client_end: End,
    /// Payloads for the client are counted and not kept.
    pub(crate) sink: bool,
    /// A send was refused for want of room, and nobody flushed since.
    pub(crate) refused: bool,
}

/// Payloads under way.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) to_client: VecDeque<Payload>,
    pub(crate) to_link: VecDeque<Vec<u8>>,
}

/// A payload under way to the client.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) control: bool,
}

/// How an end of the link is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Open,
    /// It closed in order.
    Closed(Option<u16>),
    /// It was dropped.
    Gone,
}

impl Channel {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and counters stay true if something did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells whether nothing more may wait.
    pub(crate) fn is_full(&self) -> bool {
        let waiting = self.queues.as_ref().map_or(0, |queues| queues.to_client.len());
        waiting >= self.capacity as usize
    }

    /// Keeps a payload for the client, unless it only counts.
    pub(crate) fn keep(&mut self, control: bool, bytes: impl FnOnce() -> Vec<u8>) {
        if !self.sink {
            let payload = Payload { bytes: bytes(), control };
            self.queues.get_or_insert_default().to_client.push_back(payload);
        }
        self.client.take().into_iter().for_each(|boxed| boxed.wake());
    }

    /// Frees the queues of a link on which nothing waits.
    pub(crate) fn release(&mut self) {
        let is_idle = |queues: &Queues| queues.to_client.is_empty() && queues.to_link.is_empty();
        if self.queues.as_deref().is_some_and(is_idle) {
            self.queues = None;
        }
    }

    pub(crate) fn wake_all(&mut self) {
        wake(self.receiver.take());
        for boxed in [self.flusher.take(), self.client.take()].into_iter().flatten() {
            boxed.wake();
        }
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Makes a link that blocks when `capacity` payloads wait, and the client at its far end.
#[must_use]
pub fn pair(capacity: u32, query: &str) -> (MemoryArrival, Client) {
    let channel = Arc::new(Channel(Mutex::new(State { capacity, ..State::default() })));
    (MemoryArrival::new(Arc::clone(&channel), query), Client::new(channel))
}

/// Makes a link that never blocks, and a client that counts and keeps nothing.
#[must_use]
pub fn sink(query: &str) -> (MemoryArrival, Client) {
    let state = State { capacity: u32::MAX, sink: true, ..State::default() };
    let channel = Arc::new(Channel(Mutex::new(state)));
    (MemoryArrival::new(Arc::clone(&channel), query), Client::new(channel))
}
