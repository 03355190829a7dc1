//! The wire of Throng: ids, permissions, gateway payloads, codecs and close codes.
//!
//! Nothing here does I/O or reads a clock; everything is a value or a function of values.
//! The protocol is Discord's gateway v10; `core/docs/PROTOCOL.md` says what is spoken and where it
//! differs.
//!
//! What a client says becomes a value, or is refused with the close code that the client knows;
//! what many sessions are sent is encoded once, and each has a few bytes of its own before it:
//!
//! ```
//! use throng_proto::close::CloseCode;
//! use throng_proto::gateway::Inbound;
//! use throng_proto::wire::{Body, Past, Wire, dispatch};
//!
//! let heard = Inbound::decode(br#"{"op": 1, "d": 41}"#);
//! assert!(matches!(heard, Ok(Inbound::Heartbeat(Some(41)))));
//! let refused = Inbound::decode(b"hello").map_err(|error| error.close_code());
//! assert_eq!(refused.err(), Some(CloseCode::DecodeError));
//!
//! let body = Body::dispatch("TYPING_START", r#"{"user_id":"80351110224678912"}"#);
//! let one = dispatch(Wire::Text, Past::NOTHING, 7, &body);
//! let other = dispatch(Wire::Text, Past::NOTHING, 4_242, &body);
//! assert_eq!((&one.head[..], &other.head[..]), (&br#"{"s":7,"#[..], &br#"{"s":4242,"#[..]));
//! assert_eq!(one.shared[0].as_ptr(), other.shared[0].as_ptr());
//! ```

pub mod catalog;
pub mod close;
pub mod command;
pub mod escape;
pub mod event;
mod flags;
pub mod form;
pub mod gateway;
pub mod id;
pub mod intents;
pub mod json;
pub mod mention;
pub mod model;
pub mod permissions;
pub mod record;
pub mod refusal;
pub mod throng;
pub mod time;
pub mod token;
pub mod variants;
pub mod wire;
