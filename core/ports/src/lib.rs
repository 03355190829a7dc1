//! The traits that transports and plugins implement, and that the shell calls.

pub mod link;
