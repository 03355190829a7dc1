//! Which of a few copies of something a thread uses, so that threads do not share cache lines.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Copies: more than most machines have cores that ask policies.
pub(crate) const STRIPES: usize = 16;

thread_local! {
    static STRIPE: usize = next();
}

/// Returns the number of this thread's copy.
pub(crate) fn stripe() -> usize {
    STRIPE.with(|stripe| *stripe)
}

fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES
}
