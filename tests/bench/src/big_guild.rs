//! A guild of ten million members with a million sessions: what its largest jobs cost the others.
//!
//! Each part is a file of its own that adds its rows to the table. It runs in a process of its own,
//! so that nothing is left of the one before.

mod handoff;
mod lists;
mod loading;
mod members;
mod relays;
mod traffic;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::ensure;
use clap::{Parser, ValueEnum};

use crate::report::{Options, Report};

/// What the table is called.
const NAME: &str = "big_guild: jobs over ten million members beside the traffic";

/// How the program is run.
#[derive(Clone, Debug, Default, Parser)]
pub struct Arguments {
    /// What every program takes.
    #[command(flatten)]
    pub options: Options,
    /// Members of the big guild, in place of ten million; sessions are a tenth.
    #[arg(long, value_name = "COUNT")]
    pub members: Option<usize>,
    /// Run one part alone.
    #[arg(long)]
    pub part: Option<Part>,
    /// Load a guild that is on disk, and print how many seconds that takes.
    #[arg(long, hide = true, value_name = "FOLDER")]
    pub load: Option<PathBuf>,
}

/// A part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Ordered member lists by themselves.
    Lists,
    /// Members, walks over them, and a hand-off.
    Members,
    /// Relays that start.
    Relays,
    /// A guild that is split over twice as many relays.
    Sharding,
}

impl Part {
    async fn run(self, arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
        let options = &arguments.options;
        match self {
            Self::Lists => lists::run(options, report).await,
            Self::Members => members::run(options, arguments.members, report).await,
            Self::Relays => relays::start(options, report).await,
            Self::Sharding => relays::split(options, report).await,
        }
    }
}

/// Runs every part in a process of its own, or one here, and prints the table.
///
/// # Errors
///
/// The node does not do what it should.
pub fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    if let Some(folder) = &arguments.load {
        println!("{}", runtime()?.block_on(loading::time(folder))?.as_secs_f64());
        return Ok(ExitCode::SUCCESS);
    }
    let report = match arguments.part {
        None if !arguments.options.smoke => apart(arguments)?,
        _ => runtime()?.block_on(run(arguments))?,
    };
    report.finish(&arguments.options)
}

/// Runs every part, or the one that is asked for, in this process.
///
/// # Errors
///
/// The node does not do what it should.
pub async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let mut report = Report::new(NAME);
    for part in Part::value_variants() {
        if arguments.part.is_none_or(|only| only == *part) {
            part.run(arguments, &mut report).await?;
        }
    }
    Ok(report)
}

/// Runs every part in a process of its own.
fn apart(arguments: &Arguments) -> anyhow::Result<Report> {
    let mut report = Report::new(NAME);
    let folder = tempfile::tempdir()?;
    for part in Part::value_variants() {
        let json = folder.path().join("part.json");
        let mut program = program(arguments, *part, &json)?;
        let status = program.stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{part:?} ended with {status}");
        report.append(Report::read(&json)?);
    }
    Ok(report)
}

fn program(arguments: &Arguments, part: Part, json: &Path) -> anyhow::Result<Command> {
    let mut program = Command::new(std::env::current_exe()?);
    let name = part.to_possible_value().map(|value| value.get_name().to_owned());
    program.arg("--part").args(name).arg("--json").arg(json);
    if let Some(members) = arguments.members {
        program.arg("--members").arg(members.to_string());
    }
    Ok(program)
}
