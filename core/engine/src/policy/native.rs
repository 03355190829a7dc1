//! The default policy, as `scripts/policies/default.rhai` has it too.

use throng_proto::time::Timestamp;

use super::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, NodeFacts, PASSIVE_V1, PASSIVE_V2,
    Passivity, Placement, Policy, Publish, PublishFacts, RelayFacts, Relief, SessionFacts,
    ShardKey, Shed, Split,
};
use crate::mode::{DeliveryTable, Mode};
use crate::pressure::Band;

/// The default policy.
///
/// Sessions that declare a passive capability are passive in guilds they are not subscribed to; all
/// others are active, also those that say that nobody is at the keyboard: libraries say so without
/// being able to live on digests. Relays are filled one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// Attachments that one relay takes.
    pub relay_capacity: usize,
}

impl Policy for Native {
    fn connect(&self, _: Timestamp, _: &SessionFacts) -> Connect {
        Connect::Admit
    }

    fn passivity(
        &self,
        _: Timestamp,
        session: &SessionFacts,
        _: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity {
        let capable = session.capabilities & (PASSIVE_V1 | PASSIVE_V2) != 0;
        let passive = capable && !attachment.subscribed;
        Passivity::lasting(if passive { Mode::Passive } else { Mode::Active })
    }

    fn delivery(&self, _: Timestamp, _: &GuildFacts) -> DeliveryTable {
        DeliveryTable::default()
    }

    fn relays(&self, _: Timestamp, _: &GuildFacts) -> Split {
        Split { capacity: self.relay_capacity.max(1), count: 1, key: ShardKey::None }
    }

    fn relay(
        &self,
        _: Timestamp,
        _: &SessionFacts,
        _: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement {
        relays.first().map_or(Placement::New, |relay| Placement::Relay(relay.relay))
    }

    fn publish(&self, _: Timestamp, _: &PublishFacts) -> Publish {
        Publish::Allow
    }

    fn lag(&self, _: Timestamp, _: &SessionFacts, _: &LagFacts) -> Lag {
        Lag::Close
    }

    fn overload(&self, _: Timestamp, node: &NodeFacts) -> Shed {
        let all = &Relief::ALL;
        Shed::these(match node.band {
            Band::Calm => &[],
            Band::Busy => &all[..1],
            Band::Hot => &all[..3],
            Band::Critical => all,
        })
    }
}
