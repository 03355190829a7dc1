#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, reason = "a program that prints tables")]

mod affinity;
mod cli;
mod clock;
mod first;
mod fleet;
mod floor;
mod gateway;
mod http;
mod mark;
mod meter;
mod order;
mod publish;
mod scene;
mod shard;
mod system;

pub use cli::main;
