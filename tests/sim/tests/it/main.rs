//! Worlds hold, and the same seed is the same history.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use throng_sim::{Plan, shrink, try_run};

/// As few as a test has time for; `.ci/run sim` runs many more.
const SEEDS: u64 = 60;

#[test]
fn worlds_hold() {
    for seed in 1..=SEEDS {
        let plan = Plan::draw(seed);
        if let Err(failure) = try_run(plan) {
            let (least, failure) = shrink(plan, failure);
            panic!("{}: cargo run --release -p throng-sim -- --plan {least}", failure.what);
        }
    }
}

#[test]
fn the_same_seed_is_the_same_history() {
    for seed in [3, 14, 15, 92, 65] {
        let [first, again] = [1, 2].map(|_| try_run(Plan::draw(seed)).expect("it holds"));
        assert_eq!(first, again);
        assert_ne!(first.trace, 0);
    }
}

#[test]
fn a_plan_reads_what_it_shows_of_itself() {
    for seed in 0..100 {
        let plan = Plan::draw(seed);
        assert_eq!(plan.to_string().parse::<Plan>().unwrap(), plan);
        assert_eq!(seed.to_string().parse::<Plan>().unwrap(), plan);
    }
    assert!("1:2:3".parse::<Plan>().is_err() && "x".parse::<Plan>().is_err());
}

/// Faults that are planted are found, and shrunk worlds still show them.
#[cfg(feature = "planted")]
#[test]
fn planted_faults_are_found() {
    use throng_engine::planted::{Planted, plant};
    std::panic::set_hook(Box::new(|_| {}));
    for (fault, name) in Planted::ALL {
        plant(Some(fault));
        let found = (1..=2_000).any(|seed| try_run(Plan::draw(seed)).is_err());
        plant(None);
        assert!(found, "{name} is not found");
    }
}
