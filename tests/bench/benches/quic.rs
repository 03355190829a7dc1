//! `cargo bench -p throng-bench --bench quic`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::quic::{self, Arguments};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    quic::main(&Arguments::parse())
}
