//! Frames: what a stream is cut into.

use bytes::{Buf, Bytes};
use smallvec::SmallVec;
use thiserror::Error;

use super::varint;
use super::{Dispatch, Message};
use crate::json;

/// Bytes of a frame before its body: two varints.
pub type Header = SmallVec<[u8; 2 * varint::BYTES_MAX]>;

/// What the body of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A whole payload of the gateway's protocol.
    Payload,
    /// A message of the transport's own.
    Message,
    /// What everybody shares of a dispatch.
    Dispatch {
        /// The session's sequence of it, at least 1.
        sequence: u32,
        /// Whether the body is zstd blocks instead of text.
        compressed: bool,
    },
}

/// One frame that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole payload of the gateway's protocol: JSON, unless the peer is wrong.
    Payload(Bytes),
    /// A message of the transport's own.
    Message(Message),
    /// A dispatch of the gateway.
    Dispatch(Dispatch),
}

/// Why a stream cannot be read on.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The body is longer than the reader takes.
    #[error("frame is too long")]
    TooLong,
    /// The length leaves no room for the head.
    #[error("frame is shorter than its head")]
    TooShort,
    /// The sequence does not exist.
    #[error("sequence is beyond 32 bits")]
    Sequence,
    /// The transport's own message is none of those that exist.
    #[error("message is not valid: {0}")]
    Message(#[from] serde_json::Error),
}

impl Head {
    pub(super) fn value(self) -> u64 {
        match self {
            Self::Payload => 0,
            Self::Message => 1,
            Self::Dispatch { sequence, compressed } => {
                debug_assert!(sequence > 0, "sequences begin with 1");
                u64::from(sequence) << 1 | u64::from(compressed)
            }
        }
    }

    pub(super) fn parse(value: u64) -> Result<Self, FrameError> {
        Ok(match value {
            0 => Self::Payload,
            1 => Self::Message,
            _ => Self::Dispatch {
                sequence: u32::try_from(value >> 1).map_err(|_| FrameError::Sequence)?,
                compressed: value & 1 == 1,
            },
        })
    }
}

/// Builds what goes before a body of `body_bytes`.
#[must_use]
pub fn header(head: Head, body_bytes: usize) -> Header {
    let mut second: SmallVec<[u8; varint::BYTES_MAX]> = SmallVec::new();
    varint::encode(head.value(), &mut second);
    let mut header = Header::new();
    varint::encode((second.len() + body_bytes) as u64, &mut header);
    header.extend_from_slice(&second);
    header
}

/// Builds a whole frame; for what is not shared.
#[must_use]
pub fn whole(head: Head, body: &[u8]) -> Vec<u8> {
    let header = header(head, body.len());
    let mut frame = Vec::with_capacity(header.len() + body.len());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(body);
    frame
}

impl Message {
    /// Returns the whole frame.
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        whole(Head::Message, json::text(self).as_bytes())
    }
}

/// Cuts a stream into frames, however its bytes arrive.
///
/// It holds what is there of one frame and never more than a header and the longest body; between
/// two frames it holds nothing.
#[derive(Clone, Debug)]
pub struct Decoder {
    header: Header,
    /// What the header said, once it was whole.
    open: Option<(Head, usize)>,
    body: Vec<u8>,
    body_bytes_max: usize,
}

impl Decoder {
    /// Makes a decoder for frames whose bodies have at most `body_bytes_max`.
    #[must_use]
    pub fn new(body_bytes_max: usize) -> Self {
        Self { header: SmallVec::new(), open: None, body: Vec::new(), body_bytes_max }
    }

    /// Takes bytes up to the end of one frame; `None` when all were taken and more are needed.
    ///
    /// A body that is whole in `input` is not copied when `input` is [`Bytes`].
    ///
    /// # Errors
    ///
    /// The stream breaks the rules; nothing after that can be read.
    pub fn decode(&mut self, input: &mut impl Buf) -> Result<Option<Frame>, FrameError> {
        if self.open.is_none() {
            self.open = self.take_header(input)?;
        }
        let Some((head, length)) = self.open else { return Ok(None) };
        let Some(body) = self.take_body(input, length) else { return Ok(None) };
        self.open = None;
        self.header.clear();
        Ok(Some(match head {
            Head::Payload => Frame::Payload(body),
            Head::Message => Frame::Message(serde_json::from_slice(&body)?),
            Head::Dispatch { sequence, compressed } => {
                Frame::Dispatch(Dispatch { sequence, compressed, body })
            }
        }))
    }

    /// Tells whether the decoder is between two frames.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.header.is_empty()
    }

    fn take_header(&mut self, input: &mut impl Buf) -> Result<Option<(Head, usize)>, FrameError> {
        while input.has_remaining() {
            self.header.push(input.get_u8());
            if let Some(open) = self.read_header()? {
                return Ok(Some(open));
            }
        }
        Ok(None)
    }

    fn read_header(&self) -> Result<Option<(Head, usize)>, FrameError> {
        let Some((length, at)) = varint::decode(&self.header) else { return Ok(None) };
        // The head is not there yet, but no head makes up for this much.
        if length > self.body_bytes_max.saturating_add(varint::BYTES_MAX) as u64 {
            return Err(FrameError::TooLong);
        }
        if length == 0 {
            return Err(FrameError::TooShort);
        }
        let Some((head, head_bytes)) = varint::decode(&self.header[at..]) else { return Ok(None) };
        let body = length.checked_sub(head_bytes as u64).ok_or(FrameError::TooShort)?;
        match usize::try_from(body) {
            Ok(body) if body <= self.body_bytes_max => Ok(Some((Head::parse(head)?, body))),
            _ => Err(FrameError::TooLong),
        }
    }

    fn take_body(&mut self, input: &mut impl Buf, length: usize) -> Option<Bytes> {
        if self.body.is_empty() && input.remaining() >= length {
            return Some(input.copy_to_bytes(length));
        }
        while self.body.len() < length && input.has_remaining() {
            let chunk = input.chunk();
            let taken = chunk.len().min(length - self.body.len());
            self.body.extend_from_slice(&chunk[..taken]);
            input.advance(taken);
        }
        (self.body.len() == length).then(|| Bytes::from(std::mem::take(&mut self.body)))
    }
}
