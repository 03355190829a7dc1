//! The least that still fails: fewer faults, clients, guilds, decks and less time.

use crate::plan::Plan;
use crate::try_run;
use crate::world::Failure;

/// Runs of one shrinking.
const TRIES_MAX: usize = 400;

/// Makes a plan that fails smaller as long as it still does in the same way.
#[must_use]
pub fn shrink(plan: Plan, failure: Failure) -> (Plan, Failure) {
    let (mut least, mut tries) = ((plan, failure), 0);
    'again: loop {
        for smaller in smaller(&least.0, &least.1) {
            tries += 1;
            if tries > TRIES_MAX {
                return least;
            }
            let failed = try_run(smaller).err();
            if let Some(failure) = failed.filter(|other| way(&other.what) == way(&least.1.what)) {
                least = (smaller, failure);
                continue 'again;
            }
        }
        return least;
    }
}

/// Lists plans that are smaller; first the one that ends with what was seen.
fn smaller(plan: &Plan, failure: &Failure) -> Vec<Plan> {
    let until = u32::try_from(failure.at).unwrap_or(u32::MAX).saturating_add(1);
    let shorter = (until < plan.millis).then_some(Plan { millis: until, ..*plan });
    shorter.into_iter().chain(plan.smaller()).collect()
}

/// Returns in which way something fails: the first words of what is said, without its numbers.
fn way(what: &str) -> String {
    let words = what.split_whitespace().filter(|word| !word.contains(|c: char| c.is_numeric()));
    words.take(8).collect::<Vec<_>>().join(" ")
}
