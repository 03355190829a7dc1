//! Frames that thousands of sessions share: a few own bytes, then the same bytes for everybody.
//!
//! A dispatch is `{"s":N,` followed by the rest, `"op":0,"t":…,"d":…}`.
//! Only the first part differs between sessions, so the rest is encoded once and compressed at most
//! once per [`Wire`]; no compressor state is kept per session.
//!
//! # Algorithm
//!
//! In both stream codecs the own bytes travel in an uncompressed block and the shared bytes follow
//! as blocks that were compressed alone: deflate blocks that end in a sync flush, or zstd blocks
//! after which a *normaliser* block restores the repeat offsets that every fresh zstd encoder
//! assumes. A session that was sent the same as most others before gets blocks that refer to that:
//! see `chain`.

mod adler;
mod body;
mod chain;
mod codec;
mod format;
mod lane;
mod segment;
mod splice;

pub use body::Body;
pub use chain::Past;
pub(crate) use format::ZSTD_FRAME;
pub use lane::{Dispatch, Lane};
pub use segment::Segment;
pub use splice::{Parts, control, dispatch};

/// How payloads travel on a link after negotiation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wire {
    /// JSON in text frames.
    #[default]
    Text,
    /// Every payload a complete zlib stream in a binary frame (`compress` in IDENTIFY).
    PayloadZlib,
    /// One deflate context for the link, sync-flushed per payload (`compress=zlib-stream`).
    ZlibStream,
    /// One zstd frame for the link, flushed per payload (`compress=zstd-stream`).
    ZstdStream,
}

impl Wire {
    /// Tells whether payloads are JSON text, so that WebSocket sends text frames.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text)
    }
}
