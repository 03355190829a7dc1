//! A raw connection of either transport, which says what it is told to and hears what comes.

mod certificate;
mod quic;
mod route;
mod severable;
mod websocket;
mod wire;

use anyhow::{Context as _, Result, bail};
use throng_proto::id::GuildId;
use tokio::time::timeout;

use crate::PATIENCE;
pub use certificate::Fingerprint;
use quic::Quic;
use route::Door;
pub use route::{Route, Way};
use websocket::WebSocket;
pub use wire::Wire;

/// What a link brings.
#[derive(Clone, Debug)]
pub enum News {
    /// A whole payload, as it was before compression, and the guild whose own stream brought it.
    Payload(String, Option<GuildId>),
    /// Ranges of numbers that travelled without a promise to arrive.
    Skipped(Vec<(u32, u32)>),
    /// End of the link; nothing comes after it.
    Closed(Closed),
}

/// How a link ended: with neither when it was lost.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Close code, if there was one.
    pub code: Option<u16>,
    /// Reason that was given.
    pub reason: String,
}

/// A connection to the gateway.
#[derive(Debug)]
pub struct Link(Kind);

#[derive(Debug)]
enum Kind {
    Quic(Box<Quic>),
    WebSocket(Box<WebSocket>),
}

impl Link {
    /// Connects and hears nothing yet.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection in time.
    pub async fn connect(route: &Route) -> Result<Self> {
        let kind = async {
            Ok(match &route.door {
                Door::Quic { .. } => Kind::Quic(Box::new(Quic::connect(route).await?)),
                Door::WebSocket(_) => Kind::WebSocket(Box::new(WebSocket::connect(route).await?)),
            })
        };
        timeout(PATIENCE, kind).await.context("no connection in time")?.map(Self)
    }

    /// Sends a payload as it is.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn say(&mut self, text: &str) -> Result<()> {
        match &mut self.0 {
            Kind::Quic(quic) => quic.say(text).await,
            Kind::WebSocket(websocket) => websocket.say(text).await,
        }
    }

    /// Waits for what comes next. Nothing is lost when that is given up.
    ///
    /// # Errors
    ///
    /// Fails when the gateway breaks the rules of the transport.
    pub async fn hear(&mut self) -> Result<News> {
        match &mut self.0 {
            Kind::Quic(quic) => quic.hear().await,
            Kind::WebSocket(websocket) => websocket.hear().await,
        }
    }

    /// Begins to close; the gateway answers, which is heard.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub async fn close(&mut self, code: u16) -> Result<()> {
        match &mut self.0 {
            Kind::Quic(quic) => quic.close(code).await,
            Kind::WebSocket(websocket) => websocket.close(code).await,
        }
    }

    /// Ends at once, unread data and all: by a reset, or without a word where there is none.
    ///
    /// # Errors
    ///
    /// Fails when the socket cannot be told to reset.
    pub fn cut(self) -> Result<()> {
        match self.0 {
            Kind::Quic(quic) => {
                quic.cut();
                Ok(())
            }
            Kind::WebSocket(websocket) => websocket.cut(),
        }
    }

    /// Goes on from another address, which only QUIC can.
    ///
    /// # Errors
    ///
    /// Fails for other transports, and when there is no other address.
    pub fn move_away(&self) -> Result<()> {
        match &self.0 {
            Kind::Quic(quic) => quic.move_away(),
            Kind::WebSocket(_) => bail!("a WebSocket stays where it is"),
        }
    }

    /// Sends bytes that may be no frame, which only QUIC takes.
    ///
    /// # Errors
    ///
    /// Fails for other transports, and when the connection is gone.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.0 {
            Kind::Quic(quic) => quic.write(bytes).await,
            Kind::WebSocket(_) => bail!("a WebSocket sends whole frames"),
        }
    }
}
