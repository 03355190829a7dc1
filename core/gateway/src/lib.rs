//! The gateway as a library: the adapters it comes with, others that are added by name, and the
//! settings that choose among them.
//!
//! A program with a gateway inside; nothing here needs a file or a port that is known before:
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("data");
//! use throng::Gateway;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let gateway = Gateway::builder()
//!     .set("store.kind", "memory")
//!     .set("listen", "127.0.0.1:0")
//!     .set("admin", "127.0.0.1:0")
//!     .set("data", folder)
//!     .start()
//!     .await?;
//! let (ada, token) = gateway.hub().create_user("ada".to_owned(), false).await?;
//! println!("{} is {}; clients connect to {}", ada.username, ada.id, gateway.url());
//! # drop(token);
//! gateway.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Builder`] says what is there and what may be added: a store, a transport, a policy, an issuer
//! of tokens, a plugin. Each is a [`Kind`](ports::kind::Kind) of what it opens, with a name and a
//! section of settings. `core/docs/EXTENDING.md` shows one of each.
//!
//! [`Builder::run`] is the whole `throng` program, with its command line: a program that adds a
//! store of its own is one line longer.

mod adapters;
mod admin;
mod builder;
mod cli;
mod config;
mod demo;
mod descriptors;
mod error;
mod facts;
mod files;
mod gateway;
mod log;
mod plugins;
mod policy;
pub mod prelude;
mod private;
mod process;
mod program;
mod public;
mod reload;
mod rules;
mod signal;
mod storage;
mod vital;
mod web;

pub use adapters::Policies;
pub use builder::Builder;
pub use error::Error;
pub use gateway::Gateway;
pub use rules::{Rules, fixed};
// What an adapter is written against, for programs that name this crate alone.
pub use throng_engine as engine;
pub use throng_plugin_policy_rhai as policy_rhai;
pub use throng_plugin_store_memory as store_memory;
pub use throng_plugin_tokens_jwt as tokens_jwt;
pub use throng_ports as ports;
pub use throng_proto as proto;
pub use throng_transport_memory as transport_memory;

/// The programs of EXTENDING.md, compiled; `tests/e2e` runs them.
#[cfg(doctest)]
#[doc = include_str!("../../docs/EXTENDING.md")]
struct Extending;
