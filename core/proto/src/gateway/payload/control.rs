//! Payloads without a sequence, which are about a link and not about what happened.

use serde::{Serialize, Serializer};

use crate::gateway::opcode;
use crate::json;
use crate::model::constant::{Null, Trace};

/// A payload that is the same for everybody. See [Discord Docs/Gateway Opcodes].
///
/// [Discord Docs/Gateway Opcodes]: https://discord.com/developers/docs/topics/opcodes-and-status-codes
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Asks for a heartbeat at once.
    Heartbeat,
    /// Asks the client to connect again and resume.
    Reconnect,
    /// Tells that there is no such session, which cannot be resumed.
    InvalidSession,
    /// Answers a heartbeat.
    HeartbeatAck,
}

impl Control {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::Heartbeat, Self::Reconnect, Self::InvalidSession, Self::HeartbeatAck];

    /// Returns the opcode.
    #[must_use]
    pub const fn opcode(self) -> u8 {
        match self {
            Self::Heartbeat => opcode::HEARTBEAT,
            Self::Reconnect => opcode::RECONNECT,
            Self::InvalidSession => opcode::INVALID_SESSION,
            Self::HeartbeatAck => opcode::HEARTBEAT_ACK,
        }
    }

    /// Returns the whole payload. It is written here once, because every heartbeat is answered.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Heartbeat => r#"{"op":1,"d":null,"s":null,"t":null}"#,
            Self::Reconnect => r#"{"op":7,"d":null,"s":null,"t":null}"#,
            Self::InvalidSession => r#"{"op":9,"d":false,"s":null,"t":null}"#,
            Self::HeartbeatAck => r#"{"op":11,"d":null,"s":null,"t":null}"#,
        }
    }
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resumable = (*self == Self::InvalidSession).then_some(false);
        Envelope::new(self.opcode(), resumable).serialize(serializer)
    }
}

/// The first payload on a link. See [Discord Docs/Hello].
///
/// [Discord Docs/Hello]: https://discord.com/developers/docs/events/gateway-events#hello
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hello {
    heartbeat_interval: u64,
    #[serde(rename = "_trace")]
    trace: Trace,
}

impl Hello {
    /// Asks for a heartbeat every so many milliseconds.
    #[must_use]
    pub const fn new(heartbeat_interval: u64) -> Self {
        Self { heartbeat_interval, trace: Trace }
    }

    /// Returns the whole payload.
    #[must_use]
    pub fn text(self) -> String {
        json::text(&Envelope::new(opcode::HELLO, self))
    }
}

/// What is around the data of every payload.
#[derive(Serialize)]
struct Envelope<T> {
    op: u8,
    d: T,
    s: Null,
    t: Null,
}

impl<T> Envelope<T> {
    const fn new(op: u8, d: T) -> Self {
        Self { op, d, s: Null, t: Null }
    }
}
