//! Runs a scenario, and says what happened.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use throng_bench::report::Report;

use crate::affinity::Cores;
use crate::floor::SAMPLE;
use crate::gateway::{Gateway, Source};
use crate::order::Order;
use crate::progress::Progress;
use crate::publish::{Pace, Volley};
use crate::rounds::{Round, Rounds};
use crate::scenario::{Phase, Scenario, Transport};
use crate::shard::{Ends, Times};
use crate::system::{Entry, System};

/// What is posted to the floor in each round, and once to warm up.
pub(crate) const SINGLE: Volley =
    Volley { messages: 8, pace: Pace::InFlight(1), bytes: 200, mention_percent: 0 };
/// How long those who were closed may take to come back.
const RETURN: Duration = Duration::from_secs(60);
/// How often it is looked whether they are.
const LOOK: Duration = Duration::from_millis(200);

/// Measures the floor by itself.
pub(crate) fn floor(sessions: usize, cores: Cores) -> Result<Report> {
    let mut report = Report::new("floor: one write(2) to each socket");
    let mut floor = System::floor(Transport::WebSocket, sessions, SAMPLE, cores)?;
    floor.round(SINGLE)?;
    report.figure("sockets", sessions as f64, "");
    let round = floor.round(Volley { messages: 40, ..SINGLE })?;
    tell(&mut report, "one at a time", &round);
    Ok(report)
}

/// Runs a scenario.
pub(crate) fn scenario(scenario: &Scenario, source: &Source, progress: Progress) -> Result<Report> {
    let cores = Cores::take();
    let mut report = Report::new("throng-load");
    report.figure("sessions", scenario.sessions as f64, "");
    let making = progress.say("making users and a guild");
    let mut system = System::gateway(scenario, source, cores)?;
    drop(making);
    let before = refusals(&system, &BTreeMap::new())?;
    enter(&mut report, &mut system, scenario.weigh, progress)?;
    let warm = system.round(Volley { messages: 1, ..SINGLE })?;
    let sample = warm.tally.sample.unwrap_or_default();
    let floor = scenario
        .floor
        .then(|| System::floor(scenario.transport, scenario.sessions, &sample, cores));
    let mut stage = Stage { scenario, system, floor: floor.transpose()?, progress };
    let (phases, floor) = stage.play()?;
    for (phase, rounds) in scenario.phases.iter().zip(&phases) {
        let round = rounds.together()?;
        if scenario.floor {
            let ratios = rounds.ratios(&floor, |round| Some(round.deliveries_per_second()));
            report.spread(format!("{}: deliveries / floor", phase.name), &ratios, "x", None);
        }
        tell(&mut report, &phase.name, &round);
        report.figure(
            format!("{}: lost, doubled or out of order", phase.name),
            round.tally.faults() as f64,
            "",
        );
    }
    let refusals = refusals(&stage.system, &before)?;
    let verdicts = refusals.get("lag").copied().unwrap_or_default();
    if scenario.slow + scenario.restless > 0 {
        tell_ends(&mut report, until_back(&mut stage.system, verdicts)?);
    }

    for (limit, count) in refusals.iter().filter(|(_, count)| **count > 0) {
        report.figure(format!("refusals: {limit}"), *count as f64, "");
    }
    Ok(report)
}

/// Returns how often something was refused since `before`.
fn refusals(system: &System, before: &BTreeMap<String, u64>) -> Result<BTreeMap<String, u64>> {
    let mut refusals = system.served_by().map(Gateway::refusals).transpose()?.unwrap_or_default();
    for (limit, count) in &mut refusals {
        *count -= before.get(limit).copied().unwrap_or_default();
    }
    Ok(refusals)
}

/// A scenario while it runs.
struct Stage<'a> {
    scenario: &'a Scenario,
    system: System,
    floor: Option<System>,
    progress: Progress,
}

impl Stage<'_> {
    /// Goes through all phases as often as is wanted; returns the rounds of each, and the floor's.
    fn play(&mut self) -> Result<(Vec<Rounds>, Rounds)> {
        let mut phases = vec![Rounds::new(); self.scenario.phases.len()];
        let mut floors = Rounds::new();
        let steps = self.scenario.rounds * phases.len();
        let bar = self.progress.bar("posting", steps as u64);
        for turn in 0..self.scenario.rounds {
            if let Some(floor) = &mut self.floor {
                floors.push(floor.round(SINGLE)?);
            }
            for (number, phase) in self.scenario.phases.iter().enumerate() {
                bar.at((turn * phases.len() + number) as u64);
                phases[number].push(self.phase(phase)?);
            }
        }
        Ok((phases, floors))
    }

    fn phase(&mut self, phase: &Phase) -> Result<Round> {
        if self.scenario.slow > 0 {
            self.system.fleet.order(if phase.asleep { Order::Sleep } else { Order::Wake })?;
        }
        self.system.round(phase.volley())
    }
}

/// Wakes whoever sleeps, waits until so many were closed and all of those are back, and returns how
/// links ended.
pub(crate) fn until_back(system: &mut System, closed: u64) -> Result<Ends> {
    system.fleet.order(Order::Wake)?;
    let began = Instant::now();
    loop {
        let ends = system.fleet.tally()?.ends;
        let all_are_back = ends.returned() >= ends.closed + ends.cut && ends.closed >= closed;
        if all_are_back || began.elapsed() > RETURN {
            return Ok(ends);
        }
        thread::sleep(LOOK);
    }
}

/// Lets everybody in, and says what that takes.
fn enter(report: &mut Report, system: &mut System, weigh: bool, progress: Progress) -> Result<()> {
    let sessions = system.fleet.sessions() as f64;
    let empty = if weigh { system.weigh_settled(progress)? } else { None };
    let Entry { took, cpu } = system.enter(progress)?;
    report.figure("entering", sessions / took.as_secs_f64(), "sessions/s");
    if let Some(cpu) = cpu {
        let rate = sessions / cpu.as_secs_f64();
        report.figure("entering, by the server's time", rate, "sessions/core-second");
    }
    if let Some(empty) = empty {
        let idle = system.weigh(progress)?.unwrap_or(empty).saturating_sub(empty);
        report.figure("RSS per idle session", idle as f64 / sessions, "bytes");
    }
    Ok(())
}

fn tell(report: &mut Report, name: &str, round: &Round) {
    let mut figure =
        |what: &str, figure, unit| report.figure(format!("{name}: {what}"), figure, unit);
    figure("deliveries", round.deliveries_per_second(), "/s");
    if let Some((delivery, message)) = round.micros_per_delivery().zip(round.millis_per_message()) {
        figure("server's time per delivery", delivery, "us");
        figure("server's time per message", message, "ms");
    }
    figure("bytes per delivery, on the wire", round.bytes_per_delivery(), "");
    let mut times = |what: &str, times: &Times, percentiles: &[f64]| {
        for percentile in percentiles.iter().filter(|_| times.count() > 0) {
            figure(&format!("{what} p{percentile}"), times.millis(*percentile), "ms");
        }
    };
    times("latency", &round.tally.latency, &[50.0, 99.0, 99.9]);
    times("acknowledgement", &round.flight.acks, &[50.0, 99.0]);
    times("heartbeat", &round.tally.beats, &[50.0, 99.0]);
}

/// Says how links ended that did.
fn tell_ends(report: &mut Report, ends: Ends) {
    for (what, count) in [
        ("slow sessions that were closed", ends.closed),
        ("links that were cut", ends.cut),
        ("sessions that resumed", ends.resumed),
        ("sessions that had to begin anew", ends.begun_anew),
    ] {
        if count > 0 {
            report.figure(what, count as f64, "");
        }
    }
}
