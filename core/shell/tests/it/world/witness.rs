//! Stands between journals and links, and notes what a link is given before a journal has it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use throng_ports::link::{
    Arrival, BoxFuture, Dispatch, Greeting, Incoming, Link, LinkBytes, Listener, Received,
};
use throng_proto::event::EventKind;
use throng_proto::wire::Wire;
use throng_transport_memory::MemoryListener;

/// Tag of dispatches in journals.
const DISPATCH: u8 = 2;
/// Tag of records that hold several.
const BATCH: u8 = 6;

/// What journals have, and what links were given too early.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    flushed: Vec<Vec<u8>>,
    /// Kinds whose content is not kept, by how often one was flushed.
    counted: HashMap<u8, usize>,
    known: HashSet<Vec<u8>>,
    sent: usize,
    early: Vec<String>,
}

impl Witness {
    pub(super) fn flushed(&self, record: &[u8]) {
        if record.first() == Some(&BATCH) {
            let mut rest = &record[1..];
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let (one, after) = after.split_at(u32::from_le_bytes(*length) as usize);
                self.flushed(one);
                rest = after;
            }
        }
        if record.first() == Some(&DISPATCH) {
            let mut seen = self.0.lock().unwrap();
            *seen.counted.entry(record[1]).or_default() += 1;
            seen.flushed.push(record.to_vec());
        }
    }

    fn sending(&self, dispatch: &Dispatch<'_>) {
        let text = dispatch.body.text().to_vec();
        let mut seen = self.0.lock().unwrap();
        seen.sent += 1;
        let unkept = [EventKind::Ready, EventKind::GuildCreate].into_iter().find(|kind| {
            let needle = format!("\"t\":\"{}\"", kind.name());
            text.windows(needle.len()).any(|part| part == needle.as_bytes())
        });
        let has = match unkept {
            Some(kind) => seen.counted.contains_key(&(kind as u8)),
            None => {
                seen.known.contains(&text)
                    || seen.flushed.iter().rev().any(|record| record.ends_with(&text))
            }
        };
        if has {
            seen.known.insert(text);
        } else {
            seen.early.push(String::from_utf8(text).unwrap());
        }
    }

    /// Returns how many dispatches links were offered, and which of them no journal had.
    pub(crate) fn verdict(&self) -> (usize, Vec<String>) {
        let seen = self.0.lock().unwrap();
        (seen.sent, seen.early.clone())
    }
}

/// A listener whose links are watched.
pub(crate) struct WitnessListener {
    pub(super) listener: MemoryListener,
    pub(super) witness: Arc<Witness>,
}

impl Listener for WitnessListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>> {
        let witness = Arc::clone(&self.witness);
        let accepted = self.listener.accept();
        Box::pin(async move {
            let inner = accepted.await?;
            Ok(Box::new(WatchedIncoming { inner, witness }) as Box<dyn Incoming>)
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

struct WatchedIncoming {
    inner: Box<dyn Incoming>,
    witness: Arc<Witness>,
}

impl Incoming for WatchedIncoming {
    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting> {
        Box::pin(async move {
            let witness = self.witness;
            match self.inner.greet().await {
                Greeting::Link(inner) => {
                    Greeting::Link(Box::new(WatchedArrival { inner, witness }))
                }
                other => other,
            }
        })
    }

    fn refuse(self: Box<Self>, reason: &'static str, retry_after: u32) -> BoxFuture<'static, ()> {
        self.inner.refuse(reason, retry_after)
    }
}

#[derive(Debug)]
struct WatchedArrival {
    inner: Box<dyn Arrival>,
    witness: Arc<Witness>,
}

impl Arrival for WatchedArrival {
    fn query(&self) -> &str {
        self.inner.query()
    }

    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>> {
        Ok(Rc::new(WatchedLink { inner: self.inner.arrive()?, witness: self.witness }))
    }
}

#[derive(Debug)]
struct WatchedLink {
    inner: Rc<dyn Link>,
    witness: Arc<Witness>,
}

impl Link for WatchedLink {
    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    fn set_wire(&self, wire: Wire) {
        self.inner.set_wire(wire);
    }

    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        dispatches.iter().for_each(|dispatch| self.witness.sending(dispatch));
        self.inner.send(dispatches)
    }

    fn send_control(&self, text: &str) -> io::Result<()> {
        self.inner.send_control(text)
    }

    fn offer(&self, text: &str) -> io::Result<bool> {
        self.inner.offer(text)
    }

    fn is_blocked(&self) -> bool {
        self.inner.is_blocked()
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_flush(cx)
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received> {
        self.inner.poll_receive(cx)
    }

    fn close(&self, code: u16, reason: &str) {
        self.inner.close(code, reason);
    }

    fn depart(&self) -> Option<Box<dyn Arrival>> {
        let (inner, witness) = (self.inner.depart()?, Arc::clone(&self.witness));
        Some(Box::new(WatchedArrival { inner, witness }))
    }

    fn bytes(&self) -> LinkBytes {
        self.inner.bytes()
    }
}
