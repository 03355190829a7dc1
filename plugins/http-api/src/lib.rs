#![doc = include_str!("../README.md")]

mod admin;
mod answer;
mod api;
mod clock;
mod config;
mod cost;
mod document;
mod fault;
mod guard;
mod plugin;
mod public;
mod quota;
mod request;
mod routes;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;
mod traffic;
mod tunnel;
mod view;

pub use admin::{admin_router, admin_router_with};
pub use config::{Config, Import, RateLimit, RateLimits};
pub use plugin::plugin_router;
pub use public::public_router;
pub use routes::gateway::Told;
pub use traffic::{AskedBy, Traffic};
pub use tunnel::Tunnel;
