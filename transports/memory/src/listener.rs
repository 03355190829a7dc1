//! Where links in memory come from.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use throng_ports::link::{BoxFuture, Greeting, Incoming, Listener};

use crate::channel::{pair, sink, wake};
use crate::client::Client;
use crate::link::{MemoryArrival, PEER};

/// Makes a listener that keeps up to `backlog` connections, and the handle that dials it.
#[must_use]
pub fn listen(backlog: usize) -> (MemoryListener, Dialer) {
    let waiting = Arc::new(Waiting { backlog, calls: Mutex::default() });
    (MemoryListener(Arc::clone(&waiting)), Dialer(waiting))
}

/// Gives out the links that a [`Dialer`] makes, in order.
#[derive(Debug)]
pub struct MemoryListener(Arc<Waiting>);

/// Makes clients of a [`MemoryListener`].
#[derive(Clone, Debug)]
pub struct Dialer(Arc<Waiting>);

/// More connections wait than the listener keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialError;

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many connections wait for the listener")
    }
}

impl Error for DialError {}

#[derive(Debug)]
struct Waiting {
    backlog: usize,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    queue: VecDeque<MemoryArrival>,
    listener: Option<Waker>,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dialer {
    /// Connects a client whose link blocks when `capacity` payloads wait.
    ///
    /// # Errors
    ///
    /// The listener's backlog is full.
    pub fn dial(&self, capacity: u32, query: &str) -> Result<Client, DialError> {
        self.call(pair(capacity, query))
    }

    /// Connects a client that counts dispatches and keeps nothing.
    ///
    /// # Errors
    ///
    /// The listener's backlog is full.
    pub fn dial_sink(&self, query: &str) -> Result<Client, DialError> {
        self.call(sink(query))
    }

    fn call(&self, (arrival, client): (MemoryArrival, Client)) -> Result<Client, DialError> {
        let mut calls = self.0.lock();
        if calls.queue.len() >= self.0.backlog {
            return Err(DialError);
        }
        calls.queue.push_back(arrival);
        wake(calls.listener.take());
        Ok(client)
    }
}

impl Listener for MemoryListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>> {
        Box::pin(poll_fn(|cx| {
            let mut calls = self.0.lock();
            if let Some(arrival) = calls.queue.pop_front() {
                return Poll::Ready(Ok(Box::new(Call(arrival)) as Box<dyn Incoming>));
            }
            calls.listener = Some(cx.waker().clone());
            Poll::Pending
        }))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(PEER)
    }
}

/// A connection that waits to be taken.
struct Call(MemoryArrival);

impl Incoming for Call {
    fn peer(&self) -> SocketAddr {
        PEER
    }

    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting> {
        Box::pin(async move { Greeting::Link(Box::new(self.0)) })
    }

    /// Drops the link; the client finds it lost.
    fn refuse(self: Box<Self>, _reason: &'static str, _retry_after: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move { drop(self) })
    }
}
