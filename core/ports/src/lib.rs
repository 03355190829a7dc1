//! The traits that transports and plugins implement, and that the shell calls.

pub mod api;
pub mod hub;
mod job;
pub mod journal;
pub mod link;
pub mod metrics;
pub mod policy;
pub mod registry;
pub mod store;
pub mod token;
pub mod toll;
