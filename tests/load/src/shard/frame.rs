//! As much of WebSocket framing as a reader of a correct server needs, without copies.

use anyhow::{Result, ensure};

/// Longest payload that is believed; longer ones are a broken stream.
const PAYLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Key that everything sent is masked with; what it is does not matter on loopback.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

/// What the frames of a server are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
    Text = 1,
}

/// One whole frame, and the bytes it takes on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) payload: &'a [u8],
    pub(crate) length: usize,
}

/// Reads the frame at the front, if it is whole.
pub(crate) fn split(bytes: &[u8]) -> Result<Option<Frame<'_>>> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    ensure!(first & 0xf0 == 0x80, "a fragment or a reserved bit: {first:#x}");
    ensure!(second & 0x80 == 0, "a masked frame from a server");
    let kind = match first & 0x0f {
        1 => Kind::Text,
        2 => Kind::Binary,
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        other => anyhow::bail!("frame of kind {other}"),
    };
    let (head, length) = match second {
        126 => {
            let Some(length) = bytes.get(2..4) else { return Ok(None) };
            (4, usize::from(u16::from_be_bytes([length[0], length[1]])))
        }
        127 => {
            let Some(length) = bytes.get(2..10) else { return Ok(None) };
            let length = length.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            (10, usize::try_from(length)?)
        }
        short => (2, usize::from(short)),
    };
    ensure!(length <= PAYLOAD_BYTES_MAX, "a frame of {length} bytes");
    let payload = bytes.get(head..head + length);
    Ok(payload.map(|payload| Frame { kind, payload, length: head + length }))
}

/// Appends a masked frame.
pub(crate) fn push(out: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    out.push(0x80 | kind as u8);
    match u16::try_from(payload.len()) {
        Ok(short @ 0..126) => out.push(0x80 | short as u8),
        // Commands fit: a gateway takes no longer ones.
        length => {
            out.push(0x80 | 126);
            out.extend_from_slice(&length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Writes a whole text frame of a server.
pub(crate) fn server_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..126 => frame.push(short as u8),
        medium @ 126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
