//! `cargo run --release -p throng-bench --bin pairs -- --before FILE --after FILE`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::{pairs, report};

fn main() -> ExitCode {
    report::end("pairs", pairs::run(&pairs::Plan::parse()))
}
