//! What sessions show of being there, within the bounds that others can bear.

use throng_proto::gateway::PresenceUpdate;
use throng_proto::model::Activities;

use crate::clock;
use crate::config::Config;
use crate::meter::Meter;
use crate::metrics::Refused;

/// Cuts a presence to its limits, and notes when its activities were said: what a session showed
/// `before` already is as old as it was.
pub(super) fn fitted(
    settings: &Config,
    meter: &Meter,
    update: PresenceUpdate,
    before: &Activities,
) -> PresenceUpdate {
    let limits = &settings.presence;
    let said = update.activities.created(clock::wall(), before);
    let count = said.as_slice().len();
    let activities = said.within(limits.activities_max, limits.bytes_max);
    if activities.as_slice().len() < count {
        meter.refuse(Refused::Activities);
    }
    PresenceUpdate { activities, ..update }
}
