//! `cargo bench -p throng-bench --bench big_guild`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::report::Options;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(throng_bench::big_guild::run(&options))?.finish(&options)
}
