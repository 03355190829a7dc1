//! The seam between the gateway and the network: listeners, links and how they move between
//! threads.
//!
//! A transport turns bytes into payloads and frames into bytes; it knows nothing of sessions.
//! Whatever a peer does wrong on the transport's own level is the transport's to refuse.

mod bound;
#[cfg(feature = "conformance")]
pub mod conformance;
mod network;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

pub use bound::{Bound, Reload};
pub use network::{Network, NetworkError};
use throng_proto::wire::Wire;
pub use throng_proto::wire::{Dispatch, Lane};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where links come from.
pub trait Listener: Send {
    /// Waits for the next connection, before anything was read from it.
    ///
    /// # Errors
    ///
    /// An error of one `accept`, after which the listener goes on (too many open files, an aborted
    /// connection). It pauses first where the same error would come again at once.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>>;

    /// Address that clients reach.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// A connection that has said nothing yet.
pub trait Incoming: Send {
    /// Address of the other side.
    fn peer(&self) -> SocketAddr;

    /// Reads the opening handshake within the transport's time limit.
    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting>;

    /// Turns the connection away with a reason and the seconds after which to come back.
    fn refuse(self: Box<Self>, reason: &'static str, retry_after: u32) -> BoxFuture<'static, ()>;
}

/// What became of a connection.
#[derive(Debug)]
pub enum Greeting {
    /// A link.
    Link(Box<dyn Arrival>),
    /// Something that the transport serves otherwise, such as HTTP.
    Served,
    /// Nothing: the other side said what nobody understands, or too little in time. Tells which,
    /// in words for a log.
    Refused(Cow<'static, str>),
}

impl Greeting {
    /// Returns the link, if it became one.
    #[must_use]
    pub fn link(self) -> Option<Box<dyn Arrival>> {
        match self {
            Self::Link(arrival) => Some(arrival),
            Self::Served | Self::Refused(_) => None,
        }
    }
}

/// A link between two threads: open, and in no runtime.
pub trait Arrival: Send + fmt::Debug {
    /// The query of the address that the client asked for, without `?`; for the protocol to read.
    /// Empty after a [`Link::depart`]: whoever asked for it the first time has read it.
    fn query(&self) -> &str;

    /// Address of the client, also behind a proxy that the transport trusts.
    fn peer(&self) -> SocketAddr;

    /// Makes the link live in the runtime of the calling thread.
    ///
    /// # Errors
    ///
    /// The runtime cannot take the socket.
    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>>;
}

/// Bytes of payloads without a sequence that wait on a blocked link at most, 64 KiB: an answer to a
/// heartbeat has 11 bytes. A transport may count a few bytes of framing for each.
pub const CONTROL_BACKLOG_BYTES_MAX: usize = 64 * 1024;

/// What a link received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// One whole payload.
    Payload(Vec<u8>),
    /// So many frames of the transport that were no whole payload: pings, answers to them, parts of
    /// a payload. Each counts like one.
    Filler(u32),
    /// A payload longer than the link takes; the link reads no further.
    TooLong,
    /// The peer closed in order, with its code if it gave one.
    Closed(Option<u16>),
    /// The connection broke, or the peer broke the transport's rules and was refused.
    Lost,
}

/// One live transport connection, owned by one thread.
///
/// Methods take `&self`: a link is shared by the task that reads it and the fan-out that writes it,
/// both on the same thread. No method blocks.
pub trait Link: fmt::Debug {
    /// Address of the other side.
    fn peer(&self) -> SocketAddr;

    /// Word for the kind of transport, for operators.
    fn transport(&self) -> &'static str {
        "unknown"
    }

    /// Address of ours that the client is told, where it came by another one than the settings
    /// know.
    fn told(&self) -> Option<&str> {
        None
    }

    /// Sets how payloads travel from the next one on. [`Wire::Text`] before the first call.
    ///
    /// Whatever the wire, a client reads the same JSON text. A transport whose payloads always
    /// travel in one form of its own ignores this; one that frames with [`throng_proto::wire`]
    /// keeps a [`Past`](throng_proto::wire::Past) per link: `NOTHING` when a wire is set that was
    /// not, then what the body that was sent last says
    /// ([`past`](throng_proto::wire::Body::past)), `OTHER` after any other payload, and
    /// [`elsewhere`](throng_proto::wire::Past::elsewhere) of it when the link departs.
    fn set_wire(&self, wire: Wire);

    /// Sends dispatches in order, as few writes as possible, and returns how many the link took.
    ///
    /// Fewer than given means that the link is blocked: it takes nothing more until
    /// [`Link::poll_flush`] is ready. A dispatch that was taken is sent before any later one,
    /// whatever happens in between.
    ///
    /// # Errors
    ///
    /// The connection is gone; the read side says so too.
    fn send(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize>;

    /// Sends one payload without a sequence. It is kept when the link is blocked, up to
    /// [`CONTROL_BACKLOG_BYTES_MAX`].
    ///
    /// # Errors
    ///
    /// The connection is gone, or the limit is reached.
    fn send_control(&self, text: &str) -> io::Result<()>;

    /// Sends one large payload without a sequence, whole and after everything sent before, if the
    /// link has room; `false` when it is blocked, and then takes it no sooner than
    /// [`Link::poll_flush`] has been polled again.
    ///
    /// What has not left of it takes nothing from the room of [`Link::send_control`].
    ///
    /// # Errors
    ///
    /// The connection is gone.
    fn offer(&self, text: &str) -> io::Result<bool>;

    /// Tells whether something was taken that has not left yet, so that [`Link::poll_flush`] must
    /// be polled.
    fn is_blocked(&self) -> bool;

    /// Waits until what was taken has left and the link takes more.
    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits for what the peer sends. After anything but a payload there is nothing more.
    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Received>;

    /// Starts the transport's close with `code` and `reason` (at most 123 bytes); the answer
    /// arrives as [`Received::Closed`].
    fn close(&self, code: u16, reason: &str);

    /// Takes the connection out of this thread's runtime with everything it holds, or `None` if it
    /// is gone.
    ///
    /// So payloads that were received but not yet polled move along, and what was taken but has not
    /// left, in its order, control and a large payload under way among it; the wire with its state;
    /// the phase of a close; address, kind and counts. Wakers stay here.
    fn depart(&self) -> Option<Box<dyn Arrival>>;

    /// Total bytes written and read so far.
    fn bytes(&self) -> LinkBytes;
}

/// What a link has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkBytes {
    /// Bytes written to the peer.
    pub sent: u64,
    /// Bytes read from the peer.
    pub received: u64,
}
