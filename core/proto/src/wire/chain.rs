//! Bodies that most sessions get right after one another.
//!
//! # Algorithm
//!
//! A body that is compressed alone repeats what every body says: the names of the fields, the
//! author, the channel. What a decoder had before differs from session to session, so a shared form
//! cannot refer to it. But sessions that were sent the same body last do have that at the same
//! place, if what lies between is as long for all of them; and that is the session's own prefix,
//! which has one length for each count of digits. So a body has further forms, one for each such
//! count that there is, which refer to the body before it; they are for every session whose last
//! payload was that one. All others get the form that stands alone.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::format::{OWN_MAX, OWN_MIN, ZSTD_PAD, ZSTD_WINDOW_LOG};
use super::{Segment, codec};

/// Stands for the session's own bytes, which are unknown: it is in no JSON text, so nothing refers
/// to it.
const UNKNOWN: u8 = 0x01;
/// Bodies shorter than this are not worth referring to.
const KNOWN_MIN: usize = 32;

/// What a link was sent last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past(u64);

impl Past {
    /// Nothing yet: stream codecs owe their header.
    pub const NOTHING: Self = Self(0);
    /// Something that no body refers to.
    pub const OTHER: Self = Self(1);

    /// Returns what another log, with places of its own, may know of this.
    #[must_use]
    pub const fn elsewhere(self) -> Self {
        match self {
            Self::NOTHING => Self::NOTHING,
            _ => Self::OTHER,
        }
    }

    /// The body at a place of its chain; places of one log differ.
    #[must_use]
    pub const fn place(place: u64) -> Self {
        Self(place.saturating_add(2))
    }
}

/// A body's place in the order of those that many sessions get, and its forms that refer to the
/// body before.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) place: Past,
    before: Option<Before>,
}

#[derive(Debug)]
struct Before {
    place: Past,
    segment: Arc<Segment>,
    zlib: Forms,
    zstd: Forms,
}

/// Forms by the length of the session's own prefix. Boxed, because few lengths are in use.
type Forms = [OnceLock<Box<Bytes>>; OWN_MAX - OWN_MIN + 1];

impl Chain {
    pub(super) fn new(place: Past, before: Option<(Past, &Arc<Segment>)>) -> Self {
        let before = before.filter(|(_, segment)| segment.text().len() >= KNOWN_MIN);
        let before = before.map(|(place, segment)| Before {
            place,
            segment: Arc::clone(segment),
            zlib: Forms::default(),
            zstd: Forms::default(),
        });
        Self { place, before }
    }

    fn after(&self, past: Past) -> Option<&Before> {
        self.before.as_ref().filter(|before| before.place == past)
    }

    /// Returns the deflate form for a link that was sent the body before last, and whose own bytes
    /// now are so many.
    pub(super) fn zlib(&self, past: Past, own: usize, segment: &Segment) -> Option<&Bytes> {
        let before = self.after(past)?;
        let form = before.zlib.get(own.checked_sub(OWN_MIN)?)?;
        let known = || known(before.segment.text(), &[], own);
        Some(form.get_or_init(|| Box::new(codec::zlib(&known(), segment.text()))))
    }

    /// As [`Self::zlib`], for zstd; `None` too when both bodies are more than a window.
    pub(super) fn zstd(&self, past: Past, own: usize, segment: &Segment) -> Option<&Bytes> {
        let before = self.after(past)?;
        let whole = before.segment.text().len() + ZSTD_PAD.len() + own + segment.text().len();
        if whole > 1 << ZSTD_WINDOW_LOG {
            return None;
        }
        let form = before.zstd.get(own.checked_sub(OWN_MIN)?)?;
        let known = || known(before.segment.text(), &ZSTD_PAD, own);
        Some(form.get_or_init(|| Box::new(codec::zstd(&known(), segment.text()))))
    }
}

/// Returns what the decoder has right before the body.
fn known(before: &[u8], pad: &[u8], own: usize) -> Vec<u8> {
    [before, pad, &vec![UNKNOWN; own]].concat()
}
