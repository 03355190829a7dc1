//! Everything that there is a target for, in one run.

mod beside;
mod slow;

use std::time::Duration;

use anyhow::{Context as _, Result};
use throng_bench::report::{Options, Report, Target};
use throng_bench::spread::Spread;

use crate::affinity::Cores;
use crate::gateway::Source;
use crate::progress::Progress;
use crate::publish::{Pace, Probe, Volley};
use crate::rounds::{Round, Rounds};
use crate::run::SINGLE;
use crate::scenario::{Scenario, Transport};
use crate::shard::Times;
use crate::system::System;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    sessions: usize,
    quic: usize,
    slow: usize,
    rounds: usize,
    /// One at a time, and ten in flight.
    single: Volley,
    tens: Volley,
    /// While acknowledgements are measured.
    busy: Volley,
    probe: Probe,
}

impl Sizes {
    const fn of(smoke: bool) -> Self {
        let (messages, lasts) = if smoke { (2, 200) } else { (8, 4_000) };
        let probe = Probe { pause: Duration::from_millis(10), lasts: Duration::from_millis(lasts) };
        let single = Volley { messages, ..SINGLE };
        let tens = Volley { messages: messages * 10, pace: Pace::InFlight(10), ..SINGLE };
        let busy = Volley { messages: messages * 3, ..SINGLE };
        if smoke {
            Self { sessions: 60, quic: 10, slow: 4, rounds: 1, single, tens, busy, probe }
        } else {
            Self {
                sessions: 15_000,
                quic: 2_000,
                slow: 1_000,
                rounds: 5,
                single,
                tens,
                busy,
                probe,
            }
        }
    }
}

/// A run.
struct Bench {
    sizes: Sizes,
    source: Source,
    cores: Cores,
    progress: Progress,
    report: Report,
    /// Deliveries that were lost, doubled or out of order.
    faults: u64,
}

/// Measures everything.
pub(crate) fn run(options: &Options, source: Source) -> Result<Report> {
    let mut bench = Bench {
        sizes: Sizes::of(options.smoke),
        source,
        cores: Cores::take(),
        progress: Progress::new(options.smoke),
        report: Report::new("fan-out over sockets, beside its floor"),
        faults: 0,
    };
    let mut plain = bench.enter()?;
    bench.fan_out(&mut plain)?;
    bench.answers(&mut plain)?;
    bench.compression(&mut plain)?;
    bench.passive(&mut plain)?;
    drop(plain);
    bench.slow()?;
    bench.quic()?;
    let faults = bench.faults as f64;
    bench.report.target("lost, doubled or out of order", faults, "", Target::AtMost(0.0));
    Ok(bench.report)
}

impl Bench {
    /// Opens a gateway, and says what entering and idling cost.
    fn enter(&mut self) -> Result<System> {
        let mut plain = System::gateway(&self.plain(), &self.source, self.cores)?;
        let empty = plain.weigh_settled(self.progress)?.context("its memory is not known")?;
        let entry = plain.enter(self.progress)?;
        let sessions = self.sizes.sessions as f64;
        self.report.figure("sessions", sessions, "");
        let wall = sessions / entry.took.as_secs_f64();
        self.report.figure("accepted and identified", wall, "/s");
        let rate = sessions / entry.cpu.unwrap_or_default().as_secs_f64();
        self.report.target(
            "accepted and identified, by the server's time",
            rate,
            "/core-second",
            Target::AtLeast(8_000.0),
        );
        let idle = plain.weigh(self.progress)?.unwrap_or_default().saturating_sub(empty);
        self.report.target(
            "RSS per idle session",
            idle as f64 / sessions,
            "bytes",
            Target::AtMost(1_536.0),
        );
        Ok(plain)
    }

    /// Compares what one message and ten messages take with what the floor takes.
    fn fan_out(&mut self, plain: &mut System) -> Result<()> {
        let Sizes { sessions, rounds, single, tens, .. } = self.sizes;
        let sample = plain.round(single)?.tally.sample.context("no sample")?;
        let mut floor = System::floor(Transport::WebSocket, sessions, &sample, self.cores)?;
        floor.round(single)?;
        let [mut floors, mut ones, mut many] = [const { Rounds::new() }; 3];
        let bar = self.progress.bar("fan-out and floor", 2 * rounds as u64);
        // Rounds of tens in between make single frames cheaper, but not the floor's, so they all
        // come afterwards.
        for round in 0..rounds {
            floors.push(floor.round(single)?);
            ones.push(self.round(plain, single)?);
            bar.at(round as u64);
        }
        for round in 0..rounds {
            many.push(self.round(plain, tens)?);
            bar.at((rounds + round) as u64);
        }
        drop(bar);
        let per_second = |round: &Round| Some(round.deliveries_per_second());
        self.report.figure("floor", floors.together()?.deliveries_per_second(), "deliveries/s");
        self.micros("floor", &floors)?;
        self.report.figure(
            "one at a time",
            ones.together()?.deliveries_per_second(),
            "deliveries/s",
        );
        self.micros("one at a time", &ones)?;
        let target = Target::AtLeast(0.95);
        self.ratio("one at a time / floor", &ones.ratios(&floors, per_second), target);
        self.report.figure(
            "ten in flight",
            many.together()?.deliveries_per_second(),
            "deliveries/s",
        );
        self.micros("ten in flight", &many)?;
        let target = Target::AtLeast(7.0);
        let ratios = many.ratios(&floors, per_second);
        self.ratio("ten in flight / floor one at a time", &ratios, target);
        let beats = many.together()?.tally.beats.millis(99.0);
        self.report.figure("heartbeat p99, ten in flight", beats, "ms");
        Ok(())
    }

    /// Compares how soon posts and heartbeats are acknowledged with and without a fan-out.
    fn answers(&mut self, plain: &mut System) -> Result<()> {
        let Sizes { busy, probe, rounds, .. } = self.sizes;
        let [mut idle, mut during, mut beats] = <[Times; 3]>::default();
        let mut ratios = Vec::new();
        let bar = self.progress.bar("posting to nobody, without and with a fan-out", rounds as u64);
        for number in 0..rounds {
            let alone = plain.probe(probe)?;
            let (round, acks) = plain.round_with_probe(busy, probe)?;
            ratios.push(acks.millis(99.0) / alone.millis(99.0));
            idle.add(&alone)?;
            self.faults += round.tally.faults();
            during.add(&acks)?;
            beats.add(&round.tally.beats)?;
            bar.at(number as u64);
        }
        drop(bar);
        for (name, times) in [("idle", &idle), ("during a fan-out", &during)] {
            for percentile in [50.0, 99.0] {
                let what = format!("publish acknowledgement p{percentile}, {name}");
                self.report.figure(what, times.millis(percentile), "ms");
            }
        }
        let what = "publish acknowledgement p99, during a fan-out / idle";
        self.ratio(what, &ratios.into_iter().collect(), Target::AtMost(2.0));
        let what = "heartbeat acknowledgement p99 during a fan-out";
        self.report.target(what, beats.millis(99.0), "ms", Target::AtMost(20.0));
        Ok(())
    }

    /// Posts, and notes what went wrong.
    fn round(&mut self, system: &mut System, volley: Volley) -> Result<Round> {
        let round = system.round(volley)?;
        self.faults += round.tally.faults();
        Ok(round)
    }

    /// Opens a gateway, and lets everybody in.
    fn open(&self, scenario: &Scenario) -> Result<System> {
        let mut system = System::gateway(scenario, &self.source, self.cores)?;
        system.enter(self.progress)?;
        Ok(system)
    }

    /// Everybody active, and nothing compressed.
    fn plain(&self) -> Scenario {
        Scenario { sessions: self.sizes.sessions, ..Scenario::default() }
    }

    fn micros(&mut self, what: &str, rounds: &Rounds) -> Result<()> {
        let micros = rounds.together()?.micros_per_delivery().unwrap_or_default();
        self.report.figure(format!("{what}: server's time per delivery"), micros, "us");
        Ok(())
    }

    fn ratio(&mut self, what: &str, ratios: &Spread, target: Target) {
        self.report.spread(what, ratios, "x", Some(target));
    }
}
