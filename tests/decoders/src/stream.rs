//! What arrives in a stream: frames, heads, and what a script answers.

use bytes::Buf as _;
use throng_proto::gateway::negotiate;
use throng_proto::throng::{Decoder, Frame, FrameError};

/// Bytes of a frame that the reader takes.
const BODY_BYTES_MAX: usize = 4096;
/// Bytes that text may become when it is unpacked.
const TEXT_BYTES_MAX: usize = 1 << 16;

/// Frames of WebSocket are read as tungstenite reads them.
pub(crate) fn websocket(input: &[u8]) -> bool {
    throng_transport_websocket::testing::compare(input);
    input.len() > 2
}

/// The head of an upgrade is read the same, whatever follows it; its query is spoken or refused.
pub(crate) fn handshake(input: &[u8]) -> bool {
    let Some(query) = throng_transport_websocket::testing::head(input) else { return false };
    negotiate(&query).is_ok()
}

/// What a proxy says of its client is read the same whatever follows it, or stands before it.
pub(crate) fn proxy(input: &[u8]) -> bool {
    throng_transport_websocket::testing::proxy(input)
}

/// Frames of `throng/1` are the same in one piece and byte by byte, and none is over its limit.
pub(crate) fn throng(input: &[u8]) -> bool {
    let (whole, pieces) = (frames(input, input.len().max(1)), frames(input, 1));
    let told = |frames: &[Frame], error: &Option<FrameError>| {
        (format!("{frames:?}"), error.as_ref().map(ToString::to_string))
    };
    assert_eq!(told(&whole.0, &whole.1), told(&pieces.0, &pieces.1), "in pieces of one byte");
    for frame in &whole.0 {
        if let Frame::Dispatch(dispatch) = frame {
            // Whatever was packed, what comes of it is bounded.
            let text = dispatch.text(TEXT_BYTES_MAX);
            assert!(text.is_ok_and(|text| text.len() <= TEXT_BYTES_MAX) || dispatch.compressed);
        }
    }
    whole.1.is_none() && !whole.0.is_empty()
}

fn frames(input: &[u8], piece: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut decoder, mut frames) = (Decoder::new(BODY_BYTES_MAX), Vec::new());
    for mut piece in input.chunks(piece) {
        loop {
            match decoder.decode(&mut piece) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break assert!(!piece.has_remaining(), "who wants more has taken all"),
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

/// What a script answers is a verdict of the hook that was asked, or a mistake that is told.
pub(crate) fn verdict(input: &[u8]) -> bool {
    throng_plugin_policy_rhai::testing::verdict(input)
}
