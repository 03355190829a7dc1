//! `cargo bench -p throng-bench --bench quic`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::quic::{self, Arguments};
use throng_bench::report;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    report::end("quic", quic::main(&Arguments::parse()))
}
