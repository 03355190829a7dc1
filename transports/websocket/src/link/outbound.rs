//! Writing: many frames with one call, and what a full socket leaves over.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use smallvec::SmallVec;
use throng_ports::link::Dispatch;
use throng_proto::wire::{self, Parts, Past, Wire};

use super::{Phase, WebSocketLink};
use crate::frame::{self, Opcode};
use crate::socket::Socket;

/// Most frames of one call.
const FRAMES: usize = 32;
/// Most slices of one call: three per frame of payload zlib, two of the others; 1.5 KiB of stack.
const SLICES: usize = 3 * FRAMES;
/// Own bytes of a batch: 32 frames with a header, a prefix and a tail of 45 bytes are 1,440 bytes.
const OWN_BYTES: usize = 1_536;

/// Batches up to this are copied together: the kernel takes longer for each slice than that costs.
const FLAT_BYTES: usize = 16 * 1_024;

/// What a blocked link still has to write.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    pub(super) queue: VecDeque<Bytes>,
    /// Bytes in the queue that are not of dispatches.
    pub(super) control_bytes: usize,
    /// Who waits for the flush, and thereby drives it.
    pub(super) flusher: Option<Waker>,
}

/// Frames of one call: own bytes in one buffer on the stack, shared bytes by reference.
#[derive(Default)]
struct Batch<'a> {
    own: SmallVec<[u8; OWN_BYTES]>,
    shared: SmallVec<[&'a Bytes; SLICES]>,
    frames: SmallVec<[Extent; FRAMES]>,
}

/// Where one frame ends in the buffers of its batch.
#[derive(Clone, Copy, Default)]
struct Extent {
    head_end: usize,
    shared_end: usize,
    tail_end: usize,
    /// Bytes of this frame and all before it.
    written_end: usize,
}

impl<'a> Batch<'a> {
    /// Adds frames until one call has enough.
    fn fill(&mut self, wire: Wire, mut past: Past, dispatches: &[Dispatch<'a>]) {
        for dispatch in dispatches.iter().take(FRAMES) {
            let slices = 2 * (self.frames.len() + 1) + self.shared.len();
            if slices + dispatch.body.segments().len() > SLICES && !self.frames.is_empty() {
                return;
            }
            let parts = wire::dispatch(wire, past, dispatch.sequence, dispatch.body);
            past = dispatch.body.past();
            self.add(wire, &parts);
        }
    }

    fn add(&mut self, wire: Wire, parts: &Parts<'a>) {
        let (start, before) = (self.own.len(), self.bytes());
        frame::encode(opcode(wire), parts.bytes(), &mut self.own);
        let written_end = before + self.own.len() - start + parts.bytes();
        self.own.extend_from_slice(&parts.head);
        let head_end = self.own.len();
        self.own.extend_from_slice(&parts.tail);
        self.shared.extend_from_slice(&parts.shared);
        let (shared_end, tail_end) = (self.shared.len(), self.own.len());
        self.frames.push(Extent { head_end, shared_end, tail_end, written_end });
    }

    /// Returns the length of all frames in bytes.
    fn bytes(&self) -> usize {
        self.frames.last().map_or(0, |extent| extent.written_end)
    }

    /// Returns everything to write, in order.
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut before = Extent::default();
        self.frames.iter().flat_map(move |extent| {
            let head = &self.own[before.tail_end..extent.head_end];
            let tail = &self.own[extent.head_end..extent.tail_end];
            let shared = &self.shared[before.shared_end..extent.shared_end];
            before = *extent;
            std::iter::once(Piece::Own(head))
                .chain(shared.iter().map(|bytes| Piece::Shared(bytes)))
                .chain((!tail.is_empty()).then_some(Piece::Own(tail)))
        })
    }

    /// Returns the bytes up to the end of frame number `frames`.
    fn end(&self, frames: usize) -> usize {
        frames.checked_sub(1).map_or(0, |last| self.frames[last].written_end)
    }

    /// Returns how many frames have any of the first `written` bytes.
    fn begun(&self, written: usize) -> usize {
        let full = self.frames.partition_point(|extent| extent.written_end <= written);
        full + usize::from(self.end(full) < written)
    }
}

/// A run of bytes to write.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Own(&'a [u8]),
    Shared(&'a Bytes),
}

impl<'a> Piece<'a> {
    fn as_slice(self) -> &'a [u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    fn to_bytes(self) -> Bytes {
        match self {
            Self::Own(bytes) => Bytes::copy_from_slice(bytes),
            Self::Shared(bytes) => Bytes::clone(bytes),
        }
    }
}

impl WebSocketLink {
    pub(super) fn send_dispatches(&self, dispatches: &[Dispatch<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < dispatches.len() && self.is_unblocked() {
            let mut batch = Batch::default();
            batch.fill(self.wire.get(), self.past.get(), &dispatches[taken..]);
            taken += self.write_batch(&batch)?;
            if let Some(last) = taken.checked_sub(1).and_then(|last| dispatches.get(last)) {
                self.past.set(last.body.past());
            }
        }
        Ok(taken)
    }

    /// Writes a batch and keeps the rest of the frame that was cut; returns how many frames have
    /// begun.
    fn write_batch(&self, batch: &Batch<'_>) -> io::Result<usize> {
        let written = if batch.bytes() <= FLAT_BYTES {
            // Filled in place: to return so much would copy all of it once more.
            let mut flat: SmallVec<[u8; FLAT_BYTES]> = SmallVec::new();
            batch.pieces().for_each(|piece| flat.extend_from_slice(piece.as_slice()));
            self.write_flat(&flat)?
        } else {
            let slices: SmallVec<[IoSlice<'_>; SLICES]> =
                batch.pieces().map(|piece| IoSlice::new(piece.as_slice())).collect();
            self.write(&slices)?
        };
        let begun = batch.begun(written);
        if written < batch.bytes() {
            let mut skip = written;
            let mut left = batch.end(begun) - written;
            let mut blocked = Box::<Blocked>::default();
            for piece in batch.pieces() {
                let length = piece.as_slice().len();
                if skip >= length {
                    skip -= length;
                } else if left > 0 {
                    let mut bytes = piece.to_bytes();
                    bytes.advance(std::mem::take(&mut skip));
                    left -= bytes.len();
                    blocked.queue.push_back(bytes);
                }
            }
            self.blocked.set(Some(blocked));
        }
        Ok(begun)
    }

    /// Writes one frame, or queues what does not fit.
    pub(super) fn push(&self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut header: SmallVec<[u8; 16]> = SmallVec::new();
        frame::encode(opcode, payload.len(), &mut header);
        let mut blocked = self.blocked.take();
        let written = match &blocked {
            Some(_) => 0,
            None => self.write(&[IoSlice::new(&header), IoSlice::new(payload)])?,
        };
        if written < header.len() + payload.len() {
            let blocked = blocked.get_or_insert_default();
            let mut rest = Vec::with_capacity(header.len() + payload.len() - written);
            rest.extend_from_slice(&header[written.min(header.len())..]);
            rest.extend_from_slice(&payload[written.saturating_sub(header.len())..]);
            blocked.control_bytes += rest.len();
            blocked.queue.push_back(Bytes::from(rest));
        }
        self.blocked.set(blocked);
        Ok(())
    }

    pub(super) fn is_unblocked(&self) -> bool {
        let blocked = self.blocked.take();
        let unblocked = blocked.is_none();
        self.blocked.set(blocked);
        unblocked
    }

    /// Returns the queued bytes that are not of dispatches.
    pub(super) fn backlog(&self) -> usize {
        let blocked = self.blocked.take();
        let bytes = blocked.as_ref().map_or(0, |blocked| blocked.control_bytes);
        self.blocked.set(blocked);
        bytes
    }

    /// Counts what waits as no control, so that as much of that is kept as ever.
    pub(super) fn leave_room_for_control(&self) {
        let mut blocked = self.blocked.take();
        if let Some(blocked) = &mut blocked {
            blocked.control_bytes = 0;
        }
        self.blocked.set(blocked);
    }

    /// Writes the queue for who asked to flush it.
    pub(super) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(mut blocked) = self.blocked.take() else { return Poll::Ready(Ok(())) };
        let polled = self.poll_queue(cx, &mut blocked.queue);
        if polled.is_pending() {
            blocked.flusher = Some(cx.waker().clone());
            self.blocked.set(Some(blocked));
        } else if self.phase.get() == Phase::Draining {
            self.finish_writing();
        }
        polled
    }

    /// Writes the queue for a reader, so that answers leave although nobody flushes.
    pub(super) fn poll_flushed_in_passing(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(mut blocked) = self.blocked.take() else { return Poll::Ready(Ok(())) };
        // A socket wakes one writer. While who flushes has that place, a reader must not take it;
        // after a close nobody needs to flush any more.
        let flusher = blocked.flusher.take();
        if flusher.is_some() && self.phase.get() == Phase::Open {
            blocked.flusher = flusher;
            self.blocked.set(Some(blocked));
            return Poll::Pending;
        }
        let polled = self.poll_queue(cx, &mut blocked.queue);
        if polled.is_pending() {
            blocked.flusher = flusher;
            self.blocked.set(Some(blocked));
            return polled;
        }
        if self.phase.get() == Phase::Draining {
            self.finish_writing();
        }
        if let Some(flusher) = flusher {
            flusher.wake();
        }
        polled
    }

    fn poll_queue(
        &self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<io::Result<()>> {
        // A link that is blocked without a queue had a write refused between two frames: there is
        // nothing to try again with, so the socket is asked first.
        let mut refused = queue.is_empty();
        loop {
            self.write_queue(queue)?;
            if queue.is_empty() && !refused {
                return Poll::Ready(Ok(()));
            }
            refused = false;
            let guard = self.socket.borrow();
            let Some(socket) = guard.as_ref() else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            ready!(socket.poll_writable(cx));
        }
    }

    /// Writes as much of the queue as the socket takes.
    fn write_queue(&self, queue: &mut VecDeque<Bytes>) -> io::Result<()> {
        while !queue.is_empty() {
            let slices: SmallVec<[IoSlice<'_>; SLICES]> =
                queue.iter().take(SLICES).map(|bytes| IoSlice::new(bytes)).collect();
            let mut written = self.write(&slices)?;
            drop(slices);
            if written == 0 {
                break;
            }
            while let Some(front) = queue.front_mut() {
                if written < front.len() {
                    front.advance(written);
                    break;
                }
                written -= front.len();
                queue.pop_front();
            }
        }
        Ok(())
    }

    /// Writes once; 0 when the socket is full.
    fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.written(|socket| socket.try_write_vectored(slices))
    }

    /// As [`Self::write`], from one piece, for which the kernel has a shorter way.
    fn write_flat(&self, bytes: &[u8]) -> io::Result<usize> {
        self.written(|socket| socket.try_write(bytes))
    }

    fn written(&self, write: impl FnOnce(&Socket) -> io::Result<usize>) -> io::Result<usize> {
        let guard = self.socket.borrow();
        let written = match write(guard.as_ref().ok_or(io::ErrorKind::NotConnected)?) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.sent.set(self.sent.get() + written as u64);
        Ok(written)
    }

    pub(super) fn finish_if_unblocked(&self) {
        if self.is_unblocked() {
            self.finish_writing();
        }
    }
}

/// Returns the opcode of payloads on a wire.
pub(super) const fn opcode(wire: Wire) -> Opcode {
    if wire.is_text() { Opcode::Text } else { Opcode::Binary }
}
