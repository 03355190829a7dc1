//! How long something took, counted by upper bounds.

use std::time::Duration;

use super::{Cell, Cells, Kind, Labels, Page};

/// Upper bounds in microseconds: from half a millisecond, which a commit may take, to ten seconds,
/// after which whoever waits has gone.
const BOUNDS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// Times, counted by upper bounds of 0.5 ms to 10 s. Any thread may add; adding costs two additions
/// in memory.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: Cells<{ BOUNDS.len() + 1 }>,
    nanos: Cell,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&self, took: Duration) {
        self.observe_many(took, 1);
    }

    /// Counts as many that all took as long.
    pub fn observe_many(&self, took: Duration, count: u64) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket].add(count);
        self.nanos.add(nanos.saturating_mul(count));
    }

    /// Writes several as one family without labels, as if they were one.
    pub fn write<'a>(
        page: &mut Page,
        name: &str,
        help: &str,
        all: impl Iterator<Item = &'a Self> + Clone,
    ) {
        page.family(name, Kind::Histogram, help);
        Self::write_labelled(page, &[], all);
    }

    /// Writes several as one, under labels of the family that was begun last.
    pub fn write_labelled<'a>(
        page: &mut Page,
        labels: Labels<'_>,
        all: impl Iterator<Item = &'a Self> + Clone,
    ) {
        let nanos = all.clone().map(|one| one.nanos.read()).sum();
        let counts = (0..=BOUNDS.len())
            .map(move |bucket| all.clone().map(|one| one.buckets[bucket].read()).sum::<u64>());
        page.histogram(labels, &BOUNDS, counts, Duration::from_nanos(nanos));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_up_to_their_bound_and_summed() {
        let (here, there) = (Histogram::default(), Histogram::default());
        here.observe(Duration::from_micros(500));
        here.observe_many(Duration::from_millis(20), 3);
        there.observe(Duration::from_secs(60));
        let mut page = Page::default();
        Histogram::write(
            &mut page,
            "throng_commit_seconds",
            "Commits.",
            [&here, &there].into_iter(),
        );
        let text = page.into_text();
        for line in [
            "throng_commit_seconds_bucket{le=\"0.0005\"} 1",
            "throng_commit_seconds_bucket{le=\"0.01\"} 1",
            "throng_commit_seconds_bucket{le=\"0.025\"} 4",
            "throng_commit_seconds_bucket{le=\"10\"} 4",
            "throng_commit_seconds_bucket{le=\"+Inf\"} 5",
            "throng_commit_seconds_sum 60.0605",
            "throng_commit_seconds_count 5",
        ] {
            assert!(text.lines().any(|known| known == line), "no {line} in\n{text}");
        }
    }
}
