//! What a link is handed in one call.

use throng_proto::event::EventClass;
use throng_proto::wire::Lane;

use crate::replay::Entry;

/// Frames handed to a link in one call.
pub(super) const BATCH: usize = 64;

/// Says what an entry must keep in order with.
pub(super) fn lane(entry: &Entry) -> Lane {
    match (entry.guild, entry.kind.class()) {
        (None, _) => Lane::Session,
        (Some(guild), EventClass::Typing | EventClass::Presence) => Lane::Ephemeral(guild),
        (Some(guild), _) => Lane::Guild(guild),
    }
}
