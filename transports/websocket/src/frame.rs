//! Frame headers of RFC 6455: decoded from clients, encoded by servers.

use smallvec::SmallVec;

use crate::violation::Violation;

/// Longest header a client sends: two bytes, a 64-bit length and the mask.
pub const HEADER_BYTES_MAX: usize = 14;
/// Longest payload of a control frame, RFC 6455 section 5.5.
pub const CONTROL_BYTES_MAX: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
/// Length field that announces a 16-bit length.
const LENGTH_16: u8 = 126;
/// Length field that announces a 64-bit length.
const LENGTH_64: u8 = 127;

/// What a frame is for, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// Goes on with a fragmented message.
    Continuation,
    /// Starts a message of UTF-8.
    Text,
    /// Starts a message of bytes.
    Binary,
    /// Says that nothing follows.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

impl Opcode {
    /// Returns the four bits of the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Reads the four bits of the wire; `None` for the ten that are reserved.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    /// Tells close, ping and pong from frames of messages.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Header of a client's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether the message ends with this frame.
    pub last: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// Bytes of payload that follow, below 2^63.
    pub length: u64,
    /// Key that the payload is masked with.
    pub mask: [u8; 4],
}

/// Decodes a client's header and its length in bytes, or `None` while bytes are missing.
///
/// A broken rule is reported as soon as the byte that breaks it is there. Lengths in more bytes
/// than needed are taken, as other servers take them.
///
/// # Errors
///
/// Reserved bits or opcodes, no mask, a length of 2^63 or more, long or fragmented control frames.
pub fn decode(bytes: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    if first & RESERVED != 0 {
        return Err(Violation::Protocol);
    }
    let opcode = Opcode::from_bits(first & 0x0f).ok_or(Violation::Protocol)?;
    let last = first & FIN != 0;
    if opcode.is_control() && !last {
        return Err(Violation::Protocol);
    }
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    if second & MASKED == 0 {
        return Err(Violation::Protocol);
    }
    let Some((length, at)) = decode_length(second & !MASKED, &bytes[2..])? else {
        return Ok(None);
    };
    if opcode.is_control() && length > CONTROL_BYTES_MAX as u64 {
        return Err(Violation::Protocol);
    }
    let Some(mask) = bytes.get(2 + at..).and_then(|rest| rest.first_chunk::<4>()) else {
        return Ok(None);
    };
    Ok(Some((Header { last, opcode, length, mask: *mask }, 2 + at + 4)))
}

fn decode_length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    match short {
        LENGTH_16 => Ok(rest.first_chunk().map(|b| (u64::from(u16::from_be_bytes(*b)), 2))),
        LENGTH_64 if rest.first().is_some_and(|byte| byte & 0x80 != 0) => Err(Violation::Protocol),
        LENGTH_64 => Ok(rest.first_chunk().map(|b| (u64::from_be_bytes(*b), 8))),
        _ => Ok(Some((u64::from(short), 0))),
    }
}

/// Appends the header of a server's frame that is a whole message or a control frame: 2, 4 or 10
/// bytes.
pub fn encode<A: smallvec::Array<Item = u8>>(opcode: Opcode, length: usize, out: &mut SmallVec<A>) {
    out.push(FIN | opcode.bits());
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < LENGTH_16 => out.push(short),
        (_, Ok(medium)) => {
            out.push(LENGTH_16);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(LENGTH_64);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Takes a client's mask off payload bytes of which the first is number `offset` of its frame.
pub fn unmask(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    let turn = (offset % 4) as usize;
    let key = [0, 1, 2, 3].map(|i: usize| mask[(i + turn) % 4]);
    // Eight bytes at a time, because this loop touches every inbound byte.
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests;
