//! A dispatch as everybody gets it.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use super::Wire;
use super::chain::{Chain, Past};
use super::segment::Segment;

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
