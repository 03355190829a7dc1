//! Tokio around the machines: workers, drivers, admission, drain and metrics.
//!
//! [`Node`] is the whole gateway without its adapters: it loads guilds, runs workers, takes links
//! from listeners, and answers the API as a [`throng_ports::hub::Hub`].
//!
//! Where to look: `worker` owns links, sessions and relays of one thread; `guild` drives one
//! guild's machine; `jobs` walks over members beside the traffic; `node` makes everything and is
//! what others see of it. They tell each other what is in `letter`, by way of `post`, and hold of
//! the node what their `ties` name.
//!
//! A node in one process, with a store and a transport that need neither disk nor network:
//!
//! ```
//! # use std::sync::Arc;
//! # use throng_engine::policy::Native;
//! # use throng_ports::{hub::Facts, link::BoxFuture, metrics::{Page, Source}};
//! # use throng_ports::policy::{PolicyFault, PolicyHost, PolicyStatus};
//! # use throng_ports::token::{Signed, Tokens};
//! # use throng_proto::{id::UserId, token::Token};
//! use throng_plugin_store_memory::MemoryStore;
//! use throng_shell::{Config, Node, Parts, PlaceLimits};
//! use throng_transport_memory::listen;
//!
//! # struct Nobody;
//! # impl Tokens for Nobody {
//! #     fn issue(&self, user: UserId) -> Token { Token::parse(&user.to_string()) }
//! #     fn digest(&self, _: &Token) -> [u8; 32] { [0; 32] }
//! #     fn verify(&self, _: &Token) -> Option<Signed> { None }
//! # }
//! # struct Fixed;
//! # impl Source for Fixed { fn measure(&self, _: &mut Page) {} }
//! # impl PolicyHost for Fixed {
//! #     fn status(&self) -> PolicyStatus { PolicyStatus::default() }
//! #     fn reload(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
//! #         Box::pin(async { Ok(PolicyStatus::default()) })
//! #     }
//! # }
//! # let (tokens, policies) = (Arc::new(Nobody), Arc::new(Fixed));
//! # let facts = Facts { gateway_url: "ws://memory".into(), shards: 1, identifies_total: 1_000,
//! #     max_concurrency: 16 };
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let node = Node::start(Parts {
//!     config: Config { workers: 1, ..Config::default() },
//!     store: Arc::new(MemoryStore::new()),
//!     policy: Arc::new(Native { relay_capacity: 5_000 }),
//!     policies,
//!     tokens,
//!     facts,
//!     places: PlaceLimits { connections_max: 8, ..PlaceLimits::default() },
//! })
//! .await?;
//! let (listener, dialer) = listen(8);
//! let serving = tokio::spawn({
//!     let node = node.clone();
//!     async move { node.serve(Box::new(listener)).await }
//! });
//! let client = dialer.dial(8, "v=10&encoding=json")?;
//! let hello = client.recv().await.unwrap_or_default();
//! assert!(hello.starts_with(br#"{"op":10,"#));
//! # serving.abort();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod archive;
mod bounds;
pub mod budgets;
mod clock;
mod config;
mod connections;
mod directory;
mod guild;
mod jobs;
mod joining;
mod letter;
mod meter;
mod metrics;
mod node;
mod overload;
mod pace;
mod panics;
mod place;
mod post;
mod reviews;
mod stage;
#[cfg(feature = "testing")]
pub mod testing;
mod traffic;
mod troubles;
mod turns;
mod verdicts;
mod worker;

pub use config::{
    Config, GatewayConfig, JobsConfig, LimitsConfig, ListsConfig, OverloadConfig, PassiveConfig,
    PresenceConfig, RelayConfig, ReplayConfig,
};
pub use node::{EdgeRefusal, Node, Parts, StartError};
pub use panics::{PANIC_EXIT_CODE, Scene, watch_panics};
pub use place::{Full, PlaceLimits, Places, Visit};
pub use troubles::Troubles;
