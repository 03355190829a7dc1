//! A figure of two builds, round by round.

use std::borrow::Cow;

use crate::report::{Report, Target};
use crate::spread::Spread;

/// What a build may be to the one before it: 1 is as good, 2 is twice as good.
const LEAST: f64 = 0.97;

/// A figure of the build before and of the build after.
#[derive(Clone, Debug)]
pub struct Figure {
    what: String,
    unit: Cow<'static, str>,
    more_is_better: bool,
    both: [Vec<f64>; 2],
}

impl Figure {
    /// Begins one of which more is better, or less.
    #[must_use]
    pub fn new(
        what: impl Into<String>,
        unit: impl Into<Cow<'static, str>>,
        more_is_better: bool,
    ) -> Self {
        Self { what: what.into(), unit: unit.into(), more_is_better, both: Default::default() }
    }

    /// Notes what a build has shown: 0 is the one before, 1 the one after.
    ///
    /// # Panics
    ///
    /// There are only two builds.
    pub fn push(&mut self, build: usize, figure: f64) {
        self.both[build].push(figure);
    }

    /// Says what both have shown, and how good the second is beside the first.
    pub fn tell(&self, report: &mut Report) {
        let [before, after] = &self.both;
        for (name, figures) in [("before", before), ("after", after)] {
            let spread = figures.iter().copied().collect();
            report.spread(format!("{}: {name}", self.what), &spread, self.unit.clone(), None);
        }
        let (name, ratios) = if self.more_is_better {
            ("after / before", Spread::ratios(after, before))
        } else {
            ("before / after", Spread::ratios(before, after))
        };
        let what = format!("{}: {name}", self.what);
        report.spread(what, &ratios, "x", Some(Target::AtLeast(LEAST)));
    }
}
