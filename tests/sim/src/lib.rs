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
mod fault;
mod host;
mod line;
mod oracle;
mod plan;
mod policy;
mod shrink;
mod trace;
mod world;

pub use fault::Fault;
pub use plan::Plan;
pub use shrink::shrink;
pub use trace::{Seen, Watch};
pub use world::{Failure, Summary};

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use world::World;

/// Runs the world of a plan; `watch` hears of everything that happens.
///
/// # Errors
///
/// Something is not as it must be.
pub fn run(plan: Plan, watch: Option<Watch>) -> Result<Summary, Failure> {
    let clock = Rc::default();
    live(plan, watch, &clock)
}

fn live(plan: Plan, watch: Option<Watch>, clock: &Rc<Cell<u64>>) -> Result<Summary, Failure> {
    let lived = World::begin(plan, watch, Rc::clone(clock)).and_then(|mut world| world.live());
    lived.map_err(|what| Failure { what, at: clock.get() })
}

/// As [`run`]; a panic is a failure as well.
///
/// # Errors
///
/// Something is not as it must be.
pub fn try_run(plan: Plan) -> Result<Summary, Failure> {
    let clock = Rc::default();
    let lived = catch_unwind(AssertUnwindSafe(|| live(plan, None, &clock)));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = format!("it panics: {}", text.unwrap_or_default());
        Err(Failure { what, at: clock.get() })
    })
}
