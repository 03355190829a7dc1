//! The wire of Throng: ids, permissions, gateway payloads, codecs and close codes.
//!
//! Nothing here does I/O or reads a clock; everything is a value or a function of values.
//! The protocol is Discord's gateway v10; `core/docs/PROTOCOL.md` says what is spoken and where it
//! differs.

pub mod close;
pub mod command;
pub mod escape;
pub mod event;
pub mod form;
pub mod gateway;
pub mod id;
pub mod intents;
pub mod mention;
pub mod model;
pub mod permissions;
pub mod record;
pub mod refusal;
pub mod throng;
pub mod time;
pub mod token;
pub mod wire;
