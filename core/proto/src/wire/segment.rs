//! Shared bytes with their compressed forms, made at most once each.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use smallvec::{SmallVec, smallvec};
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, ResetDirective};

use super::splice::{ZSTD_NORMALISER, ZSTD_WINDOW_LOG};

/// Level of the shared deflate, which is paid once per event, not once per session.
const ZLIB_LEVEL: u32 = 6;
/// Level of the shared zstd blocks; Discord's own choice for its streams.
const ZSTD_LEVEL: i32 = 6;
/// Bytes of a zstd frame header with a window descriptor and no content size.
const ZSTD_HEADER: usize = 6;

/// Text that sessions share, with its compressed forms made on first use.
///
/// Both ends of a segment must lie between two JSON tokens, because the zstd form adds white space
/// after it. Cloning an `Arc` of it costs one reference count.
#[derive(Debug)]
pub struct Segment {
    text: Bytes,
    zlib: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
}

impl Segment {
    /// Wraps text for sharing.
    #[must_use]
    pub fn new(text: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self { text: text.into(), zlib: OnceLock::new(), zstd: OnceLock::new() })
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// Returns raw deflate blocks that end in a sync flush (`00 00 ff ff`).
    pub fn zlib(&self) -> &Bytes {
        self.zlib.get_or_init(|| ZLIB.with_borrow_mut(|encoder| deflate(encoder, &self.text)))
    }

    /// Returns zstd blocks without a frame header, the last one the normaliser.
    pub fn zstd(&self) -> &Bytes {
        self.zstd.get_or_init(|| ZSTD.with_borrow_mut(|encoder| compress(encoder, &self.text)))
    }
}

/// Everything of a dispatch after its sequence: one segment, or several that are shared separately.
#[derive(Clone, Debug)]
pub struct Body(SmallVec<[Arc<Segment>; 1]>);

impl Body {
    /// Encodes `"op":0,"t":kind,"d":payload}`.
    #[must_use]
    pub fn dispatch(kind: &str, payload: &str) -> Self {
        let mut text = String::with_capacity(payload.len() + kind.len() + 20);
        text.push_str("\"op\":0,\"t\":\"");
        text.push_str(kind);
        text.push_str("\",\"d\":");
        text.push_str(payload);
        text.push('}');
        Self(smallvec![Segment::new(text)])
    }

    /// Joins segments that together are `"op":0,"t":…,"d":…}`.
    #[must_use]
    pub fn from_segments(segments: impl IntoIterator<Item = Arc<Segment>>) -> Self {
        Self(segments.into_iter().collect())
    }

    /// Returns the segments in order.
    #[must_use]
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.0
    }

    /// Returns the bytes of the text form.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.0.iter().map(|segment| segment.text.len()).sum()
    }

    /// Returns the text as one string of bytes; copies when there are several segments.
    #[must_use]
    pub fn text(&self) -> Bytes {
        match self.0.as_slice() {
            [one] => one.text.clone(),
            many => many.iter().flat_map(|segment| segment.text.iter().copied()).collect(),
        }
    }
}

thread_local! {
    // One encoder per thread: their state is 370 KB (zlib) and about 1 MB (zstd).
    static ZLIB: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(ZLIB_LEVEL), false));
    static ZSTD: RefCell<CCtx<'static>> = RefCell::new(zstd_encoder());
}

fn deflate(encoder: &mut Compress, text: &[u8]) -> Bytes {
    encoder.reset();
    let mut out = Vec::with_capacity(text.len() / 3 + 64);
    loop {
        let read = usize::try_from(encoder.total_in()).unwrap_or(usize::MAX);
        let result = encoder.compress_vec(&text[read..], &mut out, FlushCompress::Sync);
        debug_assert!(result.is_ok(), "deflate of memory has no error");
        // A sync flush is complete when the output has room left after all input was read.
        if encoder.total_in() == text.len() as u64 && out.len() < out.capacity() {
            return Bytes::from(out);
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

fn compress(encoder: &mut CCtx<'static>, text: &[u8]) -> Bytes {
    let reset = encoder.reset(ResetDirective::SessionOnly);
    debug_assert!(reset.is_ok(), "a session reset has no error");
    let mut out = Vec::with_capacity(zstd_safe::compress_bound(text.len()) + 64);
    let mut input = InBuffer::around(text);
    loop {
        let written = out.len();
        let mut buffer = OutBuffer::around_pos(&mut out, written);
        let flush = ZSTD_EndDirective::ZSTD_e_flush;
        let left = encoder.compress_stream2(&mut buffer, &mut input, flush).unwrap_or(0);
        if left == 0 && input.pos == text.len() {
            break;
        }
        out.reserve(left.max(1024));
    }
    out.drain(..ZSTD_HEADER.min(out.len()));
    out.extend_from_slice(&ZSTD_NORMALISER);
    Bytes::from(out)
}
