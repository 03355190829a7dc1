//! Shared bytes with their compressed forms, made at most once each.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::adler::Adler;
use super::{Wire, codec};

/// Text that sessions share, with its compressed forms made on first use.
///
/// Both ends of a segment must lie between two JSON tokens, because the zstd form adds white space
/// after it. Cloning an `Arc` of it costs one reference count.
#[derive(Debug)]
pub struct Segment {
    pub(super) text: Bytes,
    // Boxed, because most segments are never compressed.
    zlib: OnceLock<Box<Deflated>>,
    zstd: OnceLock<Box<Bytes>>,
}

/// Deflated text, and the sums of the text for the end of a zlib stream.
#[derive(Debug)]
struct Deflated {
    blocks: Bytes,
    sums: Adler,
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

    /// Returns the form that goes over a wire. The first call for a compressed one makes it, which
    /// costs about 10 us per KB.
    pub fn form(&self, wire: Wire) -> &Bytes {
        match wire {
            Wire::Text => self.text(),
            Wire::PayloadZlib | Wire::ZlibStream => self.zlib(),
            Wire::ZstdStream => self.zstd(),
        }
    }

    /// Returns the sums of the text, for the end of a zlib stream.
    pub(super) fn adler(&self) -> Adler {
        self.deflated().sums
    }

    /// Returns raw deflate blocks that end in a sync flush (`00 00 ff ff`).
    pub fn zlib(&self) -> &Bytes {
        &self.deflated().blocks
    }

    fn deflated(&self) -> &Deflated {
        self.zlib.get_or_init(|| {
            let (blocks, sums) = (codec::zlib(&[], &self.text), Adler::of(&self.text));
            Box::new(Deflated { blocks, sums })
        })
    }

    /// Returns zstd blocks without a frame header, the last one the normaliser.
    pub fn zstd(&self) -> &Bytes {
        self.zstd.get_or_init(|| Box::new(codec::zstd(&[], &self.text)))
    }
}
