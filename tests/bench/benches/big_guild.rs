//! `cargo bench -p throng-bench --bench big_guild`

use std::process::ExitCode;

use clap::Parser as _;
use throng_bench::{big_guild, report};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    report::end("big_guild", big_guild::main(&big_guild::Arguments::parse()))
}
