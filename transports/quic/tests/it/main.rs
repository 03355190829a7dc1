//! The transport over real sockets, with a bare quinn client at the far end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod certificate;
mod client;
mod conformance;
mod flow;
mod golden;
mod guilds;
mod hostile;
mod loss;
mod relay;
mod welcome;
