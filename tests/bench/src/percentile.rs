//! Percentiles of few samples.

use std::time::Duration;

/// Sorts the samples and returns the one that `share` (0 to 1) of them do not exceed.
///
/// Zero when there are none.
pub fn of(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    let last = samples.len().saturating_sub(1);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a slice"
    )]
    let place = (last as f64 * share).ceil() as usize;
    samples.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(of(&mut samples, 0.5), Duration::from_millis(51));
        assert_eq!(of(&mut samples, 0.99), Duration::from_millis(100));
        assert_eq!(of(&mut [], 0.5), Duration::ZERO);
    }
}
