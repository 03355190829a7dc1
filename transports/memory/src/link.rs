//! The gateway's end.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use throng_ports::link::{Arrival, CONTROL_BACKLOG_BYTES_MAX, Dispatch, Link, LinkBytes, Received};
use throng_proto::wire::{self, Past, Wire};

use crate::channel::{Channel, End, State};

/// A link between two threads; dropping it loses the connection.
#[derive(Debug)]
pub struct MemoryArrival {
    hold: Hold,
    query: Box<str>,
}

/// A link in memory.
#[derive(Debug)]
pub struct MemoryLink {
    hold: RefCell<Option<Hold>>,
}

/// The gateway's hold on a channel: whoever drops the last one ends it.
#[derive(Debug)]
struct Hold(Arc<Channel>);

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.link_end == End::Open {
            state.link_end = End::Gone;
        }
        state.wake_all();
    }
}

impl MemoryArrival {
    pub(crate) fn new(channel: Arc<Channel>, query: &str) -> Self {
        Self { hold: Hold(channel), query: query.into() }
    }
}

impl Arrival for MemoryArrival {
    /// Empty after a [`Link::depart`], as on WebSocket.
    fn query(&self) -> &str {
        &self.query
    }

    fn peer(&self) -> SocketAddr {
        PEER
    }

    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>> {
        Ok(Rc::new(MemoryLink { hold: RefCell::new(Some(self.hold)) }))
    }
}

/// Address of every link in memory: loopback without a port.
pub(crate) const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl MemoryLink {
    /// Writes on a channel as long as both ends are open.
    fn write<T>(&self, write: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let hold = self.hold.borrow();
        let mut state = hold.as_ref().ok_or(io::ErrorKind::NotConnected)?.0.lock();
        if state.link_end == End::Open && state.client_end != End::Gone {
            write(&mut state)
        } else {
            Err(io::ErrorKind::NotConnected.into())
        }
    }

    fn channel(&self) -> Option<Arc<Channel>> {
        self.hold.borrow().as_ref().map(|hold| Arc::clone(&hold.0))
    }
}

impl Link for MemoryLink {
    fn peer(&self) -> SocketAddr {
        PEER
    }

    /// Changes nothing: payloads are always JSON text here.
    fn set_wire(&self, _wire: Wire) {}

    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        self.write(|state| {
            let mut taken = 0;
            for dispatch in dispatches {
                if state.refused || state.is_full() {
                    state.refused = true;
                    break;
                }
                state.sent += bytes(dispatch);
                state.keep(false, || whole(dispatch));
                taken += 1;
            }
            state.dispatches += taken as u64;
            Ok(taken)
        })
    }

    fn send_control(&self, text: &str) -> io::Result<()> {
        self.write(|state| {
            let backlog = state.control_bytes as usize + text.len();
            if state.is_full() && backlog > CONTROL_BACKLOG_BYTES_MAX {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            state.sent += text.len() as u64;
            if !state.sink {
                state.control_bytes += u32::try_from(text.len()).unwrap_or(0);
            }
            state.keep(true, || text.as_bytes().to_vec());
            Ok(())
        })
    }

    fn offer(&self, text: &str) -> io::Result<bool> {
        self.write(|state| {
            state.refused |= state.is_full();
            if !state.refused {
                state.sent += text.len() as u64;
                state.keep(false, || text.as_bytes().to_vec());
            }
            Ok(!state.refused)
        })
    }

    fn is_blocked(&self) -> bool {
        self.hold.borrow().as_ref().is_some_and(|hold| hold.0.lock().refused)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(channel) = self.channel() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let mut state = channel.lock();
        if state.client_end == End::Gone {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        if state.refused && state.is_full() {
            state.flusher = Some(Box::new(cx.waker().clone()));
            return Poll::Pending;
        }
        state.refused = false;
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received> {
        let Some(channel) = self.channel() else { return Poll::Ready(Received::Lost) };
        let mut state = channel.lock();
        let payload = state.queues.as_mut().and_then(|queues| queues.to_link.pop_front());
        state.release();
        // After its own close a link waits for the client's and for nothing else.
        match (payload, state.client_end) {
            (Some(payload), _) if state.link_end == End::Open => {
                Poll::Ready(Received::Payload(payload))
            }
            (Some(_), End::Open) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            (_, End::Closed(code)) => {
                if state.link_end == End::Open {
                    state.link_end = End::Closed(code);
                    state.client.take().into_iter().for_each(|boxed| boxed.wake());
                }
                Poll::Ready(Received::Closed(code))
            }
            (_, End::Gone) => Poll::Ready(Received::Lost),
            (None, End::Open) => {
                state.receiver = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn close(&self, code: u16, _reason: &str) {
        let Some(channel) = self.channel() else { return };
        let mut state = channel.lock();
        if state.link_end == End::Open {
            state.link_end = End::Closed(Some(code));
            state.client.take().into_iter().for_each(|boxed| boxed.wake());
        }
    }

    fn depart(&self) -> Option<Box<dyn Arrival>> {
        let hold = self.hold.take()?;
        Some(Box::new(MemoryArrival { hold, query: Box::default() }))
    }

    fn bytes(&self) -> LinkBytes {
        self.channel().map_or_else(LinkBytes::default, |channel| {
            let state = channel.lock();
            LinkBytes { sent: state.sent, received: state.received }
        })
    }
}

/// Returns the bytes of a payload without making it: `{"s":N,` and the body.
fn bytes(dispatch: &Dispatch<'_>) -> u64 {
    let digits = dispatch.sequence.checked_ilog10().unwrap_or(0) + 1;
    u64::from(digits) + 6 + dispatch.body.text_bytes() as u64
}

/// Makes a whole payload, as a client sees it.
fn whole(dispatch: &Dispatch<'_>) -> Vec<u8> {
    let parts = wire::dispatch(Wire::Text, Past::OTHER, dispatch.sequence, dispatch.body);
    let mut bytes = Vec::with_capacity(parts.bytes());
    bytes.extend_from_slice(&parts.head);
    parts.shared.iter().for_each(|shared| bytes.extend_from_slice(shared));
    bytes.extend_from_slice(&parts.tail);
    bytes
}
