//! The least that still fails: fewer faults, clients, guilds, decks and less time.

use crate::plan::Plan;
use crate::try_run;
use crate::world::Failure;

/// Runs of one shrinking.
const TRIES_MAX: usize = 400;

/// Makes a plan that fails smaller as long as it still does, in the same or another way.
#[must_use]
pub fn shrink(plan: Plan, failure: Failure) -> (Plan, Failure) {
    let (mut least, mut tries) = ((plan, failure), 0);
    'again: loop {
        for smaller in least.0.smaller() {
            tries += 1;
            if tries > TRIES_MAX {
                return least;
            }
            if let Err(failure) = try_run(smaller) {
                least = (smaller, failure);
                continue 'again;
            }
        }
        return least;
    }
}
