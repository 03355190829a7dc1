//! `cargo bench -p throng-bench --bench policy`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::report::Options;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    throng_bench::policy::run(&options)?.finish(&options)
}
