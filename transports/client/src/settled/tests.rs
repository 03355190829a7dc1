//! Gaps, duplicates and skipped ranges.

use std::collections::BTreeSet;

use super::*;

#[test]
fn what_comes_in_order_is_settled_at_once() {
    let mut settled = Settled::default();
    for sequence in 1..=100 {
        assert_eq!(settled.accept(sequence), Ok(true));
        assert_eq!(settled.through(), sequence);
    }
    assert!(settled.later.is_empty());
}

#[test]
fn a_gap_holds_the_cursor_until_it_closes() {
    let mut settled = Settled::default();
    for sequence in [1, 3, 4, 6] {
        assert_eq!(settled.accept(sequence), Ok(true));
    }
    assert_eq!(settled.through(), 1);
    assert_eq!(settled.accept(2), Ok(true));
    assert_eq!(settled.through(), 4);
    assert_eq!(settled.accept(5), Ok(true));
    assert_eq!(settled.through(), 6);
}

#[test]
fn what_is_there_is_not_taken_again() {
    let mut settled = Settled::default();
    for sequence in [1, 2, 5, 6] {
        assert_eq!(settled.accept(sequence), Ok(true));
    }
    for sequence in [1, 2, 5, 6] {
        assert_eq!(settled.accept(sequence), Ok(false));
    }
    assert_eq!(settled.accept(0), Ok(false));
}

#[test]
fn skipped_ranges_close_gaps() {
    let mut settled = Settled::default();
    for sequence in [1, 4, 9] {
        assert_eq!(settled.accept(sequence), Ok(true));
    }
    assert_eq!(settled.skip(2, 3), Ok(()));
    assert_eq!(settled.through(), 4);
    assert_eq!(settled.skip(3, 8), Ok(()));
    assert_eq!(settled.through(), 9);
    assert_eq!(settled.skip(u64::from(u32::MAX), u64::from(u32::MAX)), Ok(()));
    assert_eq!(settled.through(), 9);
}

#[test]
fn a_datagram_may_come_after_its_report_but_only_once() {
    let mut settled = Settled::default();
    assert_eq!(settled.accept(1), Ok(true));
    assert_eq!(settled.skip(2, 4), Ok(()));
    assert_eq!(settled.accept_datagram(3), Ok(true));
    assert_eq!(settled.accept_datagram(3), Ok(false));
    // The next link replays it in a stream.
    settled.relink();
    assert_eq!(settled.accept_datagram(4), Ok(false));
    assert_eq!(settled.accept(2), Ok(false));
}

#[test]
fn a_lane_that_stands_still_ends_in_a_verdict() {
    let mut settled = Settled::default();
    let evens = (1..=RANGES_MAX as u64).map(|number| 2 * number);
    for sequence in evens {
        assert_eq!(settled.accept(sequence), Ok(true));
    }
    assert_eq!(settled.accept(2 * RANGES_MAX as u64 + 2), Err(TooManyRanges));
    // What closes a gap is still welcome.
    assert_eq!(settled.accept(1), Ok(true));
    assert_eq!(settled.through(), 2);
}

#[test]
fn a_huge_range_costs_no_memory() {
    let mut settled = Settled::default();
    assert_eq!(settled.skip(1, u64::from(u32::MAX)), Ok(()));
    assert_eq!(settled.through(), u64::from(u32::MAX));
    assert_eq!(settled.astray.len(), ASTRAY_MAX);
}

#[test]
fn any_order_gives_the_same_as_a_plain_set() {
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..200 {
        let (mut settled, mut plain) = (Settled::default(), BTreeSet::new());
        for _ in 0..300 {
            let first = 1 + random(200);
            if random(4) == 0 {
                let last = first + random(5);
                assert_eq!(settled.skip(first, last), Ok(()));
                plain.extend(first..=last);
            } else {
                assert_eq!(settled.accept(first), Ok(plain.insert(first)));
            }
            let through = (1..).take_while(|sequence| plain.contains(sequence)).count();
            assert_eq!(settled.through(), through as u64);
        }
    }
}
