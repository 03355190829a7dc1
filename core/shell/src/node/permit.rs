//! Counts of what may be open at the same time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use throng_proto::id::UserId;

/// Connections accepted so far.
static ACCEPTED: AtomicU64 = AtomicU64::new(0);

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    open: Arc<AtomicUsize>,
    order: u64,
}

impl Permit {
    pub(crate) fn take(open: &Arc<AtomicUsize>, max: usize) -> Option<Self> {
        if open.fetch_add(1, Ordering::AcqRel) >= max {
            open.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        let order = ACCEPTED.fetch_add(1, Ordering::Relaxed);
        Some(Self { open: Arc::clone(open), order })
    }

    /// Returns the connection's place in the order of accepting.
    pub(crate) const fn order(&self) -> u64 {
        self.order
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Sessions of each user.
#[derive(Debug, Default)]
pub(crate) struct SessionCounts(HashMap<UserId, u32>);

impl SessionCounts {
    /// Counts a session in, unless the user has too many.
    pub(crate) fn enter(&mut self, user: UserId, max: usize) -> bool {
        let count = self.0.entry(user).or_default();
        let room = usize::try_from(*count).unwrap_or(usize::MAX) < max;
        *count += u32::from(room);
        room
    }

    pub(crate) fn leave(&mut self, user: UserId) {
        if let Some(count) = self.0.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(&user);
            }
        }
    }
}
