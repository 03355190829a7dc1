//! Dispatches as they arrive, and the text in them.

use std::cell::RefCell;
use std::io::Write as _;

use bytes::Bytes;
use thiserror::Error;
use zstd_safe::{DCtx, InBuffer, OutBuffer, ResetDirective};

use crate::wire::ZSTD_FRAME;

/// First room for text that was compressed; most dispatches fit.
const TEXT_BYTES: usize = 1024;

/// A dispatch without its session's text around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The session's sequence of it.
    pub sequence: u32,
    /// Whether the body is zstd blocks instead of text.
    pub compressed: bool,
    /// What everybody shares.
    pub body: Bytes,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The text is longer than the reader takes.
    #[error("body is too long")]
    TooLong,
    /// The bytes are not zstd blocks.
    #[error("body is not zstd")]
    Malformed,
}

thread_local! {
    // Its window is 128 KiB, so there is one per thread and not one per link.
    static DECODER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl Dispatch {
    /// Returns the whole payload as WebSocket carries it: `{"s":N,"op":0,"t":…,"d":…}`, maybe with
    /// white space behind it.
    ///
    /// # Errors
    ///
    /// The body cannot be decompressed, or the payload is longer than `bytes_max`.
    pub fn text(&self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        let mut text = Vec::with_capacity(TEXT_BYTES.max(self.body.len() + 16).min(bytes_max));
        let written = write!(text, "{{\"s\":{},", self.sequence);
        debug_assert!(written.is_ok(), "memory takes any write");
        if self.compressed {
            DECODER
                .with_borrow_mut(|decoder| decompress(decoder, &self.body, &mut text, bytes_max))?;
        } else {
            text.extend_from_slice(&self.body);
        }
        if text.len() > bytes_max { Err(BodyError::TooLong) } else { Ok(text) }
    }
}

/// Appends what the blocks say, and stops soon after `bytes_max`.
fn decompress(
    decoder: &mut DCtx<'_>,
    blocks: &[u8],
    text: &mut Vec<u8>,
    bytes_max: usize,
) -> Result<(), BodyError> {
    decoder.reset(ResetDirective::SessionOnly).map_err(|_| BodyError::Malformed)?;
    for part in [&ZSTD_FRAME, blocks] {
        let mut input = InBuffer::around(part);
        loop {
            let written = text.len();
            let mut output = OutBuffer::around_pos(text, written);
            decoder.decompress_stream(&mut output, &mut input).map_err(|_| BodyError::Malformed)?;
            if text.len() > bytes_max {
                return Err(BodyError::TooLong);
            }
            // Text that fills its room may have a rest in the decoder.
            if input.pos == part.len() && text.len() < text.capacity() {
                break;
            }
            text.reserve(text.capacity().max(TEXT_BYTES));
        }
    }
    Ok(())
}
