//! Slow readers: what others notice of them, and how they end.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use throng_bench::report::Target;
use throng_bench::spread::Spread;

use super::Bench;
use crate::meter;
use crate::order::Order;
use crate::publish::{Pace, Volley};
use crate::run::until_back;
use crate::scenario::Scenario;
use crate::shard::Ends;
use crate::system::System;

/// Bytes of a content: long ones fill the kernel's buffers sooner.
const CONTENT_BYTES: usize = 1_900;
/// Events that a link may be behind: a hundredth of the default, so that a run does not take hours.
const LAG_EVENTS_MAX: i64 = 50;
/// Volleys that everybody gets before, that the others get during, and that everybody gets after.
const VOLLEYS: usize = 5;
/// Messages, ten in flight, of which as many volleys as it takes fill every buffer.
const FILLING: Volley =
    Volley { messages: 100, pace: Pace::InFlight(10), bytes: CONTENT_BYTES, mention_percent: 0 };
/// More of those would not help: the kernel takes 4 MB for a socket at most.
const VOLLEYS_MAX: usize = 20;
/// A place in the log for each slow reader, and no queue.
const RESIDENT_MEGABYTES_MAX: f64 = 32.0;
/// A link that reads nothing needs no more than what a pass may write at once.
const BUFFER_KILOBYTES_MAX: f64 = 1_024.0;
/// What a megabyte is.
const MEGABYTE: f64 = 1024.0 * 1024.0;

impl Bench {
    /// Lets some sessions read nothing, until each was closed and has resumed.
    pub(super) fn slow(&mut self) -> Result<()> {
        let lag = ("limits.lag_events_max".to_owned(), LAG_EVENTS_MAX.into());
        let slow = self.sizes.slow;
        let mut system =
            self.open(&Scenario { slow, gateway: BTreeMap::from([lag]), ..self.plain() })?;
        let saying = self.progress.say("letting some read nothing");
        system.round(Volley { messages: 1, ..FILLING })?;
        let mut calm = self.latencies(&mut system)?;
        let weight = Weight::take(&system)?;
        system.fleet.order(Order::Sleep)?;
        let asleep = self.latencies(&mut system)?;
        let (mut closed, mut weights) = (0, vec![Weight::take(&system)?]);
        for _ in 0..VOLLEYS_MAX {
            closed = system.served_by().context("no gateway")?.verdicts()?;
            if closed >= slow as u64 {
                break;
            }
            self.round(&mut system, FILLING)?;
            weights.push(Weight::take(&system)?);
        }
        let ends = until_back(&mut system, closed)?;
        calm.extend(self.latencies(&mut system)?);
        drop(saying);
        self.tell_latency(calm, asleep);
        self.tell_weight(weight, &weights);
        self.tell_ends(ends);
        Ok(())
    }

    /// Returns the latency p99 of some volleys, each by itself: one hiccup of the machine is not
    /// what is measured.
    fn latencies(&mut self, system: &mut System) -> Result<Vec<f64>> {
        let volley = Volley { bytes: CONTENT_BYTES, ..self.sizes.single };
        let measure = |_| Ok(self.round(system, volley)?.tally.latency.millis(99.0));
        (0..VOLLEYS).map(measure).collect()
    }

    fn tell_latency(&mut self, calm: Vec<f64>, asleep: Vec<f64>) {
        let median = |times: Vec<f64>| times.into_iter().collect::<Spread>().median();
        let [without, with] = [calm, asleep].map(median);
        let slow = self.sizes.slow;
        self.report.figure("latency p99, everybody reads", without, "ms");
        self.report.figure(format!("latency p99 of the others, {slow} read nothing"), with, "ms");
        let what = "latency p99 of the others, with slow readers / without";
        self.report.target(what, with / without, "x", Target::AtMost(1.2));
    }

    fn tell_weight(&mut self, before: Weight, during: &[Weight]) {
        let most = |of: fn(&Weight) -> u64| {
            let most = during.iter().map(of).max().unwrap_or_default();
            most.saturating_sub(of(&before)) as f64 / MEGABYTE
        };
        let (resident, buffers) = (most(|weight| weight.resident), most(|weight| weight.buffers));
        let target = Target::AtMost(RESIDENT_MEGABYTES_MAX);
        self.report.target("RSS that slow readers add", resident, "MiB", target);
        let each = buffers * 1024.0 / self.sizes.slow as f64;
        let target = Target::AtMost(BUFFER_KILOBYTES_MAX);
        self.report.target("kernel memory for each slow reader, at most", each, "KiB", target);
    }

    fn tell_ends(&mut self, ends: Ends) {
        let slow = self.sizes.slow as f64;
        for (what, count) in [
            ("slow sessions that were closed", ends.closed),
            ("slow sessions that resumed", ends.resumed),
        ] {
            let share = 100.0 * count as f64 / slow;
            self.report.target(what, share, "%", Target::AtLeast(100.0));
        }
    }
}

/// What slow readers may cost.
#[derive(Clone, Copy, Debug)]
struct Weight {
    /// RSS of the server.
    resident: u64,
    /// What the kernel holds for all sockets.
    buffers: u64,
}

impl Weight {
    fn take(system: &System) -> Result<Self> {
        let meter = system.meter.context("its memory is not known")?;
        Ok(Self { resident: meter.resident()?, buffers: meter::tcp_buffers()? })
    }
}
