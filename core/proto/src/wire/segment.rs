//! Shared bytes with their compressed forms, made at most once each.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use super::adler::Adler;
use super::chain::{Chain, Past};
use super::{Wire, codec};

/// Text that sessions share, with its compressed forms made on first use.
///
/// Both ends of a segment must lie between two JSON tokens, because the zstd form adds white space
/// after it. Cloning an `Arc` of it costs one reference count.
#[derive(Debug)]
pub struct Segment {
    text: Bytes,
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

/// Everything of a dispatch after its sequence: one segment, or several that are shared separately.
#[derive(Clone, Debug)]
pub struct Body {
    segments: SmallVec<[Arc<Segment>; 1]>,
    chain: Option<Arc<Chain>>,
}

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
        Self { segments: smallvec![Segment::new(text)], chain: None }
    }

    /// Joins segments that together are `"op":0,"t":…,"d":…}`.
    #[must_use]
    pub fn from_segments(segments: impl IntoIterator<Item = Arc<Segment>>) -> Self {
        Self { segments: segments.into_iter().collect(), chain: None }
    }

    /// Gives the body its place among those that many sessions get, right after `before`.
    ///
    /// Bodies of several segments stay outside.
    #[must_use]
    pub fn chained(self, place: u64, before: Option<&Self>) -> Self {
        if self.segments.len() != 1 {
            return self;
        }
        let before = before.and_then(|body| Some((body.past(), body.segments.first()?)));
        let chain = Chain::new(Past::place(place), before.filter(|(past, _)| *past != Past::OTHER));
        Self { chain: Some(Arc::new(chain)), ..self }
    }

    /// Returns what a link that was sent this body last has to remember of it.
    #[must_use]
    pub fn past(&self) -> Past {
        self.chain.as_ref().map_or(Past::OTHER, |chain| chain.place)
    }

    /// Returns the shared bytes that refer to what a link was sent last, if there are any for it.
    /// `own` is the length of its own bytes.
    pub(super) fn referring(&self, wire: Wire, past: Past, own: usize) -> Option<&Bytes> {
        let (chain, [segment]) = (self.chain.as_ref()?, self.segments.as_slice()) else {
            return None;
        };
        match wire {
            Wire::ZlibStream => chain.zlib(past, own, segment),
            Wire::ZstdStream => chain.zstd(past, own, segment),
            Wire::Text | Wire::PayloadZlib => None,
        }
    }

    /// Returns the segments in order.
    #[must_use]
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// Returns the bytes of the text form.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.text.len()).sum()
    }

    /// Returns the text as one string of bytes; copies when there are several segments.
    #[must_use]
    pub fn text(&self) -> Bytes {
        match self.segments.as_slice() {
            [one] => one.text.clone(),
            many => many.iter().flat_map(|segment| segment.text.iter().copied()).collect(),
        }
    }
}
