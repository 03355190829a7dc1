//! Reading the control stream.

use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use quinn::{ConnectionError, ReadError, RecvStream};
use throng_proto::close::CloseCode;
use throng_proto::throng::{Close, Decoder, Frame, FrameError};

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The peer broke the rules of frames.
    Frame(FrameError),
    /// The peer ended the stream without a close.
    Ended,
    /// The connection is gone.
    Lost(ConnectionError),
}

impl Fault {
    /// Returns what to tell a peer that broke the rules; `None` for one that is gone.
    pub(crate) fn close(&self) -> Option<Close> {
        let reason = match self {
            Self::Frame(error) => error.to_string(),
            Self::Ended => "The control stream ended.".to_owned(),
            Self::Lost(_) => return None,
        };
        Some(Close { code: CloseCode::DecodeError.code(), reason })
    }
}

/// The control stream's reading end, with what was read and not yet asked for.
pub(crate) struct Inbound {
    stream: RecvStream,
    decoder: Decoder,
    rest: Bytes,
}

impl Inbound {
    pub(crate) fn new(stream: RecvStream, payload_bytes_max: usize) -> Self {
        Self { stream, decoder: Decoder::new(payload_bytes_max), rest: Bytes::new() }
    }

    /// Waits for the next frame; after a fault there is nothing more.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Fault>> {
        loop {
            match self.decoder.decode(&mut self.rest) {
                Ok(Some(frame)) => return Poll::Ready(Ok(frame)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(Fault::Frame(error))),
            }
            match ready!(self.poll_chunk(cx)) {
                Ok(chunk) => self.rest = chunk,
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Throws away what arrives until there is nothing more.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Fault> {
        loop {
            if let Err(fault) = ready!(self.poll_chunk(cx)) {
                return Poll::Ready(fault);
            }
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Fault>> {
        // The stream remembers the waker, so a new future each time loses nothing.
        let reading = pin!(self.stream.read_chunk(usize::MAX, true));
        Poll::Ready(match ready!(reading.poll(cx)) {
            Ok(Some(chunk)) => Ok(chunk.bytes),
            Err(ReadError::ConnectionLost(error)) => Err(Fault::Lost(error)),
            Ok(None) | Err(_) => Err(Fault::Ended),
        })
    }
}
