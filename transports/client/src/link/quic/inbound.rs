//! What comes over QUIC: the control stream, a stream for each guild, datagrams.

use bytes::Bytes;
use quinn::{Connection, ReadError, ReadExactError, RecvStream};
use throng_proto::throng::{
    Close, Datagram, Decoder, Dispatch, Frame, Message, PREAMBLE_BYTES, guild,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::{Arrival, Heard, PAYLOAD_BYTES_MAX, read};
use super::lost;
use crate::cause::Cause;
use crate::event::Numbered;

/// Longest piece that is taken from a stream at a time.
const CHUNK_BYTES_MAX: usize = 64 << 10;

/// Reads the control stream to its end.
pub(super) async fn control(
    connection: Connection,
    stream: RecvStream,
    heard: mpsc::Sender<Heard>,
) {
    let mut frames = Frames::new(stream);
    loop {
        let next = match frames.next().await {
            Ok(Some(frame)) => understand(frame, &connection),
            Ok(None) => Err(violation("the control stream ended")),
            Err(cause) => Err(cause),
        };
        let next = next.unwrap_or_else(Heard::Ended);
        let ended = matches!(next, Heard::Ended(_));
        if heard.send(next).await.is_err() || ended {
            return;
        }
    }
}

fn understand(frame: Frame, connection: &Connection) -> Result<Heard, Cause> {
    match frame {
        Frame::Payload(text) => read(&text),
        Frame::Dispatch(dispatch) => numbered(&dispatch).map(Heard::Dispatch),
        Frame::Message(Message::Skipped(ranges)) => Ok(Heard::Skipped(ranges)),
        Frame::Message(Message::Close(Close { code, reason })) => {
            connection.close(u32::from(code).into(), reason.as_bytes());
            Err(Cause::Closed { code, reason })
        }
        Frame::Message(Message::Open(_)) => Err(violation("only clients open")),
    }
}

/// Takes the streams that the gateway opens, each into a task of its own.
pub(super) async fn guilds(
    connection: Connection,
    heard: mpsc::Sender<Heard>,
    arrived: mpsc::Sender<Arrival>,
) {
    let mut streams = JoinSet::new();
    // The control stream reports the end of the connection.
    while let Ok(stream) = connection.accept_uni().await {
        while streams.try_join_next().is_some() {}
        let (heard, arrived) = (heard.clone(), arrived.clone());
        streams.spawn(async move {
            // Of the end of the connection the control stream tells.
            if let Err(cause @ Cause::Violation(_)) = follow(stream, &arrived).await {
                let _ended = heard.send(Heard::Ended(cause)).await;
            }
        });
    }
}

/// Reads one guild's stream to its end.
async fn follow(mut stream: RecvStream, arrived: &mpsc::Sender<Arrival>) -> Result<(), Cause> {
    let mut preamble = [0; PREAMBLE_BYTES];
    stream.read_exact(&mut preamble).await.map_err(|error| match error {
        ReadExactError::FinishedEarly(_) => violation("a stream without a guild"),
        ReadExactError::ReadError(error) => broken(error),
    })?;
    guild(preamble).map_err(|error| violation(&error.to_string()))?;
    let mut frames = Frames::new(stream);
    while let Some(frame) = frames.next().await? {
        let Frame::Dispatch(dispatch) = frame else {
            return Err(violation("a guild's stream carries events only"));
        };
        let dispatch = numbered(&dispatch)?;
        if arrived.send(Arrival { dispatch, expires: None }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes datagrams, and drops those that nobody takes within their lifetime or can read.
pub(super) async fn datagrams(connection: Connection, arrived: mpsc::Sender<Arrival>) {
    while let Ok(bytes) = connection.read_datagram().await {
        let Ok(Datagram { dispatch, lifetime }) = Datagram::decode(bytes) else { continue };
        let Ok(dispatch) = numbered(&dispatch) else { continue };
        let expires = Some(Instant::now() + lifetime);
        let _late = arrived.send_timeout(Arrival { dispatch, expires }, lifetime).await;
    }
}

fn numbered(dispatch: &Dispatch) -> Result<Numbered, Cause> {
    let text = dispatch.text(PAYLOAD_BYTES_MAX).map_err(|error| violation(&error.to_string()))?;
    match read(&text)? {
        Heard::Dispatch(numbered) => Ok(numbered),
        _ => Err(violation("a dispatch with another opcode")),
    }
}

fn violation(what: &str) -> Cause {
    Cause::Violation(what.to_owned())
}

fn broken(error: ReadError) -> Cause {
    match error {
        ReadError::ConnectionLost(error) => lost(&error),
        error => violation(&error.to_string()),
    }
}

/// A stream, cut into frames.
struct Frames {
    stream: RecvStream,
    decoder: Decoder,
    chunk: Bytes,
}

impl Frames {
    fn new(stream: RecvStream) -> Self {
        Self { stream, decoder: Decoder::new(PAYLOAD_BYTES_MAX), chunk: Bytes::new() }
    }

    /// Returns the next frame, `None` at the end of the stream.
    async fn next(&mut self) -> Result<Option<Frame>, Cause> {
        loop {
            let frame = self.decoder.decode(&mut self.chunk);
            let frame = frame.map_err(|error| violation(&error.to_string()))?;
            if frame.is_some() {
                return Ok(frame);
            }
            match self.stream.read_chunk(CHUNK_BYTES_MAX, true).await.map_err(broken)? {
                Some(chunk) => self.chunk = chunk.bytes,
                None if self.decoder.is_idle() => return Ok(None),
                None => return Err(violation("a stream ended within a frame")),
            }
        }
    }
}
