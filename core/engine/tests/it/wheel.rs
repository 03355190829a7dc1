//! The timer wheel against a plain list of deadlines.

use std::collections::BTreeMap;
use std::time::Duration;

use throng_engine::time::Instant;
use throng_engine::wheel::Wheel;

use crate::random::Random;

const TICK: u64 = 250;
/// More than the wheel reaches in one round.
const FAR: u64 = 3 * 512 * TICK;

/// Looks at the wheel once per tick, as its owner does: what is not due yet goes back.
fn fire(wheel: &mut Wheel<u64>, deadlines: &BTreeMap<u64, u64>, now: u64) -> Vec<u64> {
    let mut fired = Vec::new();
    for key in wheel.due(Instant::from_millis(now)) {
        match deadlines.get(&key) {
            Some(deadline) if *deadline > now => {
                wheel.insert(key, Instant::from_millis(*deadline));
            }
            Some(_) => fired.push(key),
            None => {}
        }
    }
    fired
}

#[test]
fn every_key_fires_once_not_early_and_at_most_a_tick_late() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let start = random.below(1_000_000);
        let mut wheel = Wheel::new(Instant::from_millis(start), Duration::from_millis(TICK));
        let mut deadlines = BTreeMap::new();
        let mut next = 0;
        let first = start - start % TICK;
        for now in (first..first + 2 * FAR).step_by(TICK as usize).skip(1) {
            let fired = fire(&mut wheel, &deadlines, now);
            for key in fired {
                let deadline = deadlines.remove(&key).expect("fires once");
                assert!(deadline <= now, "seed {seed}: {key} fires early");
                assert!(now - deadline <= TICK, "seed {seed}: {key} is {} late", now - deadline);
            }
            assert!(deadlines.values().all(|deadline| *deadline + TICK > now), "seed {seed}");
            if now < first + FAR && random.one_in(3) {
                let reach = random.pick(&[1, TICK, 10 * TICK, 511 * TICK, 513 * TICK, FAR]);
                let deadline = now + random.below(reach);
                wheel.insert(next, Instant::from_millis(deadline));
                deadlines.insert(next, deadline);
                next += 1;
            }
        }
        assert!(deadlines.is_empty(), "seed {seed}: {deadlines:?} never fire");
    }
}

#[test]
fn a_deadline_that_moves_away_costs_no_second_entry() {
    let mut wheel = Wheel::new(Instant::from_millis(0), Duration::from_millis(TICK));
    wheel.insert(1, Instant::from_millis(1_000));
    let deadlines = BTreeMap::from([(1, 5_000)]);
    let fired: Vec<u64> = (1..=40)
        .flat_map(|tick| {
            let now = tick * TICK;
            fire(&mut wheel, &deadlines, now).into_iter().map(move |_| now)
        })
        .collect();
    assert_eq!(fired, [5_250], "once, a tick after its moment");
}

#[test]
fn a_late_look_finds_everything_in_order() {
    let mut wheel = Wheel::new(Instant::from_millis(0), Duration::from_millis(TICK));
    wheel.insert(3, Instant::from_millis(900));
    wheel.insert(1, Instant::from_millis(10));
    wheel.insert(2, Instant::from_millis(20));
    wheel.insert(4, Instant::from_millis(600_000));
    assert_eq!(wheel.due(Instant::from_millis(249)), [] as [u64; 0]);
    assert_eq!(wheel.due(Instant::from_millis(1_000_000)), [1, 2, 3, 4]);
    assert_eq!(wheel.due(Instant::from_millis(0)), [] as [u64; 0], "time that runs back is none");
    wheel.insert(5, Instant::from_millis(0));
    assert_eq!(wheel.due(Instant::from_millis(1_000_250)), [5], "what is past is due at once");
}

#[test]
fn deadlines_beyond_all_time_are_taken() {
    let mut wheel = Wheel::new(Instant::from_millis(0), Duration::ZERO);
    wheel.insert(1, Instant::from_millis(5).after(Duration::MAX));
    assert_eq!(wheel.due(Instant::from_millis(500)), [] as [u64; 0]);
}

#[test]
fn moments_are_milliseconds_that_saturate() {
    let at = Instant::from_millis(1_500);
    assert_eq!(at.after(Duration::from_secs(2)).millis(), 3_500);
    assert_eq!(at.since(Instant::from_millis(1_000)), Duration::from_millis(500));
    assert_eq!(at.since(Instant::from_millis(2_000)), Duration::ZERO);
    assert_eq!(at.after(Duration::MAX).millis(), u64::MAX);
}
