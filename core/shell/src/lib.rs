//! Tokio around the machines: workers, drivers, admission, drain and metrics.
//!
//! [`Node`] is the whole gateway without its adapters: it loads guilds, runs workers, takes links
//! from listeners, and answers the API as a [`throng_ports::hub::Hub`].
//!
//! Where to look: `worker` owns links, sessions and relays of one thread; `guild` drives one
//! guild's machine; `jobs` walks over members beside the traffic; `journal` lets sessions survive a
//! restart; `identify` and `resume` begin and continue sessions.

mod account;
pub mod budgets;
mod clock;
mod config;
mod connections;
mod directory;
mod guild;
mod jobs;
mod joining;
mod journal;
mod metrics;
mod node;
mod open;
mod overload;
mod pace;
mod panics;
mod review;
#[cfg(feature = "testing")]
pub mod testing;
mod traffic;
mod troubles;
mod worker;

pub use config::{
    Config, GatewayConfig, JobsConfig, LimitsConfig, ListsConfig, OverloadConfig, PassiveConfig,
    PresenceConfig, RelayConfig, ReplayConfig,
};
pub use node::{EdgeRefusal, Full, Node, Parts, PlaceLimits, Places, StartError, Visit};
pub use panics::{PANIC_EXIT_CODE, Place, watch_panics};
pub use troubles::Troubles;
