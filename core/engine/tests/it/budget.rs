//! Budgets: nobody gets more than is agreed, who pays back is free again, and memory is bounded.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use throng_engine::budget::{Ledger, Rate};
use throng_engine::time::Instant;

const RATE: Rate = Rate { amount: 100, window: Duration::from_secs(10) };

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

#[test]
fn whoever_owes_the_amount_waits_until_it_has_paid_back_some() {
    let mut ledger = Ledger::new(RATE, 1_000);
    assert_eq!(ledger.take(1, 60, at(0)), Ok(()));
    // It owes less than the amount, so it may act, however much that costs.
    assert_eq!(ledger.take(1, 90, at(0)), Ok(()));
    let wait = ledger.take(1, 1, at(0)).unwrap_err();
    assert_eq!(wait.as_millis(), 5_001);
    assert_eq!(ledger.take(2, 1, at(0)), Ok(()));
    assert!(ledger.take(1, 1, at(5_000)).is_err());
    assert_eq!(ledger.take(1, 1, at(5_001)), Ok(()));
}

#[test]
fn an_amount_of_nothing_bounds_nothing() {
    let mut ledger = Ledger::new(Rate { amount: 0, ..RATE }, 1_000);
    for _ in 0..1_000 {
        assert_eq!(ledger.take(1, u64::MAX, at(0)), Ok(()));
    }
    assert!(ledger.is_empty());
}

#[test]
fn a_crowd_of_others_does_not_set_a_key_free() {
    let mut ledger = Ledger::new(RATE, 1_000);
    ledger.charge(0, 1_000_000, at(0));
    for other in 1..900 {
        ledger.charge(other, 1_000, at(0));
    }
    assert!(ledger.afford(0, at(1_000)).is_err());
}

/// Who owes is remembered until there is no room, and no longer than it owes.
#[test]
fn those_who_owe_are_remembered_as_long_as_there_is_room() {
    let mut ledger = Ledger::new(RATE, 64);
    for round in 1..=2 {
        (0..16).for_each(|key| ledger.charge(16 * round + key, 100, at(0)));
        ledger.forget(at(9_999));
        assert_eq!(ledger.len(), 16 * round);
    }
    assert!(!ledger.is_empty());
    ledger.forget(at(10_000));
    assert!(ledger.is_empty(), "they have paid back");
}

proptest! {
    #[test]
    fn nobody_is_granted_more_than_the_budget_and_one_act(
        acts in proptest::collection::vec((0_u64..4, 1_u64..80, 0_u64..3_000), 1..300)
    ) {
        let mut ledger = Ledger::new(RATE, 1_000);
        let (mut now, mut granted) = (0, BTreeMap::<u64, u64>::new());
        for (key, cost, pause) in acts {
            now += pause;
            if ledger.take(key, cost, at(now)).is_ok() {
                *granted.entry(key).or_default() += cost;
            }
            let most = RATE.amount + RATE.amount * now / 10_000 + 80;
            prop_assert!(granted.values().all(|granted| *granted <= most), "{granted:?} at {now}");
        }
    }

    #[test]
    fn memory_is_bounded_and_comes_back_to_nothing(
        acts in proptest::collection::vec((0_u64..5_000, 1_u64..500, 0_u64..20), 1..3_000)
    ) {
        let mut ledger = Ledger::new(RATE, 64);
        let mut now = 0;
        for (key, cost, pause) in acts {
            now += pause;
            ledger.charge(key, cost, at(now));
            prop_assert!(ledger.len() <= 64, "{}", ledger.len());
        }
        ledger.forget(at(now + 100_000_000));
        prop_assert!(ledger.is_empty());
    }
}
