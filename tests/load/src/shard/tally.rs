//! What the sessions of a shard were sent: how much, how late, and whether in order.

use std::collections::BTreeMap;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Ten minutes in nanoseconds: longer latencies are all alike.
const NANOS_MAX: u64 = 600_000_000_000;
/// Three significant digits.
const DIGITS: u8 = 3;

/// What sessions were sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tally {
    /// Messages that reached sessions.
    pub(crate) deliveries: u64,
    /// Frames, and their bytes with headers.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Sequences that were left out, and that came again.
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Messages in another order than somebody else got them.
    pub(crate) misplaced: u64,
    /// Slow sessions that were thrown out, that came back, and that had to begin anew.
    pub(crate) thrown_out: u64,
    pub(crate) resumed: u64,
    pub(crate) begun_anew: u64,
    /// From a publisher's clock to each receiver.
    pub(crate) latency: Times,
    /// From a heartbeat to its acknowledgement.
    pub(crate) beats: Times,
    /// A payload with a mark, as it came last.
    pub(crate) sample: Option<String>,
}

impl Tally {
    /// Adds what another shard was sent.
    pub(crate) fn add(&mut self, other: Self) -> Result<()> {
        self.deliveries += other.deliveries;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misplaced += other.misplaced;
        self.thrown_out += other.thrown_out;
        self.resumed += other.resumed;
        self.begun_anew += other.begun_anew;
        self.latency.add(&other.latency)?;
        self.beats.add(&other.beats)?;
        self.sample = self.sample.take().or(other.sample);
        Ok(())
    }

    /// Tells whether everybody got everything once and in order.
    pub(crate) const fn is_sound(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.misplaced == 0
    }
}

/// Many lengths of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "BTreeMap<u64, u64>", into = "BTreeMap<u64, u64>")]
pub(crate) struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        let Ok(histogram) = Histogram::new_with_bounds(1_000, NANOS_MAX, DIGITS) else {
            unreachable!("these bounds are valid")
        };
        Self(histogram)
    }
}

impl Times {
    pub(crate) fn note(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns a percentile in milliseconds.
    pub(crate) fn millis(&self, percentile: f64) -> f64 {
        self.0.value_at_percentile(percentile) as f64 / 1e6
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }
}

impl From<Times> for BTreeMap<u64, u64> {
    fn from(times: Times) -> Self {
        let recorded = times.0.iter_recorded();
        recorded.map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
    }
}

impl From<BTreeMap<u64, u64>> for Times {
    fn from(counts: BTreeMap<u64, u64>) -> Self {
        let mut times = Self::default();
        for (nanos, count) in counts {
            times.0.saturating_record_n(nanos, count);
        }
        times
    }
}
