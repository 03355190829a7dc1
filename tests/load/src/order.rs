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
    /// Core that it is kept on.
    pub(crate) core: Option<usize>,
    /// Where they go.
    pub(crate) server: SocketAddr,
    /// What is spoken there.
    pub(crate) dialect: Dialect,
    /// Who they are.
    pub(crate) seats: Vec<Seat>,
}

/// One session to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Its token; nobody but a gateway asks for one.
    pub(crate) token: String,
    /// How it behaves.
    pub(crate) nature: Nature,
}

/// How a session behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nature {
    /// Declares that nobody looks at it, and gets mentions and digests.
    Passive,
    /// Reads nothing once it is inside, until it is thrown out and resumes.
    Slow,
    /// Reads everything at once.
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
    /// Tell what was measured.
    Tell,
}

/// What a shard tells the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// So many messages have reached everybody who should get them, the last one at this moment.
    Done(u32),
    /// So many sessions are inside.
    Entered(usize),
    /// The run is over.
    Fault(String),
    /// What was measured.
    Tally(Box<Tally>),
}
