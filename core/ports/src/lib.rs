//! The traits that transports and plugins implement, and that the shell calls.
//!
//! [`link`] is the seam to transports, [`store`] and [`journal`] to what lasts, [`policy`] to where
//! verdicts come from, [`token`] to who somebody is, [`hub`] to what APIs ask of the node,
//! [`catalog`] to the commands of applications, [`metrics`] to what is counted, [`plugin`] to what
//! adds something. [`kind`] is how an adapter is chosen by its name, and
//! [`settings`](mod@settings) what it is told. With the feature `conformance`, links, stores,
//! journals, policy hosts and tokens bring the suite that every adapter of them passes, and break
//! an adapter on purpose to see it fail.
//!
//! Whatever has numbers to show is a [`metrics::Source`]:
//!
//! ```
//! use throng_ports::metrics::{Cell, Kind, Page, Source};
//!
//! #[derive(Default)]
//! struct Doorbell(Cell);
//!
//! impl Source for Doorbell {
//!     fn measure(&self, page: &mut Page) {
//!         let help = "Times that it was rung.";
//!         page.single("doorbell_rings_total", Kind::Counter, help, self.0.read());
//!     }
//! }
//!
//! let doorbell = Doorbell::default();
//! doorbell.0.add(2);
//! let mut page = Page::default();
//! doorbell.measure(&mut page);
//! assert!(page.into_text().ends_with("\ndoorbell_rings_total 2\n"));
//! ```

pub mod api;
pub mod catalog;
pub mod hub;
mod job;
pub mod journal;
pub mod kind;
pub mod link;
pub mod metrics;
pub mod plugin;
pub mod policy;
pub mod registry;
pub mod settings;
pub mod store;
pub mod token;
pub mod toll;
