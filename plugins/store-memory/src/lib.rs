#![doc = include_str!("../README.md")]

mod journal;
mod kind;
mod store;
mod tables;

pub use journal::MemoryJournals;
pub use kind::Memory;
pub use store::MemoryStore;
