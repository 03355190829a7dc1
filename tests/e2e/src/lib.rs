//! Starts the real binary and talks to it as strangers do: over sockets, with their libraries.
//!
//! A test reads like a story: [`Gateway::start`] runs the binary on empty data, [`Admin`] founds
//! users and guilds, [`Api`] posts, and three kinds of readers watch what arrives:
//!
//! - [`Client`], a raw gateway client that records every payload to the byte, over WebSocket or
//!   QUIC, maybe by a [`Ferry`] that loses packets;
//! - [`Driver`], a process with an unmodified client library of others, told what to do by lines;
//! - [`Crowd`], many thousand sessions on one thread that keep nothing but what they were sent.
//!
//! Nothing here sleeps: every wait is for an event and has a [`PATIENCE`].

mod alike;
mod api;
mod binary;
mod client;
mod crowd;
mod disk;
mod driver;
mod example;
mod ferry;
mod gateway;
mod install;
mod link;
mod part;
mod process;
mod scene;
mod script;
mod stranger;

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;

pub use alike::alike;
pub use api::{Account, Admin, Api, Founded};
pub use client::{Client, Cursor, Dispatch, Event, Identity, Ledger};
pub use crowd::{Crowd, Heard, Seat};
pub use disk::Disk;
pub use driver::Driver;
pub use example::Example;
pub use ferry::Ferry;
pub use gateway::{Builder, Errors, Gateway};
pub use install::{Library, all_libraries, driver};
pub use link::{Closed, Fingerprint, Link, News, Route, Way, Wire};
pub use part::part;
pub use scene::{FENCE, Scene, intents, unicode};
pub use script::Script;
pub use stranger::Stranger;

/// Bound of a wait for something that should happen at once, on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where UDP sockets of clients are: elsewhere than gateways, so that none of them takes the port
/// of a gateway that is about to come back.
const CLIENTS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Returns the gateway's binary, built first where that is needed.
///
/// # Errors
///
/// Fails when it cannot be built.
pub fn binary() -> Result<std::path::PathBuf> {
    binary::throng()
}

/// Returns the seed of what is random in a story: `THRONG_E2E_SEED`, or one that a failure shows.
///
/// # Errors
///
/// Fails when the variable is no number.
pub fn seed() -> Result<u64> {
    let seed = match std::env::var("THRONG_E2E_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => rand::random(),
    };
    eprintln!("again with THRONG_E2E_SEED={seed}");
    Ok(seed)
}

/// Writes a line past the capture of the test runner: skips and measurements are always seen.
pub fn say(line: &str) {
    // A closed stderr is no reason to fail.
    drop(writeln!(std::io::stderr(), "{line}"));
}
