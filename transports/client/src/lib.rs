#![doc = include_str!("../README.md")]

mod backoff;
mod builder;
mod cause;
mod client;
mod driver;
pub mod event;
mod events;
mod heart;
mod link;
mod pace;
mod requests;
mod rosters;
mod session;
mod settled;
mod talk;
mod trust;
mod wishes;

pub use builder::{BuildError, Builder, Compression};
pub use cause::{Cause, End, Transport};
pub use client::{Client, FocusError, PublishError, ShowError};
pub use event::{Dispatch, Event};
pub use events::Events;
pub use requests::{Answer, RequestError};
pub use rosters::Members;
pub use throng_proto::close::CloseCode;
pub use throng_proto::intents::Intents;
pub use throng_proto::{id, model, time};
pub use trust::{Fingerprint, FingerprintError, Trust};
pub use wishes::Presence;
