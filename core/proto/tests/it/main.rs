//! The wire as its peers see it.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers fail and skip like tests")]

mod application;
mod catalog;
mod channel;
mod close;
mod form;
mod golden;
mod id;
mod inbound;
mod intents;
mod mention;
mod model;
mod parts;
mod patch;
mod payloads;
mod permissions;
mod presence;
mod query;
mod reply;
mod throng;
mod time;
mod wire;
