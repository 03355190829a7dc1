//! What rounds side by side say: the middle of their figures, and how far apart these lie.

/// Figures of rounds, one for each.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<f64>);

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self(sorted)
    }
}

impl Spread {
    /// Returns the ratios of rounds to those beside them: the machine is as busy for the one as for
    /// the other. A round that has none beside it is left out.
    #[must_use]
    pub fn ratios(ones: &[f64], others: &[f64]) -> Self {
        ones.iter().zip(others).map(|(one, other)| one / other).collect()
    }

    /// Returns the middle one, or the mean of the two in the middle; not a number without rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match (self.0.get(middle), middle.checked_sub(1).and_then(|below| self.0.get(below))) {
            (Some(upper), Some(lower)) if self.0.len().is_multiple_of(2) => {
                f64::midpoint(*lower, *upper)
            }
            (upper, _) => upper.copied().unwrap_or(f64::NAN),
        }
    }

    /// Returns the lowest and the highest, if there are two or more.
    #[must_use]
    pub fn ends(&self) -> Option<[f64; 2]> {
        match self.0.as_slice() {
            [lowest, .., highest] => Some([*lowest, *highest]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(figures: &[f64]) -> Spread {
        figures.iter().copied().collect()
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]).median().to_bits(), 2.0_f64.to_bits());
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).median().to_bits(), 2.5_f64.to_bits());
        assert!(spread(&[]).median().is_nan());
        assert_eq!(spread(&[7.0]).ends(), None);
        assert_eq!(spread(&[3.0, 1.0, 2.0]).ends(), Some([1.0, 3.0]));
    }

    #[test]
    fn ratios_are_of_rounds_side_by_side() {
        assert_eq!(Spread::ratios(&[2.0, 9.0], &[1.0, 3.0]).ends(), Some([2.0, 3.0]));
    }
}
