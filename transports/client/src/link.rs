//! One open link to the gateway, the same over every transport.

pub(crate) mod dial;
mod quic;
mod websocket;

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use throng_proto::gateway::opcode;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::cause::{Cause, Transport};
use crate::event::Numbered;

/// Longest payload that a client takes, before and after decompression; GUILD_CREATE of a guild
/// with 25,000 members is 10 MiB.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 32 << 20;
/// Payloads between the socket and the session: enough to keep both busy.
const INBOUND_MAX: usize = 16;
/// Payloads that wait for the socket. One that takes none of so many is as good as gone.
const OUTBOUND_MAX: usize = 256;
/// How long the other side may take to answer a close.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// A link. Its tasks end when it is dropped.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) transport: Transport,
    /// Everything over WebSocket, the control stream over QUIC. In order.
    pub(crate) control: mpsc::Receiver<Heard>,
    /// Guild streams and datagrams. In order within a guild.
    pub(crate) lanes: mpsc::Receiver<Arrival>,
    outbound: mpsc::Sender<Said>,
    /// Ended by being dropped.
    _tasks: JoinSet<()>,
}

/// What comes in order.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An event with its sequence.
    Dispatch(Numbered),
    /// The end, and why.
    Ended(Cause),
    /// A payload without a sequence.
    Payload { op: u8, data: Box<RawValue> },
    /// Sequences that were given to datagrams.
    Skipped(Vec<(u32, u32)>),
}

/// A dispatch that did not come by the control stream.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) dispatch: Numbered,
    /// Of a datagram: when it is worthless.
    pub(crate) expires: Option<Instant>,
}

/// What goes out.
#[derive(Debug)]
enum Said {
    Payload(String),
    Close { code: u16, reason: String },
}

impl Link {
    /// Sends a payload, without waiting.
    pub(crate) fn send(&self, payload: String) -> Result<(), Cause> {
        let sent = self.outbound.try_send(Said::Payload(payload));
        sent.map_err(|_| Cause::Lost("the gateway takes no payloads".to_owned()))
    }

    /// Closes and waits for the answer, but not for long.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        // A link that takes no close is closed already, or about to be.
        let _gone = self.outbound.try_send(Said::Close { code, reason: reason.to_owned() });
        drop((self.outbound, self.lanes));
        let ended = async {
            let going_on = |heard: Option<Heard>| !matches!(heard, None | Some(Heard::Ended(_)));
            while going_on(self.control.recv().await) {}
        };
        let _too_long = timeout(CLOSE_TIME, ended).await;
    }
}

#[derive(Deserialize)]
struct Envelope {
    op: u8,
    #[serde(default)]
    s: Option<u32>,
    #[serde(default)]
    t: Option<String>,
    #[serde(default)]
    d: Option<Box<RawValue>>,
}

fn unreachable(error: &impl ToString) -> Cause {
    Cause::Unreachable { reason: error.to_string(), retry_after: None }
}

/// Reads a payload as both transports have it.
fn read(payload: &[u8]) -> Result<Heard, Cause> {
    let violation = |what: &str| Cause::Violation(what.to_owned());
    let Envelope { op, s, t, d } =
        serde_json::from_slice(payload).map_err(|error| Cause::Violation(error.to_string()))?;
    let data = d.unwrap_or_else(|| RawValue::NULL.to_owned());
    if op != opcode::DISPATCH {
        return Ok(Heard::Payload { op, data });
    }
    let sequence = s.filter(|s| *s > 0).ok_or_else(|| violation("a dispatch has no sequence"))?;
    let name = t.ok_or_else(|| violation("a dispatch has no name"))?;
    Ok(Heard::Dispatch(Numbered { sequence: u64::from(sequence), name, data }))
}
