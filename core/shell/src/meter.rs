//! The meter: where everybody notes what they did, what they refused and what is wrong.

use std::sync::Arc;

use crate::metrics::{Metrics, Refused};
use crate::traffic::Traffic;
use crate::troubles::Troubles;

/// Everything that a node counts and complains of. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    pub(crate) metrics: Arc<Metrics>,
    /// Deliveries by guild.
    pub(crate) traffic: Arc<Traffic>,
    /// What is wrong now.
    pub(crate) troubles: Troubles,
}

impl Meter {
    /// Makes one for so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            metrics: Arc::new(Metrics::new(workers)),
            traffic: Arc::default(),
            troubles: Troubles::default(),
        }
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&self, why: Refused) {
        self.metrics.refuse(why);
    }

    /// Counts several of them.
    pub(crate) fn refuse_many(&self, why: Refused, count: u64) {
        self.metrics.refuse_many(why, count);
    }
}
