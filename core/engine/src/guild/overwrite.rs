//! Overwrites of channels.

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::event::EventKind;
use throng_proto::id::{AnyId, ChannelId};
use throng_proto::model::{Channel, Overwrite};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::authority::Authority;
use super::plan::{Decided, Decision};
use super::{Guild, form};
use throng_proto::command::Reply;

impl Guild {
    /// Sets one overwrite; answers with nothing.
    pub(super) fn overwrite_put(
        &self,
        who: &Authority,
        channel: ChannelId,
        overwrite: Overwrite,
    ) -> Decided {
        let old = who.need_in(channel, Permissions::MANAGE_ROLES)?;
        let overwrites = &old.permission_overwrites;
        permit(who, who.in_channel(&old), overwrites, &[overwrite])?;
        if overwrites.contains(&overwrite) {
            return Ok(Decision::nothing());
        }
        let overwrites = once_each(overwrites.iter().copied().chain([overwrite]));
        form::count("permission_overwrites", overwrites.len(), self.config.overwrites_max)?;
        self.put_overwrites(&old, overwrites)
    }

    /// Removes one overwrite; answers with nothing.
    pub(super) fn overwrite_delete(
        &self,
        who: &Authority,
        channel: ChannelId,
        target: AnyId,
    ) -> Decided {
        let old = who.need_in(channel, Permissions::MANAGE_ROLES)?;
        let is_target = |overwrite: &&Overwrite| overwrite.id == target;
        let removed = old.permission_overwrites.iter().find(is_target);
        let removed = *removed.ok_or(Refusal::UnknownOverwrite)?;
        // What a deny withheld is granted by removing it.
        who.may_grant(who.in_channel(&old), removed.deny)?;
        let others = old.permission_overwrites.iter().filter(|overwrite| !is_target(overwrite));
        self.put_overwrites(&old, others.copied().collect())
    }

    fn put_overwrites(&self, old: &Arc<Channel>, overwrites: Vec<Overwrite>) -> Decided {
        let channel = Channel { permission_overwrites: overwrites, ..self.current(old) };
        let mut plan = self.put_channel(EventKind::ChannelUpdate, channel);
        plan.reply = Reply::nothing();
        plan.decided()
    }
}

/// Refuses overwrites that allow or deny more than the actor has, beyond what is there already.
pub(super) fn permit(
    who: &Authority,
    may: Permissions,
    old: &[Overwrite],
    new: &[Overwrite],
) -> Result<(), Refusal> {
    for overwrite in new {
        let before = old.iter().find(|old| old.id == overwrite.id);
        let (allow, deny) = before
            .map_or((Permissions::NONE, Permissions::NONE), |before| (before.allow, before.deny));
        let changed = differing(allow, overwrite.allow) | differing(deny, overwrite.deny);
        who.may_grant(may, changed & Permissions::ALL)?;
    }
    Ok(())
}

fn differing(one: Permissions, other: Permissions) -> Permissions {
    one & !other | other & !one
}

/// Keeps the last overwrite of each target, and only bits that mean something.
pub(super) fn once_each(overwrites: impl IntoIterator<Item = Overwrite>) -> Vec<Overwrite> {
    let mut kept: IndexMap<AnyId, Overwrite> = IndexMap::new();
    for overwrite in overwrites {
        let (allow, deny) = (overwrite.allow & Permissions::ALL, overwrite.deny & Permissions::ALL);
        kept.insert(overwrite.id, Overwrite { allow, deny, ..overwrite });
    }
    kept.into_values().collect()
}
