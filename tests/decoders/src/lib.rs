//! Everything that reads bytes of others, and the rule of each that holds whatever they are.
//!
//! [`TARGETS`] is what the tests here and the fuzz targets of `tests/fuzz` run.

mod body;
mod gateway;
mod row;
mod seed;
mod spoiler;
mod stream;

pub use spoiler::Spoiler;

/// A decoder, and inputs that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of the fuzz target too.
    pub name: &'static str,
    /// Reads an input, tells whether it was taken, and panics where a rule is broken.
    pub read: fn(&[u8]) -> bool,
    /// Makes inputs that are taken.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every decoder there is.
pub const TARGETS: [Target; 11] = [
    Target { name: "websocket", read: stream::websocket, seeds: seed::websocket },
    Target { name: "handshake", read: stream::handshake, seeds: seed::handshake },
    Target { name: "proxy", read: stream::proxy, seeds: seed::proxy },
    Target { name: "throng", read: stream::throng, seeds: seed::throng },
    Target { name: "gateway", read: gateway::payload, seeds: seed::gateway },
    Target { name: "body", read: body::body, seeds: seed::body },
    Target { name: "form", read: body::form, seeds: seed::form },
    Target { name: "mentions", read: body::mentions, seeds: seed::mentions },
    Target { name: "verdict", read: stream::verdict, seeds: seed::verdict },
    Target { name: "journal", read: row::journal, seeds: seed::journal },
    Target { name: "row", read: row::row, seeds: seed::row },
];

/// Runs the target called `name`; for fuzz targets, which know no more of it.
///
/// # Panics
///
/// A rule is broken, or there is no such target.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    assert!(target.is_some(), "no target is called {name}");
    target.into_iter().for_each(|target| _ = (target.read)(input));
}
