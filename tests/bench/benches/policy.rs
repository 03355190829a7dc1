//! `cargo bench -p throng-bench --bench policy`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::report::{self, Options};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let options = Options::parse();
    let done = throng_bench::policy::run(&options).and_then(|report| report.finish(&options));
    report::end("policy", done)
}
