#![doc = include_str!("../README.md")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "programs that print tables, and what they have so far"
)]

pub mod big_guild;
pub mod crowd;
pub mod figure;
pub mod hall;
pub mod million;
pub mod pairs;
mod people;
pub mod percentile;
pub mod policy;
pub mod quic;
pub mod report;
pub mod review;
pub mod spread;
pub mod stage;

/// Returns the bytes that are allocated.
pub(crate) fn allocated() -> anyhow::Result<usize> {
    let wrong = |error| anyhow::anyhow!("jemalloc does not tell: {error}");
    tikv_jemalloc_ctl::epoch::advance().map_err(wrong)?;
    tikv_jemalloc_ctl::stats::allocated::read().map_err(wrong)
}
