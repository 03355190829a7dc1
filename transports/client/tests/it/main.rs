//! The client against a gateway that follows a script, over both transports.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod buffer;
mod example;
mod gateway;
mod heartbeat;
mod identify;
mod lanes;
mod requests;
mod resume;
mod route;
mod wishes;
mod witness;
