//! The envelope of what clients send.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::DecodeError;
use super::shape::{count, object, optional, wrong};
use super::{ApiRequest, Identify, PresenceUpdate, RequestMembers, Resume, Subscriptions, opcode};
use crate::form;

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

#[derive(Deserialize)]
struct Envelope<'a> {
    op: Value,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads an object; serde would read a struct from an array too.
    fn read(payload: &'a [u8]) -> Result<Self, DecodeError> {
        if payload.trim_ascii_start().first() != Some(&b'{') {
            return Err(DecodeError::NoObject);
        }
        Ok(serde_json::from_slice(payload)?)
    }

    /// Returns the opcode, which some languages write as `1.0`.
    fn opcode(&self) -> Result<u8, DecodeError> {
        let number = Some(&self.op).filter(|op| op.is_number());
        let op = number.and_then(|op| form::salvage_with(op, |op| op.number::<u64>(0..=i64::MAX)));
        let op = op.ok_or(wrong("op"))?;
        u8::try_from(op).map_err(|_| DecodeError::UnknownOpcode(op))
    }
}

impl Inbound {
    /// Reads one payload. What comes of it is made of typed values alone, but for the body of a
    /// request of the HTTP API, which the API reads.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], each with its close code.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let envelope = Envelope::read(payload)?;
        let op = envelope.opcode()?;
        let raw = envelope.d.map_or("null", RawValue::get);
        if op == opcode::REQUEST {
            return ApiRequest::read(raw).map(Self::Api);
        }
        if matches!(op, 4 | 5 | 12 | 13 | 15..=36 | 38 | 39 | 41..=opcode::KNOWN_MAX) {
            return Ok(Self::Ignored(op));
        }
        let data = &serde_json::from_str(raw)?;
        Ok(match op {
            opcode::HEARTBEAT => Self::Heartbeat(heartbeat(data)?),
            opcode::QOS_HEARTBEAT => {
                Self::Heartbeat(object(data, |form| optional(form, "seq", last))?.flatten())
            }
            opcode::IDENTIFY => Self::Identify(Box::new(object(data, Identify::read)?)),
            opcode::PRESENCE_UPDATE => Self::Presence(object(data, PresenceUpdate::read)?),
            opcode::RESUME => Self::Resume(object(data, Resume::read)?),
            opcode::REQUEST_GUILD_MEMBERS => {
                Self::RequestMembers(object(data, RequestMembers::read)?)
            }
            opcode::GUILD_SUBSCRIPTIONS => Self::Subscribe(Subscriptions::one(raw)?),
            opcode::GUILD_SUBSCRIPTIONS_BULK => Self::Subscribe(Subscriptions::bulk(raw)?),
            unknown => return Err(DecodeError::UnknownOpcode(u64::from(unknown))),
        })
    }
}

/// Reads the sequence of a heartbeat, which may be null.
fn heartbeat(data: &Value) -> Result<Option<u64>, DecodeError> {
    if data.is_null() {
        return Ok(None);
    }
    form::salvage_with(data, last).ok_or(wrong("d"))
}

/// Reads a sequence; a negative one, which some libraries start with, counts as none.
fn last(field: &form::Field<'_>) -> Option<Option<u64>> {
    let negative = field.number::<i64>(i64::MIN..=-1).is_some();
    count(field).map(|sequence| (!negative).then_some(sequence))
}
