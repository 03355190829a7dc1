//! The far end of a wire: an ordinary decoder, which knows nothing of shared frames.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};
use throng_proto::wire::Wire;
use zstd_safe::{DCtx, InBuffer, OutBuffer};

/// Bytes by which a buffer grows.
const STEP_BYTES: usize = 64 * 1024;

/// Reads payloads as they travel on a wire, in order.
pub struct Decoder {
    wire: Wire,
    zlib: Decompress,
    zstd: DCtx<'static>,
}

impl Decoder {
    /// Begins to read what travels on a wire from its first payload on.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        Self { wire, zlib: Decompress::new(true), zstd: DCtx::create() }
    }

    /// Returns the JSON text of the next payload, with the white space that the wire adds.
    ///
    /// # Panics
    ///
    /// The bytes are not what travels on the wire.
    #[must_use]
    pub fn text(&mut self, payload: &[u8]) -> String {
        let text = match self.wire {
            Wire::Text => payload.to_vec(),
            Wire::PayloadZlib => {
                self.zlib = Decompress::new(true);
                let (text, status) = self.inflated(payload);
                assert!(status == Status::StreamEnd, "a payload is a whole zlib stream");
                text
            }
            Wire::ZlibStream => self.inflated(payload).0,
            Wire::ZstdStream => self.decompressed(payload),
        };
        match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => panic!("a payload is no text: {error}"),
        }
    }

    fn inflated(&mut self, payload: &[u8]) -> (Vec<u8>, Status) {
        let begin = self.zlib.total_in();
        let mut out = Vec::new();
        loop {
            out.reserve(STEP_BYTES);
            let read = usize::try_from(self.zlib.total_in() - begin).unwrap_or(usize::MAX);
            let inflated =
                self.zlib.decompress_vec(&payload[read..], &mut out, FlushDecompress::Sync);
            let status = match inflated {
                Ok(status) => status,
                Err(error) => panic!("{:?} is broken: {error}", self.wire),
            };
            let all = self.zlib.total_in() - begin == payload.len() as u64;
            if status == Status::StreamEnd || all && out.len() < out.capacity() {
                assert!(all, "nothing follows the end of a zlib stream");
                return (out, status);
            }
        }
    }

    fn decompressed(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut input = InBuffer::around(payload);
        let mut out: Vec<u8> = Vec::new();
        loop {
            out.reserve(STEP_BYTES);
            let written = out.len();
            let mut output = OutBuffer::around_pos(&mut out, written);
            if let Err(code) = self.zstd.decompress_stream(&mut output, &mut input) {
                panic!("{:?} is broken: {}", self.wire, zstd_safe::get_error_name(code));
            }
            if input.pos == payload.len() && out.len() < out.capacity() {
                return out;
            }
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("wire", &self.wire).finish_non_exhaustive()
    }
}
