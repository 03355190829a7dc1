//! The encoders: one of each per thread, whose state is 370 KB (zlib) and about 1 MB (zstd).

use std::cell::RefCell;
use std::thread::LocalKey;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use smallvec::SmallVec;
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, ResetDirective};

use super::Wire;
use super::format::{DEFLATE_FLUSH, ZSTD_FRAME, ZSTD_NORMALISER, ZSTD_WINDOW_LOG, uncompressed};

/// Level of the shared deflate, which is paid once per event, not once per session.
const ZLIB_LEVEL: u32 = 6;
/// Level of the shared zstd blocks; Discord's own choice for its streams.
const ZSTD_LEVEL: i32 = 6;

thread_local! {
    static ZLIB: RefCell<Compress> = RefCell::new(zlib_encoder());
    static ZSTD: RefCell<CCtx<'static>> = RefCell::new(zstd_encoder());
}

/// Returns raw deflate blocks that end in a sync flush (`00 00 ff ff`), and that may refer to
/// `known`, which the decoder must have right before them.
pub(super) fn zlib(known: &[u8], text: &[u8]) -> Bytes {
    compressed(&ZLIB, |encoder| deflate(encoder, known, text), Wire::ZlibStream, text)
}

/// Returns zstd blocks without a frame header, the last one the normaliser, that may refer to
/// `known`, as with [`zlib`].
pub(super) fn zstd(known: &[u8], text: &[u8]) -> Bytes {
    compressed(&ZSTD, |encoder| compress(encoder, known, text), Wire::ZstdStream, text)
}

/// Compresses, or stores the text in uncompressed blocks should the encoder fail.
fn compressed<E>(
    encoder: &'static LocalKey<RefCell<E>>,
    encode: impl FnOnce(&mut E) -> Option<Vec<u8>>,
    wire: Wire,
    text: &[u8],
) -> Bytes {
    let encoded = encoder.with_borrow_mut(encode);
    debug_assert!(encoded.is_some(), "only a lack of memory fails");
    // Frames live long in replay rings, so they keep no spare capacity.
    Bytes::from(encoded.unwrap_or_else(|| stored(wire, text)).into_boxed_slice())
}

fn stored(wire: Wire, text: &[u8]) -> Vec<u8> {
    let mut out = SmallVec::new();
    uncompressed(wire, text, &mut out);
    if wire == Wire::ZlibStream {
        out.extend_from_slice(&DEFLATE_FLUSH);
    }
    out.into_vec()
}

fn zlib_encoder() -> Compress {
    Compress::new(Compression::new(ZLIB_LEVEL), false)
}

fn deflate(encoder: &mut Compress, known: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    encoder.reset();
    if !known.is_empty() {
        encoder.set_dictionary(known).ok()?;
    }
    let mut out = Vec::with_capacity(text.len() / 3 + 64);
    loop {
        let read = usize::try_from(encoder.total_in()).ok()?;
        encoder.compress_vec(&text[read..], &mut out, FlushCompress::Sync).ok()?;
        // A sync flush is complete when the output has room left after all input was read.
        if encoder.total_in() == text.len() as u64 && out.len() < out.capacity() {
            return Some(out);
        }
        out.reserve(out.capacity().max(64));
    }
}

fn zstd_encoder() -> CCtx<'static> {
    let mut encoder = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(ZSTD_LEVEL),
        CParameter::WindowLog(ZSTD_WINDOW_LOG),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
    ] {
        let result = encoder.set_parameter(parameter);
        debug_assert!(result.is_ok(), "zstd takes these parameters");
    }
    encoder
}

fn compress(encoder: &mut CCtx<'static>, known: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    encoder.reset(ResetDirective::SessionOnly).ok()?;
    // An empty one takes the last one away.
    encoder.load_dictionary(known).ok()?;
    let bound = zstd_safe::compress_bound(text.len());
    let mut out = Vec::with_capacity(bound + ZSTD_FRAME.len() + ZSTD_NORMALISER.len());
    let mut input = InBuffer::around(text);
    loop {
        let written = out.len();
        let mut buffer = OutBuffer::around_pos(&mut out, written);
        let flush = ZSTD_EndDirective::ZSTD_e_flush;
        let left = encoder.compress_stream2(&mut buffer, &mut input, flush).ok()?;
        if left == 0 && input.pos == text.len() {
            break;
        }
        out.reserve(left.max(1024));
    }
    // An empty text makes no frame header.
    if !text.is_empty() {
        debug_assert!(out.starts_with(&ZSTD_FRAME), "these parameters fix the header");
        out.drain(..ZSTD_FRAME.len());
    }
    out.extend_from_slice(&ZSTD_NORMALISER);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_was_only_stored_reads_like_compressed_text() {
        let text = "throng ".repeat(40_000);
        let mut inflated = Vec::with_capacity(text.len() + 1);
        let deflated = stored(Wire::ZlibStream, text.as_bytes());
        let flush = flate2::FlushDecompress::Sync;
        let result = flate2::Decompress::new(false).decompress_vec(&deflated, &mut inflated, flush);
        assert!(result.is_ok() && inflated == text.as_bytes());

        let mut frame = ZSTD_FRAME.to_vec();
        frame.extend(stored(Wire::ZstdStream, text.as_bytes()));
        let mut out = Vec::with_capacity(text.len() + 1);
        let mut output = OutBuffer::around(&mut out);
        let mut input = InBuffer::around(&frame);
        let mut decoder = zstd_safe::DCtx::create();
        while input.pos < frame.len() {
            assert!(decoder.decompress_stream(&mut output, &mut input).is_ok());
        }
        assert!(output.as_slice() == text.as_bytes());
    }
}
