//! Worlds hold, and the same seed is the same history.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use throng_sim::{Fault, Plan, Seen, run, shrink, try_run};

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
    let scripted = (1..).filter(|seed| Plan::draw(*seed).has(Fault::Scripts)).take(3);
    for seed in [3, 14, 15, 92, 65].into_iter().chain(scripted) {
        let [first, again] = [1, 2].map(|_| try_run(Plan::draw(seed)).expect("it holds"));
        assert_eq!(first, again);
        assert_ne!(first.trace, 0);
    }
}

#[test]
fn who_watches_changes_nothing_and_may_leave() {
    let plan = (1..).map(Plan::draw).find(|plan| plan.has(Fault::Cuts)).unwrap();
    let (all, until_fault) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let count = Rc::clone(&all);
    let watched = run(
        plan,
        Some(Box::new(move |_| {
            count.set(count.get() + 1);
            ControlFlow::Continue(())
        })),
    );
    assert_eq!(watched.unwrap(), try_run(plan).unwrap());
    let count = Rc::clone(&until_fault);
    let leaves = move |seen: Seen<'_>| {
        count.set(count.get() + 1);
        match seen {
            Seen::Event(_) => ControlFlow::Continue(()),
            Seen::Fault(_) => ControlFlow::Break(()),
        }
    };
    run(plan, Some(Box::new(leaves))).unwrap();
    assert!(0 < until_fault.get() && until_fault.get() < all.get());
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
