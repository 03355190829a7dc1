#![doc = include_str!("../README.md")]

mod api;
pub mod attempt;
mod config;
pub mod fact;
mod hook;
mod library;
mod log;
mod percent;
mod program;
mod question;
mod sandbox;
mod script;
mod source;
mod time;
pub mod tool;
pub mod verdict;
mod verify;

pub use api::*;
pub use config::{Config, HookConfig, Hooks, OnFailure};
pub use hook::Hook;
pub use program::{Cause, Failure, Limit, Outcome, Program};
pub use question::Question;
pub use sandbox::Sandbox;
pub use script::Script;
pub use source::{Source, fault_of};
pub use time::{Clock, SystemClock};
