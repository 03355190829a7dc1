//! `cargo bench -p throng-bench --bench million`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::report::{self, Options};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    report::end("million", run())
}

fn run() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(throng_bench::million::run(&options))?.finish(&options)
}
