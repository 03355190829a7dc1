//! What the program tells the processes that hold its sessions, and what they tell it: JSON, one a
//! line.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::shard::Tally;

/// First line: whom a shard holds, and where they go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Roll {
    /// Number of the shard, which its addresses begin with.
    pub(crate) shard: usize,
    /// Where they go.
    pub(crate) server: SocketAddr,
    /// What is spoken there.
    pub(crate) dialect: Dialect,
    /// What is asked for when a WebSocket is opened.
    pub(crate) path: String,
    /// How what comes is compressed.
    pub(crate) compression: Compression,
    /// Restless sessions that reconnect, a second.
    pub(crate) reconnects_per_second: u32,
    /// Who they are.
    pub(crate) seats: Vec<Seat>,
}

/// One session to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Its token; nobody but a gateway asks for one.
    pub(crate) token: String,
    /// How it behaves.
    pub(crate) nature: Nature,
}

/// How a session behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nature {
    /// Declares that nobody looks at it, and gets mentions and digests.
    Passive,
    /// Loses its link now and then, and resumes.
    Restless,
    /// Reads nothing while it is told so, and resumes if it was closed meanwhile.
    Slow,
    /// Reads everything at once.
    #[default]
    Steady,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    /// WebSocket, and every frame is for the reader.
    Bare,
    /// The gateway protocol of Discord.
    Gateway,
    /// The same over QUIC.
    GatewayQuic,
    /// NATS over WebSocket.
    Nats,
    /// Socket.IO over WebSocket.
    SocketIo,
}

/// How a wire is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Compression {
    /// Not at all.
    #[default]
    None,
    /// One zlib stream per connection.
    ZlibStream,
    /// One zstd stream per connection.
    ZstdStream,
}

impl Compression {
    /// Returns what a client asks for in a query.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Self::None => "",
            Self::ZlibStream => "&compress=zlib-stream",
            Self::ZstdStream => "&compress=zstd-stream",
        }
    }
}

/// What the program tells a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Let everybody show at once that they are there, and acknowledge what they got.
    Beat,
    /// Let everybody in.
    Enter,
    /// Forget what was measured.
    Reset,
    /// Let slow sessions read nothing from now on.
    Sleep,
    /// Tell what was measured.
    Tell,
    /// Let slow sessions read again, and resume if they were closed meanwhile.
    Wake,
}

/// What a shard tells the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// So many messages have reached all of its steady sessions.
    Done(u32),
    /// So many sessions are inside.
    Entered(usize),
    /// The run is over.
    Fault(String),
    /// What was measured.
    Tally(Box<Tally>),
}
