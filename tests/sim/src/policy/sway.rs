//! A policy that changes its mind about how guilds are split.

use std::sync::atomic::{AtomicUsize, Ordering};

use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, Native, NodeFacts, Passivity, Placement,
    Policy, Publish, PublishFacts, RelayFacts, SessionFacts, ShardKey, Shed, Split,
};
use throng_proto::time::Timestamp;

/// The native policy, but for the size of relays.
#[derive(Debug)]
pub(crate) struct Sway {
    native: Native,
    capacity: AtomicUsize,
}

impl Default for Sway {
    fn default() -> Self {
        let capacity = 1_000;
        Self { native: Native { relay_capacity: capacity }, capacity: AtomicUsize::new(capacity) }
    }
}

impl Sway {
    pub(crate) fn split(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Relaxed);
    }
}

impl Policy for Sway {
    fn connect(&self, now: Timestamp, session: &SessionFacts) -> Connect {
        self.native.connect(now, session)
    }

    fn passivity(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity {
        self.native.passivity(now, session, guild, attachment)
    }

    fn delivery(&self, now: Timestamp, guild: &GuildFacts) -> DeliveryTable {
        self.native.delivery(now, guild)
    }

    fn relays(&self, _: Timestamp, _: &GuildFacts) -> Split {
        Split { capacity: self.capacity.load(Ordering::Relaxed), count: 1, key: ShardKey::None }
    }

    fn relay(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement {
        self.native.relay(now, session, guild, relays)
    }

    fn publish(&self, now: Timestamp, event: &PublishFacts) -> Publish {
        self.native.publish(now, event)
    }

    fn lag(&self, now: Timestamp, session: &SessionFacts, lag: &LagFacts) -> Lag {
        self.native.lag(now, session, lag)
    }

    fn overload(&self, now: Timestamp, node: &NodeFacts) -> Shed {
        self.native.overload(now, node)
    }
}
