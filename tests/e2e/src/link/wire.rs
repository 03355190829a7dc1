//! Turns the frames of every compression back into payloads, with decoders of others.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use flate2::{Decompress, FlushDecompress};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

/// Bytes that a decoder writes at a time.
const CHUNK_SIZE: usize = 64 * 1024;

/// How payloads travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Text frames, or one zlib stream for each payload when IDENTIFY asks for that.
    Plain,
    /// One zlib stream for the connection.
    Zlib,
    /// One zstd frame for the connection.
    Zstd,
}

impl Wire {
    /// Every way there is.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Zlib, Self::Zstd];

    /// Returns the name that drivers take.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "none",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
        }
    }

    /// Returns what a client asks for when it connects by WebSocket.
    pub(super) fn compress(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Zlib => "&compress=zlib-stream",
            Self::Zstd => "&compress=zstd-stream",
        }
    }
}

/// Decoder of one connection.
pub(super) enum Inflater {
    Payload,
    Zlib { stream: Box<Decompress>, pending: Vec<u8> },
    Zstd(DCtx<'static>),
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inflater")
    }
}

impl Inflater {
    pub(super) fn new(wire: Wire) -> Self {
        match wire {
            Wire::Plain => Self::Payload,
            Wire::Zlib => {
                Self::Zlib { stream: Box::new(Decompress::new(true)), pending: Vec::new() }
            }
            Wire::Zstd => Self::Zstd(DCtx::create()),
        }
    }

    /// Takes one binary frame; returns a payload when one is whole.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<String>> {
        let plain = match self {
            Self::Payload => {
                let mut stream = Decompress::new(true);
                let plain = inflate(&mut stream, bytes)?;
                ensure!(stream.total_in() as usize == bytes.len(), "bytes after the zlib stream");
                plain
            }
            Self::Zlib { stream, pending } => {
                pending.extend_from_slice(bytes);
                if !pending.ends_with(&[0, 0, 0xff, 0xff]) {
                    return Ok(None);
                }
                inflate(stream, &std::mem::take(pending))?
            }
            Self::Zstd(context) => expand(context, bytes)?,
        };
        Ok(Some(String::from_utf8(plain).context("a payload is not UTF-8")?))
    }
}

fn inflate(stream: &mut Decompress, bytes: &[u8]) -> Result<Vec<u8>> {
    let (mut plain, start) = (Vec::new(), stream.total_in());
    loop {
        plain.reserve(CHUNK_SIZE);
        let before = plain.len();
        let read = usize::try_from(stream.total_in() - start)?;
        stream.decompress_vec(&bytes[read..], &mut plain, FlushDecompress::Sync)?;
        let read = usize::try_from(stream.total_in() - start)?;
        if read == bytes.len() && plain.len() < plain.capacity() {
            return Ok(plain);
        }
        if plain.len() == before && read == 0 {
            bail!("the zlib stream is stuck");
        }
    }
}

fn expand(context: &mut DCtx<'static>, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    let mut input = InBuffer::around(bytes);
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_SIZE);
        let mut output = OutBuffer::around(&mut chunk);
        let left = context.decompress_stream(&mut output, &mut input);
        let left = left.map_err(|code| anyhow!("zstd: {}", zstd_safe::get_error_name(code)))?;
        ensure!(left != 0, "the zstd frame of the connection ended");
        let full = chunk.len() == CHUNK_SIZE;
        plain.append(&mut chunk);
        if input.pos() == bytes.len() && !full {
            return Ok(plain);
        }
    }
}
