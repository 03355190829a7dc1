//! An incremental parser of client frames that holds no heap between messages.
//!
//! # Algorithm
//!
//! Payload bytes are unmasked where they were read and copied once, into the message. What outlives
//! a call (half a header, half a payload, a message of which fragments are missing) lives in one
//! box that is freed as soon as nothing is open.

use smallvec::SmallVec;

use crate::frame::{self, CONTROL_BYTES_MAX, HEADER_BYTES_MAX, Header, Opcode};
use crate::violation::Violation;

/// Whether a message is text or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8, checked.
    Text,
    /// Any bytes.
    Binary,
}

/// Payload of a control frame.
pub type Control = SmallVec<[u8; 24]>;

/// What the bytes of a peer amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole message.
    Message(Kind, Vec<u8>),
    /// A question that [`Event::Pong`] answers with the same bytes.
    Ping(Control),
    /// An answer.
    Pong,
    /// A part of a message that is not the last.
    Fragment,
    /// An orderly end, with its code if it has one.
    Close(Option<u16>),
    /// A message over the limit; the parser cannot go on.
    TooLong,
    /// A broken rule; the parser cannot go on.
    Refused(Violation),
}

/// State between two reads: a pointer that is null while nothing is open.
#[derive(Debug, Default)]
pub struct Parser {
    open: Option<Box<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    /// Bytes of a header that is not complete.
    head: SmallVec<[u8; HEADER_BYTES_MAX]>,
    /// Header and bytes received of the frame whose payload is not complete.
    frame: Option<(Header, u64)>,
    /// Payload so far of a control frame.
    control: Control,
    /// Message whose last frame is not complete.
    message: Option<Message>,
}

#[derive(Debug)]
struct Message {
    kind: Kind,
    bytes: Vec<u8>,
    /// Bytes of text known to be UTF-8, up to a boundary between characters.
    checked: usize,
}

impl Parser {
    /// Tells whether nothing is open, so that no heap is held.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.is_none()
    }

    /// Parses up to the next event and returns how many bytes of `input` it took.
    ///
    /// Without an event all of `input` was taken. `limit` is the longest message in bytes.
    pub fn parse(&mut self, input: &mut [u8], limit: usize) -> (usize, Option<Event>) {
        let mut at = 0;
        while at < input.len() {
            match self.step(&mut input[at..], limit) {
                Ok((taken, None)) => at += taken,
                Ok((taken, event)) => return (at + taken, event),
                Err(violation) => return (at, Some(Event::Refused(violation))),
            }
        }
        (at, None)
    }

    /// Takes one header or a piece of one payload.
    fn step(
        &mut self,
        input: &mut [u8],
        limit: usize,
    ) -> Result<(usize, Option<Event>), Violation> {
        if self.open.as_ref().is_some_and(|open| open.frame.is_some()) {
            return self.payload(input);
        }
        let Some((header, taken)) = self.header(input)? else { return Ok((input.len(), None)) };
        let open_bytes = self.begin(header)?;
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if !header.opcode.is_control() && length > limit.saturating_sub(open_bytes) {
            return Ok((taken, Some(Event::TooLong)));
        }
        if let Some(event) = self.whole(header, &mut input[taken..])? {
            return Ok((taken + length, Some(event)));
        }
        let open = self.open.get_or_insert_default();
        open.frame = Some((header, 0));
        if !header.opcode.is_control() && open.message.is_none() {
            let kind = kind(header.opcode);
            open.message = Some(Message { kind, bytes: Vec::new(), checked: 0 });
        }
        let (more, event) = self.payload(&mut input[taken..])?;
        Ok((taken + more, event))
    }

    /// Decodes the next header, or keeps what there is of it.
    fn header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let kept = self.open.as_ref().map_or(0, |open| open.head.len());
        if kept == 0 {
            let decoded = frame::decode(input)?;
            if decoded.is_none() {
                self.open.get_or_insert_default().head.extend_from_slice(input);
            }
            return Ok(decoded);
        }
        let open = self.open.get_or_insert_default();
        let more = input.len().min(HEADER_BYTES_MAX - kept);
        open.head.extend_from_slice(&input[..more]);
        let decoded = frame::decode(&open.head)?;
        if decoded.is_some() {
            open.head.clear();
        }
        Ok(decoded.map(|(header, length)| (header, length - kept)))
    }

    /// Checks a header against the open message and returns the bytes of that message so far.
    fn begin(&self, header: Header) -> Result<usize, Violation> {
        let message = self.open.as_ref().and_then(|open| open.message.as_ref());
        match (header.opcode, message) {
            (Opcode::Continuation, None) => Err(Violation::Protocol),
            (Opcode::Text | Opcode::Binary, Some(_)) => Err(Violation::Protocol),
            (_, message) => Ok(message.map_or(0, |message| message.bytes.len())),
        }
    }

    /// Takes the common case, a message in one frame that is all there, past the box.
    fn whole(&mut self, header: Header, rest: &mut [u8]) -> Result<Option<Event>, Violation> {
        let Some(payload) =
            usize::try_from(header.length).ok().and_then(|length| rest.get_mut(..length))
        else {
            return Ok(None);
        };
        if !header.last || !matches!(header.opcode, Opcode::Text | Opcode::Binary) {
            return Ok(None);
        }
        frame::unmask(payload, header.mask, 0);
        let kind = kind(header.opcode);
        if kind == Kind::Text && simdutf8::basic::from_utf8(payload).is_err() {
            return Err(Violation::Text);
        }
        self.open = None;
        Ok(Some(Event::Message(kind, payload.to_vec())))
    }

    /// Takes what there is of the open frame's payload.
    fn payload(&mut self, input: &mut [u8]) -> Result<(usize, Option<Event>), Violation> {
        let Some(open) = self.open.as_deref_mut() else { return Ok((0, None)) };
        let Some((header, received)) = open.frame else { return Ok((0, None)) };
        let missing = usize::try_from(header.length - received).unwrap_or(usize::MAX);
        let taken = missing.min(input.len());
        let piece = &mut input[..taken];
        frame::unmask(piece, header.mask, received);
        if header.opcode.is_control() {
            open.control.extend_from_slice(piece);
        } else if let Some(message) = &mut open.message {
            message.extend(piece)?;
        }
        if taken < missing {
            open.frame = Some((header, received + taken as u64));
            return Ok((taken, None));
        }
        open.frame = None;
        Ok((taken, self.finish(header)?))
    }

    /// Ends the frame whose payload is complete.
    fn finish(&mut self, header: Header) -> Result<Option<Event>, Violation> {
        let Some(open) = self.open.as_deref_mut() else { return Ok(None) };
        let event = match header.opcode {
            Opcode::Close => Some(Event::Close(close_code(&open.control)?)),
            Opcode::Ping => Some(Event::Ping(std::mem::take(&mut open.control))),
            Opcode::Pong => Some(Event::Pong),
            _ if !header.last => Some(Event::Fragment),
            _ => open.message.take().map(Message::finish).transpose()?,
        };
        open.control.clear();
        if open.message.is_none() {
            self.open = None;
        }
        Ok(event)
    }
}

impl Message {
    /// Appends a piece and refuses text at its first byte that cannot be UTF-8.
    fn extend(&mut self, piece: &[u8]) -> Result<(), Violation> {
        self.bytes.extend_from_slice(piece);
        if self.kind == Kind::Text {
            self.checked += match simdutf8::compat::from_utf8(&self.bytes[self.checked..]) {
                Ok(text) => text.len(),
                // The last character is not complete; the next piece decides.
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return Err(Violation::Text),
            };
        }
        Ok(())
    }

    fn finish(self) -> Result<Event, Violation> {
        if self.kind == Kind::Text && self.checked < self.bytes.len() {
            return Err(Violation::Text);
        }
        Ok(Event::Message(self.kind, self.bytes))
    }
}

const fn kind(opcode: Opcode) -> Kind {
    match opcode {
        Opcode::Text => Kind::Text,
        _ => Kind::Binary,
    }
}

/// Reads the payload of a close frame: nothing, or a code and a reason.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    debug_assert!(payload.len() <= CONTROL_BYTES_MAX, "the header was checked");
    if payload.is_empty() {
        return Ok(None);
    }
    let (code, reason) = payload.split_first_chunk().ok_or(Violation::Protocol)?;
    simdutf8::basic::from_utf8(reason).map_err(|_| Violation::Text)?;
    let code = u16::from_be_bytes(*code);
    if may_travel(code) { Ok(Some(code)) } else { Err(Violation::Protocol) }
}

/// Tells whether a close code may be on the wire: registered with IANA and not reserved, or
/// private.
const fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests;
