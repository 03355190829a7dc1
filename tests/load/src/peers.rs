//! The same messages through other servers, those that are installed, beside the same floor.

mod nats;
mod nchan;
mod node;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::affinity::Cores;
use crate::floor::SAMPLE;
use crate::gateway::Source;
use crate::progress::Progress;
use crate::publish::{Pace, Volley};
use crate::rounds::Rounds;
use crate::run::SINGLE;
use crate::scenario::{Scenario, Transport};
use crate::system::System;
use table::Row;

/// Messages that are in flight, and the connections that takes.
const IN_FLIGHT: u32 = 10;
/// Rounds with each.
const ROUNDS: usize = 3;

/// What is compared, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Connections to each.
    pub(crate) sessions: usize,
    /// Names of those that are wanted; everybody's, if there are none.
    pub(crate) only: Vec<String>,
    /// The gateway.
    pub(crate) source: Source,
    pub(crate) progress: Progress,
    /// Where the figures are written to.
    pub(crate) json: Option<PathBuf>,
}

/// A server that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Throng,
    Ws,
    SocketIo,
    Nchan,
    Nats,
}

impl Peer {
    const ALL: [Self; 5] = [Self::Throng, Self::Ws, Self::SocketIo, Self::Nchan, Self::Nats];

    const fn name(self) -> &'static str {
        match self {
            Self::Throng => "throng",
            Self::Ws => "ws",
            Self::SocketIo => "socket.io",
            Self::Nchan => "nchan",
            Self::Nats => "nats",
        }
    }

    /// Starts it; nobody has entered yet.
    fn open(self, plan: &Plan, cores: Cores) -> Result<System> {
        let sessions = plan.sessions;
        match self {
            Self::Throng => {
                let scenario = Scenario { sessions, ..Scenario::default() };
                System::gateway(&scenario, &plan.source, cores)
            }
            Self::Ws => node::ws(sessions, cores),
            Self::SocketIo => node::socket_io(sessions, cores),
            Self::Nchan => nchan::open(sessions, cores),
            Self::Nats => nats::open(sessions, cores),
        }
    }
}

/// Compares everybody who is wanted and installed.
pub(crate) fn run(plan: &Plan) -> Result<ExitCode> {
    let unknown = plan.only.iter().find(|name| !Peer::ALL.iter().any(|peer| peer.name() == *name));
    if let Some(name) = unknown {
        bail!("nobody is called {name}");
    }
    let cores = Cores::take();
    let mut floor = System::floor(Transport::WebSocket, plan.sessions, SAMPLE, cores)?;
    floor.round(SINGLE)?;
    let wanted = |peer: &Peer| plan.only.is_empty() || plan.only.iter().any(|n| n == peer.name());
    let mut rows = Vec::new();
    for peer in Peer::ALL.into_iter().filter(wanted) {
        match measure(peer, plan, cores, &mut floor) {
            Ok(row) => rows.push(row),
            Err(error) => eprintln!("throng-load: {} is skipped: {error:#}", peer.name()),
        }
    }
    println!("{} connections, beside one write(2) to each socket\n", plan.sessions);
    println!("{}", table::write(&rows));
    if let Some(path) = &plan.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(peer: Peer, plan: &Plan, cores: Cores, floor: &mut System) -> Result<Row> {
    let saying = plan.progress.say(format!("starting {}", peer.name()));
    let mut system = peer.open(plan, cores)?;
    drop(saying);
    let empty = system.weigh_settled(plan.progress)?.unwrap_or_default();
    system.enter(plan.progress)?;
    let full = match peer {
        Peer::Throng => system.weigh(plan.progress)?,
        _ => system.weigh_settled(plan.progress)?,
    };
    let full = full.context("its memory is not known")?;
    let tens =
        Volley { messages: SINGLE.messages * IN_FLIGHT, pace: Pace::InFlight(IN_FLIGHT), ..SINGLE };
    system.round(SINGLE)?;
    let [mut floors, mut ones, mut many] = [const { Rounds::new() }; 3];
    let bar = plan.progress.bar(peer.name(), ROUNDS as u64);
    for round in 0..ROUNDS {
        floors.push(floor.round(SINGLE)?);
        ones.push(system.round(SINGLE)?);
        many.push(system.round(tens)?);
        bar.at(round as u64);
    }
    let memory = full.saturating_sub(empty) as f64 / plan.sessions as f64;
    Row::new(peer.name(), memory, (&floors, &ones, &many))
}
