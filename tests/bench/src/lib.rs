#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, reason = "programs that print tables")]

pub mod big_guild;
pub mod crowd;
pub mod million;
pub mod percentile;
pub mod policy;
pub mod quic;
pub mod report;
pub mod review;
pub mod stage;
