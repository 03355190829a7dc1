//! `cargo bench -p throng-bench --bench big_guild`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::big_guild;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    big_guild::main(&big_guild::Arguments::parse())
}
