#![doc = include_str!("../README.md")]

mod channel;
mod client;
mod link;
mod listener;

pub use channel::{pair, sink};
pub use client::Client;
pub use link::{MemoryArrival, MemoryLink};
pub use listener::{DialError, Dialer, MemoryListener, listen};

#[cfg(test)]
mod tests;
