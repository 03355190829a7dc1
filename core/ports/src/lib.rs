//! The traits that transports and plugins implement, and that the shell calls.

pub mod hub;
pub mod journal;
pub mod link;
pub mod store;
pub mod token;
