#![doc = include_str!("../README.md")]

mod answer;
pub mod config;
pub mod frame;
pub mod handshake;
pub mod link;
pub mod listener;
pub mod parser;
mod proxy;
mod reactor;
mod socket;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod told;
mod violation;

pub use config::{Config, HttpConnection, Paths};
pub use link::{Event, Passage, WebSocketLink};
pub use listener::{Asked, Caller, Reentry, WebSocketListener};
pub use parser::Kind;
pub use tls::{Tls, TlsError};
pub use violation::Violation;
