//! What sessions show of being there, within the bounds that others can bear.

use throng_proto::gateway::PresenceUpdate;
use throng_proto::model::Activities;

use crate::clock;
use crate::metrics::Refused;
use crate::node::Shared;

/// Cuts a presence to its limits, and notes when its activities were said: what a session showed
/// `before` already is as old as it was.
pub(super) fn fitted(
    shared: &Shared,
    update: PresenceUpdate,
    before: &Activities,
) -> PresenceUpdate {
    let limits = &shared.config.presence;
    let said = update.activities.created(clock::wall(), before);
    let count = said.as_slice().len();
    let activities = said.within(limits.activities_max, limits.bytes_max);
    if activities.as_slice().len() < count {
        shared.metrics.refuse(Refused::Activities);
    }
    PresenceUpdate { activities, ..update }
}
