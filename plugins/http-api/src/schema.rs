//! Shapes of bodies for the OpenAPI document; the objects themselves are `throng_proto`'s.
//!
//! A test compares the keys of answers with the objects that are really sent.

mod account;
mod admin;
mod command;
mod guild;
mod invite;
mod message;

pub use account::*;
pub use admin::*;
pub use command::*;
pub use guild::*;
pub use invite::*;
pub use message::*;
