//! Relays that start, split, merge and end while the guild runs.

mod crowd;

use std::sync::Arc;

use throng_engine::branch::{Branch, Placing};
use throng_engine::mode::{DeliveryTable, Mode};
use throng_engine::policy::{Placement, RelayFacts, ShardKey, Split};

use self::crowd::Crowd;
use crate::random::Random;
use crate::scene::{self, ALICE};

/// A plan that fills one relay after the other.
const fn filling(capacity: usize) -> Split {
    Split { capacity, count: 1, key: ShardKey::None }
}

/// A plan that spreads evenly.
const fn spreading(capacity: usize, count: usize) -> Split {
    Split { capacity, count, key: ShardKey::None }
}

fn plan(random: &mut Random) -> Split {
    Split {
        capacity: 1 + random.index(6),
        count: 1 + random.index(4),
        key: random.pick(&[ShardKey::None, ShardKey::Region, ShardKey::Account]),
    }
}

/// L5: whatever comes, goes, changes and moves, in slices of any size, every session gets each
/// event and each digest that it would get from one relay that has them all, once and in order.
#[test]
fn sessions_do_not_notice_that_they_move() {
    for seed in 0..300 {
        let mut crowd = Crowd::new(seed, filling(3));
        for _ in 0..150 {
            match crowd.random.below(10) {
                0 => {
                    let plan = plan(&mut crowd.random);
                    crowd.branch.set_plan(plan);
                }
                1..=3 => {
                    crowd.branch.look();
                    let max = 1 + crowd.random.index(3);
                    crowd.advance(max);
                }
                4 => crowd.digest(),
                5 => crowd.degrade(),
                6..=7 => crowd.publish(),
                _ => crowd.change(),
            }
            crowd.check_seats();
        }
        crowd.degrade_to(false);
        crowd.digest();
        crowd.check_received(seed);
    }
}

/// L3: while relays split and merge, each holds the members of its own attachments, and no others.
#[test]
fn relays_hold_their_own_members_while_attachments_move() {
    for seed in 1000..1100 {
        let mut crowd = Crowd::new(seed, spreading(4, 3));
        for _ in 0..150 {
            if crowd.random.one_in(8) {
                let plan = plan(&mut crowd.random);
                crowd.branch.set_plan(plan);
            }
            crowd.change();
            crowd.branch.look();
            crowd.advance(2);
            crowd.check_members();
        }
    }
}

/// A plan is reached by moves alone, whatever it was before, and then nothing moves any more.
#[test]
fn moving_ends_where_the_plan_says() {
    for seed in 2000..2200 {
        let mut crowd = Crowd::new(seed, filling(3));
        for _ in 0..60 {
            crowd.attach();
        }
        for _ in 0..4 {
            let plan = plan(&mut crowd.random);
            crowd.branch.set_plan(plan);
            let mut slices = 0;
            while crowd.branch.look() {
                crowd.advance(5);
                slices += 1;
                assert!(slices < 200, "seed {seed}: {plan:?} is never reached");
            }
            assert_eq!(crowd.branch.leaving(), 0);
            crowd.check_plan();
        }
    }
}

/// A1: relays that are full are no candidates.
#[test]
fn only_relays_with_room_are_candidates() {
    let mut crowd = Crowd::new(7, filling(4));
    for _ in 0..500 {
        for RelayFacts { relay, load } in crowd.branch.candidates("") {
            assert_eq!(crowd.branch.get(relay).unwrap().len(), load);
            assert!(load < 4);
        }
        if crowd.random.below(100) < 55 {
            crowd.attach()
        } else {
            crowd.detach()
        }
        assert!(crowd.branch.iter().all(|(_, relay)| !relay.is_empty() && relay.len() <= 4));
    }
}

/// A1: a plan of several relays starts them all before it fills any, and then evenly.
#[test]
fn a_plan_of_several_relays_spreads_over_them() {
    let mut crowd = Crowd::new(0, spreading(100, 3));
    crowd.attach_many(30);
    assert_eq!(crowd.loads(), [10; 3]);
    crowd.branch.set_plan(spreading(100, 6));
    crowd.settle();
    assert_eq!(crowd.loads(), [5; 6]);
}

/// A relay that is over a new capacity gives away what is too much, and no more.
#[test]
fn a_smaller_capacity_splits_relays_evenly() {
    let mut crowd = Crowd::new(0, filling(100));
    crowd.attach_many(300);
    assert_eq!(crowd.loads(), [100; 3]);
    crowd.branch.set_plan(filling(50));
    crowd.settle();
    assert_eq!(crowd.loads(), [50; 6]);
    assert_eq!(crowd.branch.take_tally().moved, 150);
}

/// Relays merge when they are far too many, and not at the edge, where they would split again.
#[test]
fn relays_merge_only_when_the_rest_has_room_to_spare() {
    let mut crowd = Crowd::new(0, filling(10));
    crowd.attach_many(40);
    crowd.keep(28);
    assert_eq!(crowd.branch.len(), 4, "28 of 30 would leave no room");
    assert!(!crowd.branch.look());
    crowd.keep(21);
    crowd.settle();
    assert_eq!(crowd.branch.len(), 3);
    crowd.keep(7);
    crowd.settle();
    assert_eq!(crowd.branch.len(), 1);
}

/// A1: where there are as many relays as may be, attachments go where the fewest are; nobody is
/// turned away, and nothing moves for ever.
#[test]
fn there_are_never_more_relays_than_may_be() {
    let mut crowd = Crowd::bounded(0, filling(2), 3);
    crowd.attach_many(20);
    assert_eq!(crowd.branch.len(), 3);
    assert_eq!(crowd.branch.take_tally().crowded, 14);
    assert_eq!(crowd.loads().iter().sum::<usize>(), 20);
    assert!(!crowd.branch.look());
}

/// Equal histories move equally, so that any run can be replayed.
#[test]
fn equal_histories_move_alike() {
    let trace = |seed| {
        let mut crowd = Crowd::new(seed, filling(3));
        (0..200)
            .map(|_| {
                crowd.change();
                let plan = plan(&mut crowd.random);
                crowd.branch.set_plan(plan);
                crowd.branch.look();
                crowd.advance(3)
            })
            .collect::<Vec<_>>()
    };
    for seed in 3000..3010 {
        assert!(trace(seed) == trace(seed), "seed {seed}");
    }
}

/// A branch with sessions on its relays as verdicts say.
fn placed(plan: Split, verdicts: &[Placement]) -> (Branch, Vec<u32>) {
    let shape = Arc::new(scene::shape());
    let mut branch = Branch::new(shape, DeliveryTable::default(), plan, 64);
    let place = |(slot, verdict): (u32, &Placement)| {
        let attachment = scene::session(ALICE, Mode::Active);
        branch.attach(*verdict, Placing { slot, attachment, roles: &[], shard: "" })
    };
    let numbers = (0..).zip(verdicts).map(place).collect();
    (branch, numbers)
}

/// A1: whatever a verdict says.
#[test]
fn a1_a_relay_that_is_full_takes_nobody_more() {
    let first = Placement::Relay(0);
    let (branch, numbers) = placed(filling(2), &[Placement::New, first, first, first, first]);
    assert_eq!(numbers, [0, 0, 1, 2, 3], "the verdict names the first again and again");
    assert_eq!(branch.slots().len(), 5);
}

#[test]
fn relays_are_offered_in_the_order_in_which_they_should_be_filled() {
    let verdicts = [Placement::New, Placement::Relay(0), Placement::Relay(0), Placement::New];
    for (plan, order) in [(filling(9), [(0, 3), (1, 1)]), (spreading(9, 2), [(1, 1), (0, 3)])] {
        let (branch, _) = placed(plan, &verdicts);
        let offered = branch.candidates("").into_iter().map(|relay| (relay.relay, relay.load));
        assert_eq!(offered.collect::<Vec<_>>(), order, "{plan:?}");
    }
    assert!(placed(filling(2), &[]).0.candidates("").is_empty());
}
