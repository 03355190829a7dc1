//! The envelope of what clients send.

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{ApiRequest, Identify, PresenceUpdate, RequestMembers, Resume, Subscriptions, opcode};
use crate::close::CloseCode;

/// A payload from a client.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// A heartbeat with the last sequence that the client received.
    Heartbeat(Option<u64>),
    /// Opens a session.
    Identify(Box<Identify>),
    /// Changes the presence.
    Presence(PresenceUpdate),
    /// Goes on with a session.
    Resume(Resume),
    /// Asks for members.
    RequestMembers(RequestMembers),
    /// Subscribes to guilds.
    Subscribe(Subscriptions),
    /// Asks the HTTP API.
    Api(ApiRequest),
    /// An opcode that Discord's clients send and that has no meaning here.
    Ignored(u8),
}

/// Why a payload cannot be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Not JSON, or JSON of the wrong shape.
    #[error("payload is not valid: {0}")]
    Malformed(#[from] serde_json::Error),
    /// An opcode that clients never send.
    #[error("opcode {0} is unknown")]
    UnknownOpcode(u64),
}

impl DecodeError {
    /// Returns the code to close with.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Malformed(_) => CloseCode::DecodeError,
            Self::UnknownOpcode(_) => CloseCode::UnknownOpcode,
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    op: u64,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct QosHeartbeat {
    #[serde(default)]
    seq: Option<u64>,
}

impl Inbound {
    /// Reads one payload.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], each with its close code.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let Envelope { op, d } = serde_json::from_slice(payload)?;
        let data = d.map_or("null", RawValue::get);
        let op = u8::try_from(op).map_err(|_| DecodeError::UnknownOpcode(op))?;
        Ok(match op {
            opcode::HEARTBEAT => Self::Heartbeat(sequence(data)?),
            opcode::QOS_HEARTBEAT => {
                Self::Heartbeat(serde_json::from_str::<QosHeartbeat>(data)?.seq)
            }
            opcode::IDENTIFY => Self::Identify(Box::new(serde_json::from_str(data)?)),
            opcode::PRESENCE_UPDATE => Self::Presence(serde_json::from_str(data)?),
            opcode::RESUME => Self::Resume(serde_json::from_str(data)?),
            opcode::REQUEST_GUILD_MEMBERS => Self::RequestMembers(serde_json::from_str(data)?),
            opcode::GUILD_SUBSCRIPTIONS => Self::Subscribe(Subscriptions::one(data)?),
            opcode::GUILD_SUBSCRIPTIONS_BULK => Self::Subscribe(Subscriptions::bulk(data)?),
            opcode::REQUEST => Self::Api(serde_json::from_str(data)?),
            4 | 5 | 12 | 13 | 15..=36 | 38 | 39 | 41..=opcode::KNOWN_MAX => Self::Ignored(op),
            unknown => return Err(DecodeError::UnknownOpcode(u64::from(unknown))),
        })
    }
}

/// Reads the sequence of a heartbeat; a negative one, which some libraries start with, counts as
/// none.
fn sequence(data: &str) -> Result<Option<u64>, serde_json::Error> {
    let number: Option<i64> = serde_json::from_str(data)?;
    Ok(number.and_then(|number| u64::try_from(number).ok()))
}

/// Builds the first payload on a link.
#[must_use]
pub fn hello(heartbeat_millis: u64) -> String {
    let data = format!(r#"{{"heartbeat_interval":{heartbeat_millis},"_trace":["throng"]}}"#);
    format!(r#"{{"op":10,"d":{data},"s":null,"t":null}}"#)
}
