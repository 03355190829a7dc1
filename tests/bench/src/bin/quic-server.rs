//! The program `quic` for tests, which cannot start a bench.

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::quic::{self, Arguments};

fn main() -> anyhow::Result<ExitCode> {
    quic::main(&Arguments::parse())
}
