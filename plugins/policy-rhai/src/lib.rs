#![doc = include_str!("../README.md")]

pub mod api;
pub mod attempt;
mod breaker;
mod cache;
mod config;
pub mod fact;
mod failure;
mod footprint;
mod hook;
mod library;
mod loading;
mod log;
mod metrics;
pub mod percent;
mod policy;
mod program;
mod question;
mod respondent;
mod sandbox;
mod script;
mod settle;
mod source;
mod standing;
mod stripe;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod trial;
pub mod verdict;
mod version;
mod watch;

pub use config::{Config, HookConfig, Hooks, OnFailure, Require};
pub use hook::Hook;
pub use policy::{Means, RhaiPolicy};
pub use program::{Cause, Failure, Limit, Outcome, Program};
pub use question::Question;
pub use sandbox::Sandbox;
pub use script::Script;
pub use source::{Source, fault_of, without_mark};
pub use time::{Clock, SystemClock};
pub use watch::Watch;
