//! Scripts as policies, asked, limited, replaced and tested.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod approval;
mod cache;
mod conformance;
mod default;
mod fact;
mod failure;
mod hostile;
mod import;
mod metrics;
mod reload;
mod scene;
mod verdict;
mod watch;
