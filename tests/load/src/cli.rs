//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "throng-load", version)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The first figures.
    First {
        #[arg(long, default_value_t = 15_000)]
        sessions: usize,
        #[arg(long)]
        binary: Option<PathBuf>,
        /// Rounds of messages.
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Leaves out the minute that memory takes to settle.
        #[arg(long)]
        hurry: bool,
    },
    /// Holds sessions for the program that a person started.
    #[command(hide = true)]
    Shard,
    /// Writes to sockets for the program that a person started.
    #[command(hide = true)]
    FloorServer { readers: usize },
}

/// Runs the program.
///
/// # Errors
///
/// Says what cannot be run.
pub fn main() -> Result<ExitCode> {
    match Cli::parse().action {
        Action::First { sessions, binary, rounds, hurry } => {
            crate::first::run(sessions, binary, rounds, hurry)?;
        }
        Action::Shard => crate::shard::main()?,
        Action::FloorServer { readers } => crate::floor::serve(readers)?,
    }
    Ok(ExitCode::SUCCESS)
}
