#![doc = include_str!("../README.md")]

mod accounts;
mod config;
mod decision;
mod failure;
mod journal;
mod members;
mod migration;
mod open;
mod query;
mod read;
mod reader;
mod row;
mod store;
mod write;
mod writer;

pub use config::Config;
pub use journal::{FileJournals, UNFLUSHED_BYTES_MAX};
pub use open::OpenError;
pub use store::SqliteStore;
pub use writer::Stats;
