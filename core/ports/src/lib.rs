//! The traits that transports and plugins implement, and that the shell calls.
//!
//! [`link`] is the seam to transports, [`store`] and [`journal`] to what lasts, [`policy`] to where
//! verdicts come from, [`token`] to who somebody is, [`hub`] to what APIs ask of the node,
//! [`catalog`] to the commands of applications, [`metrics`] to what is counted.
//! With the feature `conformance` each brings the suite that every adapter of it passes.
//!
//! Whatever has numbers to show is a [`metrics::Source`]:
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! use throng_ports::metrics::{Kind, Page, Source};
//!
//! #[derive(Default)]
//! struct Doorbell(AtomicU64);
//!
//! impl Source for Doorbell {
//!     fn measure(&self, page: &mut Page) {
//!         let rung = self.0.load(Ordering::Relaxed);
//!         page.single("doorbell_rings_total", Kind::Counter, "Times that it was rung.", rung);
//!     }
//! }
//!
//! let doorbell = Doorbell::default();
//! doorbell.0.fetch_add(2, Ordering::Relaxed);
//! let mut page = Page::default();
//! doorbell.measure(&mut page);
//! assert!(page.into_text().ends_with("\ndoorbell_rings_total 2\n"));
//! ```

pub mod api;
pub mod catalog;
pub mod hub;
mod job;
pub mod journal;
pub mod link;
pub mod metrics;
pub mod policy;
pub mod registry;
pub mod store;
pub mod token;
pub mod toll;
