//! A world from a seed: guilds, decks, a store, journals and clients in one thread, under virtual
//! time, with faults; and an oracle that says what must be.
//!
//! The machines are the engine's own. What is around them (links, the store's answers, a guild's
//! task, a worker's thread) is played by the world, which decides whose turn it is by chance: so a
//! seed is a history, and the same seed is the same history.
//!
//! ```no_run
//! let plan = throng_sim::Plan::draw(42);
//! match throng_sim::run(plan, None) {
//!     Ok(summary) => println!("{} dispatches", summary.received),
//!     Err(failure) => println!("{} at {} ms", failure.what, failure.at),
//! }
//! ```

mod chance;
mod client;
mod crew;
mod host;
mod line;
mod oracle;
mod plan;
mod policy;
mod shrink;
mod trace;
mod world;

pub use plan::{Fault, Plan};
pub use shrink::shrink;
pub use world::{Failure, Summary, run};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// As [`run`]; a panic is a failure as well.
///
/// # Errors
///
/// Something is not as it must be.
pub fn try_run(plan: Plan) -> Result<Summary, Failure> {
    let lived = catch_unwind(AssertUnwindSafe(|| run(plan, None)));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure { what: format!("it panics: {}", text.unwrap_or_default()), at: 0 })
    })
}
