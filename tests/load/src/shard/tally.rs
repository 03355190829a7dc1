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
    /// How links ended since they began, whatever was forgotten meanwhile.
    pub(crate) ends: Ends,
    /// From a publisher's clock to each receiver.
    pub(crate) latency: Times,
    /// From a heartbeat to its acknowledgement.
    pub(crate) beats: Times,
    /// A payload with a mark, as it came last.
    pub(crate) sample: Option<String>,
}

impl Tally {
    /// Forgets what was measured, but not how links ended.
    pub(super) fn forget(&mut self) {
        *self = Self { ends: self.ends, ..Self::default() };
    }

    /// Adds what another shard was sent, or was sent at another time.
    pub(crate) fn add(&mut self, other: Self) -> Result<()> {
        self.deliveries += other.deliveries;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misplaced += other.misplaced;
        self.ends.add(other.ends);
        self.latency.add(&other.latency)?;
        self.beats.add(&other.beats)?;
        self.sample = self.sample.take().or(other.sample);
        Ok(())
    }

    /// Returns how often something did not come once and in order.
    pub(crate) const fn faults(&self) -> u64 {
        self.lost + self.doubled + self.misplaced
    }
}

/// How links ended, and what became of their sessions.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ends {
    /// Slow sessions whose links the server closed.
    pub(crate) closed: u64,
    /// Restless ones that cut their links.
    pub(crate) cut: u64,
    /// Sessions that resumed.
    pub(crate) resumed: u64,
    /// Sessions that were told to begin anew.
    pub(crate) begun_anew: u64,
}

impl Ends {
    /// Returns how many sessions got a new link.
    pub(crate) const fn returned(self) -> u64 {
        self.resumed + self.begun_anew
    }

    fn add(&mut self, other: Self) {
        self.closed += other.closed;
        self.cut += other.cut;
        self.resumed += other.resumed;
        self.begun_anew += other.begun_anew;
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
