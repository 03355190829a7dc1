//! The first figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::affinity;
use crate::gateway::{self, Gateway};
use crate::publish::Volley;
use crate::system::{self, Round, System};

pub(crate) fn run(
    sessions: usize,
    binary: Option<PathBuf>,
    rounds: u32,
    hurry: bool,
) -> Result<()> {
    let cores = affinity::cores();
    let cores = (cores.first().copied(), cores.last().copied());
    let binary = binary.map_or_else(gateway::release, Ok)?;
    let gateway = Gateway::start(&binary, &BTreeMap::new(), cores)?;
    let mut throng = System::gateway(gateway, sessions, cores.1)?;
    if !hurry {
        std::thread::sleep(system::SETTLE);
    }
    let before = throng.meter.resident()?;
    let (took, cpu) = system::enter(&mut throng)?;
    println!(
        "entered {sessions} in {took:?}: {:.0}/s, {:.0} per core-second",
        sessions as f64 / took.as_secs_f64(),
        sessions as f64 / cpu.as_secs_f64()
    );
    let entered = throng.meter.resident()?;
    println!(
        "RSS: {} before, {} B/session entered",
        before,
        (entered.saturating_sub(before)) / sessions as u64
    );
    if !hurry {
        let idle = throng.weigh_idle()?;
        println!("idle: {} B/session", (idle.saturating_sub(before)) / sessions as u64);
    }
    let one = Volley { messages: 8, in_flight: 1, bytes: 200 };
    let ten = Volley { messages: 80, in_flight: 10, bytes: 200 };
    throng.round(one)?;
    let sample = throng.round(one)?.tally.sample.context("no sample")?;
    println!("sample of {} bytes: {sample}", sample.len());
    let mut floor = System::floor(sessions, &sample, cores)?;
    floor.round(one)?;
    let (mut ones, mut tens) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let bare = floor.round(one)?;
        let single = throng.round(one)?;
        let many = throng.round(ten)?;
        for (system, round) in [(&floor, &bare), (&throng, &single), (&throng, &many)] {
            show(system, round);
        }
        ones.push(single.deliveries_per_second / bare.deliveries_per_second);
        tens.push(many.deliveries_per_second / bare.deliveries_per_second);
    }
    println!(
        "one at a time / floor: {:.3}   ten in flight / floor: {:.2}",
        median(&mut ones),
        median(&mut tens)
    );
    println!("RSS at the end: {}", throng.meter.resident()?);
    Ok(())
}

fn median(ratios: &mut [f64]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn show(system: &System, round: &Round) {
    let deliveries = round.tally.deliveries as f64;
    println!(
        "{:>8} {:>4} messages: {:>9.0} deliveries/s, {:>6.2} us CPU each, {:>5.1} bytes, latency p50 {:>7.2} p99 {:>7.2} ms, ack p50 {:.2} p99 {:.2} ms, sound {}",
        system.name,
        round.messages,
        round.deliveries_per_second,
        round.cpu.as_secs_f64() * 1e6 / deliveries,
        round.tally.bytes as f64 / deliveries,
        round.tally.latency.millis(50.0),
        round.tally.latency.millis(99.0),
        round.flight.acks.millis(50.0),
        round.flight.acks.millis(99.0),
        round.tally.is_sound(),
    );
}
