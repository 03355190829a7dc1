//! `throng/1`: how payloads and dispatches travel over QUIC.
//!
//! Every stream carries frames: `varint length`, `varint head`, body.
//! The head says what the body is and, for a dispatch, its sequence, so that the body stays what
//! everybody shares. Varints are those of [RFC 9000 §16].
//!
//! [RFC 9000 §16]: https://www.rfc-editor.org/rfc/rfc9000#section-16

mod datagram;
mod dispatch;
mod frame;
mod message;
mod stream;
pub mod varint;

pub use datagram::{Datagram, DatagramError};
pub use dispatch::{BodyError, Dispatch};
pub use frame::{Decoder, Frame, FrameError, Head, Header, header, whole};
pub use message::{Close, Message, Open};
pub use stream::{PREAMBLE_BYTES, StreamError, guild, preamble};

/// Name of the protocol in TLS.
pub const ALPN: &[u8] = b"throng/1";
/// UDP port on which it is spoken unless something else was agreed.
pub const PORT: u16 = 8443;
/// Longest body of a client's frame in bytes: what Discord takes from users.
pub const PAYLOAD_BYTES_MAX: usize = 15_360;
/// Sequences that were given to datagrams and may wait to be reported as skipped.
pub const SKIPPED_MAX: usize = 64;
