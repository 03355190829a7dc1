//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use throng_bench::report::{Options, Report};

use crate::affinity::Cores;
use crate::gateway::Source;
use crate::progress::Progress;
use crate::scenario::{BUILT_IN, Scenario};
use crate::{attack, floor, pair, peers, run, shard, targets};

#[derive(Debug, Parser)]
#[command(
    name = "throng-load",
    version,
    about = "Holds thousands of sessions on few processes, posts, and measures what happens.",
    after_help = "Examples:
  throng-load run floor                    15,000 sessions beside a bare write loop
  throng-load run steady --sessions 5000   a lively guild, smaller
  throng-load run my.toml --json run.json  a scenario of your own; see scenarios/ for examples
  throng-load run burst --gateway 127.0.0.1:8080 --admin 127.0.0.1:9090 --admin-token TOKEN
                                           a gateway that runs already
  throng-load targets --check              every target, and exit code 1 when one is missed
  throng-load attack --check               attackers beside honest sessions, likewise
  throng-load pair --before old/throng --after target/release/throng
                                           two builds in turn: is the second as good?
  throng-load peers                        the same messages through other servers

The server is kept on the first core, everything else on the last."
)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Runs a scenario: a file, or one of those that are built in.
    Run(Run),
    /// Lists the scenarios that are built in.
    Scenarios,
    /// Measures the floor by itself: one write(2) to each socket, and nothing else.
    Floor {
        /// How many sockets.
        #[arg(long, default_value_t = 15_000)]
        sessions: usize,
        /// Write the figures as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Measures everything that there is a target for.
    Targets {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        source: Source,
    },
    /// Runs two builds of the gateway side by side, and says what the second is to the first.
    Pair(pair::Plan),
    /// Tries every kind of attacker beside honest sessions, and measures what these notice.
    Attack(Attack),
    /// Sends the same messages through other servers, those that are installed.
    Peers(Peers),
    /// Holds sessions for the program that a person started.
    #[command(hide = true)]
    Shard,
    /// Is the floor of WebSocket for the program that a person started.
    #[command(hide = true)]
    FloorSockets { readers: usize },
    /// Is the floor of QUIC for the program that a person started.
    #[command(hide = true)]
    FloorStreams { readers: usize },
}

#[derive(Debug, Args)]
struct Run {
    /// A file, or the name of one that is built in.
    scenario: String,
    /// As many sessions instead of those that the scenario says.
    #[arg(long)]
    sessions: Option<usize>,
    /// Leave out waits that only make figures better.
    #[arg(long)]
    hurry: bool,
    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, Args)]
struct Attack {
    /// Only these kinds, parted by commas.
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    only: Vec<String>,
    /// As many honest sessions instead of 2,000.
    #[arg(long)]
    sessions: Option<usize>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, Args)]
struct Peers {
    /// Connections to each.
    #[arg(long, default_value_t = 15_000)]
    sessions: usize,
    /// Only these: throng, ws, socket.io, nchan, nats.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Leave out waits that only make figures better.
    #[arg(long)]
    hurry: bool,
    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// Runs the program.
///
/// # Errors
///
/// Says what cannot be run.
pub fn main() -> Result<ExitCode> {
    match Cli::parse().action {
        Action::Run(run) => run.go(),
        Action::Scenarios => {
            for (name, _) in BUILT_IN {
                println!("{name:12} {}", Scenario::read(name)?.about);
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Floor { sessions, json } => finish(run::floor(sessions, Cores::take())?, json),
        Action::Targets { options, source } => targets::run(&options, source)?.finish(&options),
        Action::Pair(plan) => pair::run(&plan)?.finish(&plan.options),
        Action::Attack(Attack { only, sessions, options, source }) => {
            let plan = attack::Plan { options: options.clone(), source, only, sessions };
            attack::run(&plan)?.finish(&options)
        }
        Action::Peers(Peers { sessions, only, hurry, json, source }) => {
            let progress = Progress::new(hurry);
            peers::run(&peers::Plan { sessions, only, source, progress, json })
        }
        Action::Shard => shard::main().map(|()| ExitCode::SUCCESS),
        Action::FloorSockets { readers } => {
            floor::serve_sockets(readers).map(|()| ExitCode::SUCCESS)
        }
        Action::FloorStreams { readers } => {
            floor::serve_streams(readers).map(|()| ExitCode::SUCCESS)
        }
    }
}

impl Run {
    fn go(self) -> Result<ExitCode> {
        let mut scenario = Scenario::read(&self.scenario)?;
        scenario.resize(self.sessions.unwrap_or(scenario.sessions));
        scenario.check()?;
        println!("{}\n", scenario.about);
        let report = run::scenario(&scenario, &self.source, Progress::new(self.hurry))?;
        finish(report, self.json)
    }
}

fn finish(report: Report, json: Option<PathBuf>) -> Result<ExitCode> {
    report.finish(&Options { json, ..Options::default() })
}
