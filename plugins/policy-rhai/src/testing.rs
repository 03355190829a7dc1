//! Answers of any shape, for tests of decoders and the fuzz target.

use throng_engine::policy::{RELAY_COUNT_MAX, RelayFacts};

use crate::hook::Hook;
use crate::verdict::{SECONDS_MAX, Terms, Verdict, parse};

/// Reads JSON as the answer of every hook, and tells whether it is one of any.
///
/// # Panics
///
/// A verdict is out of its bounds, or of another hook; or a mistake is not told.
#[must_use]
pub fn verdict(input: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(input) else { return false };
    let Ok(answer) = rhai::serde::to_dynamic(&json) else { return false };
    let relays = [RelayFacts { relay: 0, load: 5 }, RelayFacts { relay: 3, load: 0 }];
    let terms = Terms { capacity: 1000, relays: &relays };
    let mut taken = false;
    for hook in Hook::ALL {
        match parse(hook, answer.clone(), terms) {
            Ok(verdict) => {
                assert_eq!(verdict.hook(), hook, "{verdict:?}");
                is_bounded(&verdict);
                taken = true;
            }
            Err(mistake) => assert!(!mistake.0.is_empty(), "{hook:?} of {answer:?}"),
        }
    }
    taken
}

fn is_bounded(verdict: &Verdict) {
    let bounded = match verdict {
        Verdict::Relays(plan) => plan.capacity > 0 && (1..=RELAY_COUNT_MAX).contains(&plan.count),
        Verdict::Passivity(passivity) => passivity
            .recheck
            .is_none_or(|time| (1..=SECONDS_MAX.unsigned_abs()).contains(&time.as_secs())),
        _ => true,
    };
    assert!(bounded, "{verdict:?}");
}
