#![doc = include_str!("../README.md")]

mod journal;
mod store;
mod tables;

pub use journal::MemoryJournals;
pub use store::MemoryStore;
