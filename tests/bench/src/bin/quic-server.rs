//! The program `quic` for tests, which cannot start a bench.

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::quic::{self, Arguments};
use throng_bench::report;

fn main() -> ExitCode {
    report::end("quic-server", quic::main(&Arguments::parse()))
}
