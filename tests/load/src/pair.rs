//! Two builds of the gateway side by side: what the figures of one are to the other's.
//!
//! Both run at the same time on the server's core, with as many sessions each, and take turns:
//! whoever goes first in one round goes second in the next. What is noise in a figure of one build
//! is so for the other, too.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use throng_bench::figure::Figure;
use throng_bench::report::{Options, Report, Target};

use crate::affinity::Cores;
use crate::gateway::Source;
use crate::progress::Progress;
use crate::publish::{Pace, Probe, Volley};
use crate::rounds::Round;
use crate::run::SINGLE;
use crate::scenario::Scenario;
use crate::system::System;

/// Messages in each round: one at a time, ten in flight, and while acknowledgements are measured.
/// Rounds are short, because a machine changes its speed in the course of seconds, and many.
const ONES: Volley = Volley { messages: 4, ..SINGLE };
const TENS: Volley = Volley { messages: 40, pace: Pace::InFlight(10), ..SINGLE };
const BUSY: Volley = Volley { messages: 6, ..SINGLE };
/// What acknowledgements are measured of: a post to nobody, a pause, and the next, for so long.
const PAUSE: Duration = Duration::from_millis(10);
const PROBED: Duration = Duration::from_secs(1);
/// As much of the same, to show that it works.
const FEW: u32 = 2;

/// What is compared, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct Plan {
    /// The build that is there already.
    #[arg(long, value_name = "FILE")]
    before: PathBuf,
    /// The build that is to take its place.
    #[arg(long, value_name = "FILE")]
    after: PathBuf,
    /// How often each has its turn.
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Sessions of each.
    #[arg(long, default_value_t = 15_000)]
    sessions: usize,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// Both builds, and what they have shown.
struct Pair {
    systems: [System; 2],
    rounds: usize,
    messages_of: fn(Volley) -> Volley,
    probe: Probe,
    progress: Progress,
    faults: u64,
}

/// Compares two builds.
pub(crate) fn run(plan: &Plan) -> Result<Report> {
    let smoke = plan.options.smoke;
    let progress = Progress::new(smoke);
    let mut report = Report::new("two builds of the gateway, in turn");
    report.figure("sessions of each", plan.sessions as f64, "");
    let mut pair = Pair::open(plan, progress)?;
    pair.enter(&mut report)?;
    pair.fan_out("one at a time", ONES, &mut report)?;
    pair.fan_out("ten in flight", TENS, &mut report)?;
    pair.answers(&mut report)?;
    let faults = pair.faults as f64;
    report.target("lost, doubled or out of order", faults, "", Target::AtMost(0.0));
    Ok(report)
}

impl Pair {
    fn open(plan: &Plan, progress: Progress) -> Result<Self> {
        let cores = Cores::take();
        let scenario = Scenario { sessions: plan.sessions, ..Scenario::default() };
        let open = |binary: &PathBuf| {
            let source = Source { binary: Some(binary.clone()), ..Source::default() };
            System::gateway(&scenario, &source, cores)
        };
        let few = |volley: Volley| Volley { messages: FEW, ..volley };
        let smoke = plan.options.smoke;
        Ok(Self {
            systems: [open(&plan.before)?, open(&plan.after)?],
            rounds: plan.rounds.max(1),
            messages_of: if smoke { few } else { |volley| volley },
            probe: Probe { pause: PAUSE, lasts: if smoke { PAUSE } else { PROBED } },
            progress,
            faults: 0,
        })
    }

    /// Lets everybody in, and compares what that costs and what idle sessions weigh.
    fn enter(&mut self, report: &mut Report) -> Result<()> {
        let mut rate = Figure::new("accepted and identified", "/core-second", true);
        let mut weight = Figure::new("RSS per idle session", "bytes", false);
        for (build, system) in self.systems.iter_mut().enumerate() {
            let sessions = system.fleet.sessions() as f64;
            let empty = system.weigh_settled(self.progress)?.context("its memory is not known")?;
            let cpu = system.enter(self.progress)?.cpu.context("its time is not known")?;
            rate.push(build, sessions / cpu.as_secs_f64());
            let full = system.weigh(self.progress)?.unwrap_or_default();
            weight.push(build, full.saturating_sub(empty) as f64 / sessions);
        }
        rate.tell(report);
        weight.tell(report);
        Ok(())
    }

    /// Compares deliveries of a volley.
    fn fan_out(&mut self, what: &'static str, volley: Volley, report: &mut Report) -> Result<()> {
        let mut rate = Figure::new(format!("deliveries, {what}"), "/s", true);
        let mut time = Figure::new(format!("server's time per delivery, {what}"), "us", false);
        let mut beats = Figure::new(format!("heartbeat p99, {what}"), "ms", false);
        let volley = (self.messages_of)(volley);
        self.in_turn(what, |system, build| {
            let round = system.round(volley)?;
            rate.push(build, round.deliveries_per_second());
            time.push(build, round.micros_per_delivery().unwrap_or(f64::NAN));
            beats.push(build, round.tally.beats.millis(99.0));
            Ok(round)
        })?;
        [rate, time, beats].iter().for_each(|figure| figure.tell(report));
        Ok(())
    }

    /// Compares how soon posts and heartbeats are acknowledged during a fan-out.
    fn answers(&mut self, report: &mut Report) -> Result<()> {
        let what = "publish acknowledgement p99 during a fan-out";
        let mut acks = Figure::new(what, "ms", false);
        let what = "heartbeat acknowledgement p99 during a fan-out";
        let mut beats = Figure::new(what, "ms", false);
        let (volley, probe) = ((self.messages_of)(BUSY), self.probe);
        self.in_turn("acknowledgements", |system, build| {
            let (round, times) = system.round_with_probe(volley, probe)?;
            acks.push(build, times.millis(99.0));
            beats.push(build, round.tally.beats.millis(99.0));
            Ok(round)
        })?;
        acks.tell(report);
        beats.tell(report);
        Ok(())
    }

    /// Lets both act in turn, and once before for warmth.
    fn in_turn(
        &mut self,
        what: &'static str,
        mut act: impl FnMut(&mut System, usize) -> Result<Round>,
    ) -> Result<()> {
        for system in &mut self.systems {
            system.round((self.messages_of)(SINGLE))?;
        }
        let bar = self.progress.bar(what, self.rounds as u64);
        for round in 0..self.rounds {
            for turn in 0..2 {
                let build = (round + turn) % 2;
                self.faults += act(&mut self.systems[build], build)?.tally.faults();
            }
            bar.at(round as u64);
        }
        Ok(())
    }
}
