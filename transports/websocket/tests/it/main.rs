//! The transport over real sockets, and its parser beside tungstenite's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod client;
mod conformance;
mod flow;
mod oracle;
mod proxy;
mod tls;
mod upgrade;
