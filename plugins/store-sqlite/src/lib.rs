#![doc = include_str!("../README.md")]

mod accounts;
mod backup;
mod catalog;
mod config;
mod decision;
mod expiry;
mod failure;
mod journal;
mod members;
mod migration;
mod open;
mod place;
mod query;
mod read;
mod reader;
mod rework;
mod row;
mod salvage;
mod sizes;
mod store;
mod write;
mod writer;

pub use backup::{BackupError, backup};
pub use config::{Config, Sqlite};
#[cfg(feature = "testing")]
pub use journal::testing;
pub use journal::{FileJournals, UNFLUSHED_BYTES_MAX};
pub use open::OpenError;
pub use store::SqliteStore;
pub use writer::Stats;
