//! The ledger notices what the stories must not overlook.

use super::Ledger;

fn with_lanes() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.relink(true);
    ledger
}

#[test]
fn lanes_may_overtake_each_other_and_settle_together() {
    let mut ledger = with_lanes();
    for number in [2, 4, 1, 3] {
        assert!(ledger.told(number).unwrap());
    }
    assert_eq!(ledger.settled(), 4);
}

#[test]
fn a_number_that_comes_twice_on_one_link_is_a_fault() {
    let mut ledger = with_lanes();
    ledger.told(1).unwrap();
    ledger.told(3).unwrap();
    assert!(ledger.told(1).is_err());
    assert!(ledger.told(3).is_err());
}

#[test]
fn a_gap_is_a_fault_where_there_is_one_order() {
    let mut ledger = Ledger::default();
    ledger.relink(false);
    ledger.told(1).unwrap();
    assert!(ledger.told(3).is_err());
}

#[test]
fn what_came_before_a_resume_comes_again_and_is_passed_over() {
    let mut ledger = with_lanes();
    for number in [1, 2, 5] {
        ledger.told(number).unwrap();
    }
    ledger.relink(false);
    let told: Vec<_> = (3..=6).map(|number| ledger.told(number).unwrap()).collect();
    assert_eq!(told, [true, true, false, true]);
    assert_eq!(ledger.settled(), 6);
}

#[test]
fn skipped_numbers_are_settled_and_may_still_be_told_once() {
    let mut ledger = with_lanes();
    ledger.told(1).unwrap();
    ledger.skipped(&[(2, 3)]);
    assert_eq!(ledger.settled(), 3);
    assert!(ledger.told(3).unwrap());
    assert!(ledger.told(3).is_err());
}
