//! Datagrams: dispatches that are lost rather than late.

use std::time::Duration;

use bytes::{Buf as _, Bytes};
use thiserror::Error;

use super::frame::{Head, Header};
use super::{Dispatch, varint};

/// A dispatch with the time after which it is worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The dispatch.
    pub dispatch: Dispatch,
    /// How long after its arrival a client may still show it.
    pub lifetime: Duration,
}

/// A datagram is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("datagram is not a dispatch")]
pub struct DatagramError;

impl Datagram {
    /// Builds what goes before the body.
    #[must_use]
    pub fn header(sequence: u32, compressed: bool, lifetime: Duration) -> Header {
        let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).min(varint::MAX);
        let mut header = Header::new();
        varint::encode(Head::Dispatch { sequence, compressed }.value(), &mut header);
        varint::encode(millis, &mut header);
        header
    }

    /// Reads a datagram; the body is not copied.
    ///
    /// # Errors
    ///
    /// It carries no dispatch.
    pub fn decode(mut bytes: Bytes) -> Result<Self, DatagramError> {
        let (head, head_bytes) = varint::decode(&bytes).ok_or(DatagramError)?;
        bytes.advance(head_bytes);
        let (millis, millis_bytes) = varint::decode(&bytes).ok_or(DatagramError)?;
        bytes.advance(millis_bytes);
        let Ok(Head::Dispatch { sequence, compressed }) = Head::parse(head) else {
            return Err(DatagramError);
        };
        let dispatch = Dispatch { sequence, compressed, body: bytes };
        Ok(Self { dispatch, lifetime: Duration::from_millis(millis) })
    }
}
