//! Connections that have said nothing yet.

use std::borrow::Cow;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quinn::{Connection, VarInt};
use throng_ports::link::{BoxFuture, Greeting, Incoming};
use throng_proto::close::CloseCode;
use throng_proto::throng::{Close, Frame, Message, Open};
use tokio::time::{Instant, timeout_at};

use crate::link::{Inbound, Passage};
use crate::listener::House;

/// Why a connection that says too little is refused.
const SLOW: Cow<'static, str> = Cow::Borrowed("it takes too long");

/// A connection attempt.
#[derive(Debug)]
pub(crate) struct Caller {
    incoming: quinn::Incoming,
    house: Arc<House>,
}

impl Caller {
    pub(crate) const fn new(incoming: quinn::Incoming, house: Arc<House>) -> Self {
        Self { incoming, house }
    }

    /// Shakes hands and reads the client's first frame.
    async fn greeted(self) -> Result<Passage, Cow<'static, str>> {
        let deadline = Instant::now() + self.house.config.handshake_time_max();
        let _handshake = Handshake::begin(&self.house);
        let connection = timeout_at(deadline, self.incoming).await;
        let connection = connection.map_err(|_| SLOW)?.map_err(|error| error.to_string())?;
        let opened = timeout_at(deadline, open(&connection, &self.house)).await;
        let why = match opened {
            Ok(Ok(passage)) => return Ok(passage),
            Ok(Err(why)) => why,
            Err(_) => close(CloseCode::SessionTimedOut, "No open frame in time."),
        };
        end(&connection, &why);
        Err(why.reason.into())
    }
}

/// Waits for the control stream and its first frame.
async fn open(connection: &Connection, house: &House) -> Result<Passage, Close> {
    let lost = || close(CloseCode::DecodeError, "The control stream ended.");
    let (send, receive) = connection.accept_bi().await.map_err(|_| lost())?;
    let mut inbound = Inbound::new(receive, house.config.payload_bytes_max);
    match poll_fn(|cx| inbound.poll_frame(cx)).await {
        Ok(Frame::Message(Message::Open(Open { v, compress }))) => {
            let query = Open { v, compress }.query();
            Ok(Passage::new(connection.clone(), send, inbound, &house.config).asking(query))
        }
        Ok(_) => Err(close(CloseCode::DecodeError, "The first frame must be `open`.")),
        Err(fault) => Err(fault.close().unwrap_or_else(lost)),
    }
}

fn close(code: CloseCode, reason: &str) -> Close {
    Close { code: code.code(), reason: reason.to_owned() }
}

/// Ends a connection at once; the reason reaches the peer, what was not read is lost.
fn end(connection: &Connection, close: &Close) {
    connection.close(VarInt::from_u32(close.code.into()), close.reason.as_bytes());
}

impl Incoming for Caller {
    fn peer(&self) -> SocketAddr {
        self.incoming.remote_address()
    }

    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting> {
        Box::pin(async move {
            match self.greeted().await {
                Ok(passage) => Greeting::Link(Box::new(passage)),
                Err(why) => Greeting::Refused(why),
            }
        })
    }

    fn refuse(self: Box<Self>, reason: &'static str, retry_after: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // A reason travels only on an open connection, so there is a limit to explaining.
            let Ok(_room) = self.house.refusals.try_acquire() else {
                return self.incoming.refuse();
            };
            let deadline = Instant::now() + self.house.config.handshake_time_max();
            if let Ok(Ok(connection)) = timeout_at(deadline, self.incoming).await {
                end(&connection, &Close::try_again(reason, retry_after));
            }
        })
    }
}

/// Counts a handshake as long as it is under way.
struct Handshake<'a>(&'a House);

impl<'a> Handshake<'a> {
    fn begin(house: &'a House) -> Self {
        house.handshakes.fetch_add(1, Ordering::Relaxed);
        Self(house)
    }
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        self.0.handshakes.fetch_sub(1, Ordering::Relaxed);
    }
}
