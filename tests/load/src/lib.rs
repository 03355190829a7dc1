#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, reason = "a program that prints tables")]

mod affinity;
mod attack;
mod cli;
mod clock;
mod fleet;
mod floor;
mod gateway;
mod http;
mod link;
mod mark;
mod meter;
mod order;
mod pair;
mod peers;
mod process;
mod progress;
mod publish;
mod rounds;
mod run;
mod scenario;
mod scene;
mod shard;
mod system;
mod targets;

pub use cli::main;
