//! Requests of the HTTP API that travel over a link: Throng's own opcodes 100 and 101.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::DecodeError;
use super::opcode;
use super::shape::wrong;
use crate::{form, json};

/// A request of the HTTP API over a link (op 100).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiRequest {
    /// Comes back in the answer; the client's own count.
    pub id: u64,
    /// HTTP method, in capitals.
    pub method: String,
    /// Path below `/api/v10`, with its query, such as `/channels/1/messages?limit=1`.
    pub path: String,
    /// JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

/// The answer to an [`ApiRequest`] (op 101).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiResponse {
    /// Of the request.
    pub id: u64,
    /// HTTP status.
    pub status: u16,
    /// Seconds until the client should try again, where waiting helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    /// JSON body; an error has Discord's `code` and `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

/// A request as it comes: its body is read by the API, not here.
#[derive(Deserialize)]
struct Sent {
    id: Value,
    method: String,
    path: String,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    op: u8,
    d: &'a T,
}

impl ApiRequest {
    /// Reads the data of a payload; an array is no request.
    pub(super) fn read(data: &str) -> Result<Self, DecodeError> {
        if !data.starts_with('{') {
            return Err(wrong("d"));
        }
        let Sent { id, method, path, body } = serde_json::from_str(data)?;
        let small = form::salvage_with(&id, |id| id.number(0..=i64::MAX));
        let id = small.or_else(|| id.as_u64()).ok_or(wrong("id"))?;
        Ok(Self { id, method, path, body })
    }

    /// Returns the whole payload.
    #[must_use]
    pub fn payload(&self) -> String {
        payload(opcode::REQUEST, self)
    }
}

impl ApiResponse {
    /// Returns the whole payload.
    #[must_use]
    pub fn payload(&self) -> String {
        payload(opcode::RESPONSE, self)
    }
}

fn payload<T: Serialize>(op: u8, d: &T) -> String {
    json::text(&Envelope { op, d })
}
