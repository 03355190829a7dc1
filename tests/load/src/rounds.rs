//! What rounds of posting measured, one by one and together.

use std::time::Duration;

use anyhow::Result;
use throng_bench::spread::Spread;

use crate::publish::Flight;
use crate::shard::Tally;

/// What one round measured.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) messages: u32,
    pub(crate) flight: Flight,
    /// What the server's threads ran, if it is known.
    pub(crate) cpu: Option<Duration>,
    pub(crate) tally: Tally,
}

impl Round {
    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.tally.deliveries as f64 / self.flight.took.as_secs_f64()
    }

    /// Returns microseconds of the server for each delivery.
    pub(crate) fn micros_per_delivery(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.tally.deliveries.max(1) as f64)
    }

    /// Returns milliseconds of the server for each message.
    pub(crate) fn millis_per_message(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e3 / f64::from(self.messages.max(1)))
    }

    pub(crate) fn bytes_per_delivery(&self) -> f64 {
        self.tally.bytes as f64 / self.tally.deliveries.max(1) as f64
    }

    /// Adds another round of the same.
    fn add(&mut self, other: &Self) -> Result<()> {
        self.messages += other.messages;
        self.flight.took += other.flight.took;
        self.flight.acks.add(&other.flight.acks)?;
        self.cpu = self.cpu.zip(other.cpu).map(|(one, two)| one + two);
        self.tally.add(other.tally.clone())
    }
}

/// Rounds of the same.
#[derive(Clone, Debug)]
pub(crate) struct Rounds(Vec<Round>);

impl Rounds {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn push(&mut self, round: Round) {
        self.0.push(round);
    }

    /// Returns all of them as one.
    pub(crate) fn together(&self) -> Result<Round> {
        let (first, rest) = self.0.split_first().ok_or_else(|| anyhow::anyhow!("no rounds"))?;
        let mut sum = first.clone();
        rest.iter().try_for_each(|round| sum.add(round))?;
        Ok(sum)
    }

    /// Returns what each round is to the round beside it; nothing when a figure is not known.
    pub(crate) fn ratios(&self, to: &Self, figure: impl Fn(&Round) -> Option<f64>) -> Spread {
        let figures = |rounds: &Self| rounds.0.iter().map(&figure).collect::<Option<Vec<f64>>>();
        let known = figures(self).zip(figures(to));
        known.map(|(ones, others)| Spread::ratios(&ones, &others)).unwrap_or_default()
    }
}
