//! One stream to the peer, with what waits for room on it.

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use quinn::SendStream;
use smallvec::SmallVec;
use throng_ports::link::Dispatch;
use throng_proto::throng::{Head, header};
use throng_proto::wire::{Body, Segment};

/// Frames that leave with one write.
pub(super) const BATCH_FRAMES: usize = 16;

/// Frames for one stream: headers and, by reference, what is shared. Mostly there is one.
#[derive(Default)]
pub(super) struct Batch {
    chunks: SmallVec<[Bytes; 4]>,
    /// For each frame the count of chunks up to its end.
    ends: SmallVec<[usize; 2]>,
}

impl Batch {
    /// Adds bytes in front of the next frame.
    pub(super) fn lead(&mut self, bytes: Bytes) {
        self.chunks.push(bytes);
    }

    /// Adds a frame as it is.
    pub(super) fn frame(&mut self, frame: Vec<u8>) {
        self.chunks.push(Bytes::from(frame));
        self.ends.push(self.chunks.len());
    }

    /// Adds a dispatch.
    pub(super) fn dispatch(&mut self, dispatch: &Dispatch<'_>, compress: bool) {
        let (compressed, body_bytes) = measure(dispatch.body, compress);
        let head = Head::Dispatch { sequence: dispatch.sequence, compressed };
        self.chunks.push(Bytes::copy_from_slice(&header(head, body_bytes)));
        self.chunks.extend(parts(dispatch.body, compressed).cloned());
        self.ends.push(self.chunks.len());
    }
}

/// Tells whether a body travels compressed, and its length then: as long as it gains anything.
pub(super) fn measure(body: &Body, compress: bool) -> (bool, usize) {
    let plain = body.text_bytes();
    if !compress {
        return (false, plain);
    }
    let compressed = body.segments().iter().map(|segment| segment.zstd().len()).sum();
    (compressed < plain, plain.min(compressed))
}

/// Returns the bytes that everybody shares.
pub(super) fn parts(body: &Body, compressed: bool) -> impl Iterator<Item = &Bytes> {
    let part = if compressed { Segment::zstd } else { Segment::text };
    body.segments().iter().map(move |segment| part(segment))
}

/// The writing end of a stream.
pub(super) struct Outlet {
    stream: SendStream,
    /// There is one as long as it holds anything.
    queue: Option<Box<Queue>>,
}

#[derive(Default)]
struct Queue {
    chunks: VecDeque<Bytes>,
    bytes: usize,
}

impl Outlet {
    pub(super) const fn new(stream: SendStream) -> Self {
        Self { stream, queue: None }
    }

    /// Tells whether everything has left.
    pub(super) const fn is_clear(&self) -> bool {
        self.queue.is_none()
    }

    /// Returns the bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.bytes)
    }

    /// Writes what there is room for, keeps frames as long as less than `queue_bytes_max` wait, and
    /// returns how many frames it took either way.
    pub(super) fn take(&mut self, batch: Batch, queue_bytes_max: usize) -> io::Result<usize> {
        let Batch { mut chunks, ends } = batch;
        let mut at = 0;
        if self.is_clear() {
            // Nobody waits yet; who flushes leaves a waker that means something.
            let mut cx = Context::from_waker(Waker::noop());
            at = write(&mut self.stream, &mut chunks, &mut cx)?.0;
        }
        if at == chunks.len() {
            return Ok(ends.len());
        }
        let queue = self.queue.get_or_insert_default();
        for (taken, end) in ends.iter().copied().enumerate() {
            if end > at {
                if queue.bytes >= queue_bytes_max {
                    return Ok(taken);
                }
                for chunk in &mut chunks[at..end] {
                    queue.bytes += chunk.len();
                    queue.chunks.push_back(std::mem::take(chunk));
                }
                at = end;
            }
        }
        Ok(ends.len())
    }

    /// Waits until everything has left.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(queue) = &mut self.queue else { return Poll::Ready(Ok(())) };
        let (chunks, bytes) = write(&mut self.stream, queue.chunks.make_contiguous(), cx)?;
        queue.chunks.drain(..chunks);
        queue.bytes -= bytes;
        if !queue.chunks.is_empty() {
            return Poll::Pending;
        }
        self.queue = None;
        Poll::Ready(Ok(()))
    }

    /// Marks the end of the stream for the peer, once everything has left.
    pub(super) fn finish(&mut self) {
        if self.is_clear() {
            // A stream that has ended or was stopped needs no end.
            let _ended = self.stream.finish();
        }
    }
}

/// Writes until the stream takes no more; returns the whole chunks and the bytes that it took.
fn write(
    stream: &mut SendStream,
    chunks: &mut [Bytes],
    cx: &mut Context<'_>,
) -> io::Result<(usize, usize)> {
    let (mut at, mut bytes) = (0, 0);
    while at < chunks.len() {
        let writing = pin!(stream.write_chunks(&mut chunks[at..]));
        match writing.poll(cx) {
            Poll::Ready(written) => {
                let written = written?;
                at += written.chunks;
                bytes += written.bytes;
            }
            Poll::Pending => break,
        }
    }
    Ok((at, bytes))
}
