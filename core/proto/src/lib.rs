//! The wire of Throng: ids, permissions, gateway payloads, codecs and close codes.
//!
//! Nothing here does I/O or reads a clock; everything is a value or a function of values.
//! The protocol is Discord's gateway v10; `core/docs/PROTOCOL.md` says what is spoken and where it differs.

pub mod close;
pub mod wire;
