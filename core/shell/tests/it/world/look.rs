//! Waiting for what does not tell when it changes: counts, tables and the store, as threads of the
//! node leave them.

use std::time::Duration;

use throng_proto::id::GuildId;

use super::{PATIENCE, World, patient};

/// How often it is looked at. Whoever waits must not keep a core busy: what it waits for needs one.
const EVERY: Duration = Duration::from_millis(1);

/// Waits until a look finds something, and returns it.
pub(crate) async fn found<T>(look: impl AsyncFnMut() -> Option<T>) -> T {
    patient(looking(look)).await
}

async fn looking<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut every = tokio::time::interval(EVERY);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        every.tick().await;
    }
}

/// Waits until something is so.
pub(crate) async fn becomes(mut so: impl FnMut() -> bool) {
    found(async || so().then_some(())).await;
}

impl World {
    /// Waits until a metric is as expected.
    pub(crate) async fn metric_becomes(&self, name: &str, wanted: impl Fn(u64) -> bool) {
        let reached = looking(async || wanted(self.metric(name)).then_some(()));
        let done = tokio::time::timeout(PATIENCE, reached).await;
        assert!(done.is_ok(), "{name} is {}", self.metric(name));
    }

    /// Waits until every attachment was asked about after a policy came.
    pub(crate) async fn reviewed(&self) {
        use throng_ports::hub::Operations as _;
        becomes(|| !self.node.policy().1.running).await;
    }

    /// Waits until the store has a user in this many guilds.
    pub(crate) async fn stored_guilds(&self, user: throng_proto::id::UserId, count: usize) {
        use throng_ports::store::Store as _;
        let guilds = async || -> Option<Vec<GuildId>> {
            Some(self.store.guilds_of(user).await.unwrap()).filter(|guilds| guilds.len() == count)
        };
        found(guilds).await;
    }
}
