//! What clients say of themselves, kept once for all sessions that say the same.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use throng_proto::gateway::Connection;

/// Descriptions above which those that no session has any more are dropped.
const SWEEP_AT: usize = 1_024;

/// All descriptions in use. There are few: clients of one kind say the same.
#[derive(Debug)]
pub(crate) struct Connections(Mutex<Known>);

#[derive(Debug)]
struct Known {
    all: HashSet<Arc<Connection>>,
    sweep_at: usize,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Known { all: HashSet::new(), sweep_at: SWEEP_AT }))
    }

    /// Returns the one that says the same, or keeps this one.
    pub(crate) fn share(&self, connection: Arc<Connection>) -> Arc<Connection> {
        let mut known = self.0.lock();
        if let Some(same) = known.all.get(&connection) {
            return Arc::clone(same);
        }
        if known.all.len() >= known.sweep_at {
            known.all.retain(|other| Arc::strong_count(other) > 1);
            known.sweep_at = (known.all.len() * 2).max(SWEEP_AT);
        }
        known.all.insert(Arc::clone(&connection));
        connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(device: usize) -> Arc<Connection> {
        Arc::new(Connection { device: device.to_string(), ..Connection::default() })
    }

    #[test]
    fn sessions_that_say_the_same_share_it() {
        let connections = Connections::new();
        let first = connections.share(connection(1));
        assert!(Arc::ptr_eq(&first, &connections.share(connection(1))));
        assert!(!Arc::ptr_eq(&first, &connections.share(connection(2))));
    }

    #[test]
    fn what_nobody_says_any_more_is_dropped() {
        let connections = Connections::new();
        let kept = connections.share(connection(0));
        for device in 1..10 * SWEEP_AT {
            connections.share(connection(device));
        }
        assert!(connections.0.lock().all.len() <= SWEEP_AT + 1);
        assert!(Arc::ptr_eq(&kept, &connections.share(connection(0))));
    }
}
