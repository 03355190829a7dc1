//! Bands of pressure: neither hiccups nor an edge make them flicker.

use throng_engine::pressure::{Band, Gauge, Thresholds};

use crate::random::Random;

const THRESHOLDS: Thresholds =
    Thresholds { begins: [60, 80, 95], margin: 10, readings_up: 3, readings_down: 5 };

fn read(gauge: &mut Gauge, pressure: u8, times: u32) -> Vec<Band> {
    (0..times).filter_map(|_| gauge.read(pressure)).collect()
}

#[test]
fn a_band_is_entered_after_some_readings_in_a_row() {
    let mut gauge = Gauge::new(THRESHOLDS);
    assert_eq!(read(&mut gauge, 85, 2), []);
    assert_eq!(read(&mut gauge, 0, 1), [], "a hiccup");
    assert_eq!(read(&mut gauge, 85, 2), []);
    assert_eq!(read(&mut gauge, 85, 1), [Band::Hot]);
    assert_eq!(gauge.band(), Band::Hot);
}

#[test]
fn readings_that_differ_lead_to_the_nearest_band_of_them() {
    let mut gauge = Gauge::new(THRESHOLDS);
    assert_eq!([100, 65, 100].map(|pressure| gauge.read(pressure)), [None, None, Some(Band::Busy)]);
    assert_eq!(read(&mut gauge, 100, 3), [Band::Critical]);
    let readings = [0, 75, 0, 0, 0].map(|pressure| gauge.read(pressure));
    assert_eq!(readings, [None, None, None, None, Some(Band::Hot)]);
}

#[test]
fn a_band_is_left_only_below_its_margin() {
    let mut gauge = Gauge::new(THRESHOLDS);
    read(&mut gauge, 80, 3);
    assert_eq!(read(&mut gauge, 70, 100), [], "at the margin");
    assert_eq!(read(&mut gauge, 69, 5), [Band::Busy]);
    assert_eq!(read(&mut gauge, 49, 5), [Band::Calm]);
}

#[test]
fn a_drill_counts_at_once() {
    let mut gauge = Gauge::new(THRESHOLDS);
    assert_eq!(gauge.set(95), Some(Band::Critical));
    assert_eq!(gauge.set(99), None);
    assert_eq!(gauge.set(0), Some(Band::Calm));
    assert_eq!(Band::ALL.map(|band| gauge.begins(band)), [0, 60, 80, 95]);
    assert_eq!(Band::ALL.map(Band::name), ["calm", "busy", "hot", "critical"]);
}

/// Whatever is read, the band changes no more often than the readings in a row allow.
#[test]
fn bands_never_flicker() {
    for seed in 0..100 {
        let (mut gauge, mut random) = (Gauge::new(THRESHOLDS), Random::new(seed));
        let mut since = u32::MAX;
        for _ in 0..1_000 {
            let before = gauge.band();
            since = since.saturating_add(1);
            if let Some(band) = gauge.read(u8::try_from(random.below(101)).unwrap()) {
                let needed = if band > before { 3 } else { 5 };
                assert!(band != before && since >= needed, "seed {seed}");
                since = 0;
            }
        }
    }
}
