//! Reading compressed wires: whole on some links, and only the sequence on the others.
//!
//! A decoder has 40 KB and more, and costs more time than everything else here together.

use anyhow::{Result, ensure};
use flate2::{Decompress, FlushDecompress};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::ledger::SEQUENCE;
use crate::mark::digits;
use crate::order::Compression;

/// One link in so many is read whole.
pub(super) const SAMPLED: usize = 64;
/// A gateway writes a session's own bytes uncompressed, and no block header is longer than this.
const FRONT_BYTES: usize = 24;
/// First room for a payload.
const TEXT_BYTES: usize = 4 * 1024;

/// How what a link brings is read.
#[derive(Debug)]
pub(super) enum Inflow {
    /// As it is.
    Plain,
    /// Through a decoder.
    Sampled(Box<Decoder>),
    /// By what can be read without one.
    Counted,
}

/// State of one compressed stream.
pub(super) enum Decoder {
    Zlib(Decompress),
    Zstd(DCtx<'static>),
}

impl Inflow {
    /// Decides how the link of a session is read; those that must be, are read whole.
    pub(super) fn new(compression: Compression, index: usize, whole: bool) -> Self {
        let decoder = match compression {
            Compression::None => return Self::Plain,
            _ if !whole && !index.is_multiple_of(SAMPLED) => return Self::Counted,
            Compression::ZlibStream => Decoder::Zlib(Decompress::new(true)),
            Compression::ZstdStream => Decoder::Zstd(DCtx::create()),
        };
        Self::Sampled(Box::new(decoder))
    }
}

/// Returns the sequence of a compressed dispatch.
pub(super) fn sequence(payload: &[u8]) -> Option<u32> {
    let front = &payload[..payload.len().min(FRONT_BYTES)];
    let at = memchr::memmem::find(front, SEQUENCE)?;
    let number = payload[at + SEQUENCE.len()..].trim_ascii_start();
    u32::try_from(digits(number).0).ok()
}

impl Decoder {
    /// Decodes one message.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut text = Vec::with_capacity(TEXT_BYTES);
        let mut read = 0;
        loop {
            let (read_before, written_before) = (read, text.len());
            read += self.step(&bytes[read..], &mut text)?;
            // Text that fills its room may have a rest in the decoder.
            if text.len() == text.capacity() {
                text.reserve(text.len());
            } else if read == bytes.len() {
                return Ok(text);
            } else {
                let stuck = (read, text.len()) == (read_before, written_before);
                ensure!(!stuck, "a compressed message that cannot be read");
            }
        }
    }

    /// Decodes into the room there is, and returns how many bytes were read for that.
    fn step(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> Result<usize> {
        match self {
            Self::Zlib(state) => {
                let before = state.total_in();
                state.decompress_vec(bytes, text, FlushDecompress::Sync)?;
                Ok(usize::try_from(state.total_in() - before)?)
            }
            Self::Zstd(state) => {
                let mut input = InBuffer::around(bytes);
                let written = text.len();
                let mut output = OutBuffer::around_pos(text, written);
                let decoded = state.decompress_stream(&mut output, &mut input);
                ensure!(decoded.is_ok(), "a zstd stream that is none");
                Ok(input.pos)
            }
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decoder")
    }
}
