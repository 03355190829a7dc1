//! How much has stood in queues.

/// The least that has waited since the last look: a queue that was short once in that time is no
/// queue that stands, however long it is for a moment (Nichols and Jacobson, Controlling Queue
/// Delay, 2012).
#[derive(Debug)]
pub(super) struct Least {
    pub(super) queue: u64,
    pub(super) ahead: u64,
}

impl Default for Least {
    fn default() -> Self {
        Self { queue: u64::MAX, ahead: u64::MAX }
    }
}
