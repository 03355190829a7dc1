//! Making, changing and deleting channels.

use std::sync::Arc;

use throng_proto::command::{ChannelPatch, Reply};
use throng_proto::event::{EventKind, Scope};
use throng_proto::id::ChannelId;
use throng_proto::model::{Channel, ChannelKind, bound};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::authority::Authority;
use super::plan::{Decided, Draft, Effect, Plan};
use super::settings::guild_update;
use super::{Guild, form, overwrite};
use crate::shape::Shape;

impl Guild {
    /// Makes a channel.
    pub(super) fn channel_create(&self, who: &Authority, patch: ChannelPatch) -> Decided {
        who.need(Permissions::MANAGE_CHANNELS)?;
        let max = self.config.channels_max;
        if self.shape.channels.len() >= max {
            return Err(Refusal::TooMany { what: "guild channels", max, code: 30_013 });
        }
        let name = patch.name.clone().ok_or_else(|| form::required("name"))?;
        let kind = patch.kind.unwrap_or_default();
        if !kind.in_guild() {
            return Err(invalid_kind());
        }
        let below = self.shape.channels.values().map(|channel| channel.position + 1);
        let mut channel = Channel::new(self.config.ids.next(who.now), self.shape.id(), name, kind);
        channel.position = below.max().unwrap_or(0);
        if let Some(overwrites) = &patch.permission_overwrites {
            overwrite::permit(who, who.in_guild(), &[], overwrites)?;
        }
        self.patch_channel(&mut channel, patch)?;
        let id = channel.id;
        let mut plan = self.put_channel(EventKind::ChannelCreate, channel);
        plan.effect.added = Some(id);
        plan.reply = plan.reply.created();
        plan.decided()
    }

    /// Changes a channel.
    pub(super) fn channel_patch(
        &self,
        who: &Authority,
        channel: ChannelId,
        patch: ChannelPatch,
    ) -> Decided {
        let old = who.need_in(channel, Permissions::MANAGE_CHANNELS)?;
        let mut channel = self.current(&old);
        if let Some(overwrites) = &patch.permission_overwrites {
            who.need_in(channel.id, Permissions::MANAGE_ROLES)?;
            let may = who.in_channel(&old);
            overwrite::permit(who, may, &old.permission_overwrites, overwrites)?;
        }
        if let Some(kind) = patch.kind.filter(|kind| *kind != channel.kind) {
            let news = |kind| matches!(kind, ChannelKind::TEXT | ChannelKind::ANNOUNCEMENT);
            if !news(kind) || !news(channel.kind) {
                return Err(invalid_kind());
            }
            channel.kind = kind;
        }
        self.patch_channel(&mut channel, patch)?;
        self.put_channel(EventKind::ChannelUpdate, channel).decided()
    }

    fn patch_channel(&self, channel: &mut Channel, patch: ChannelPatch) -> Result<(), Refusal> {
        if let Some(name) = patch.name {
            channel.name = channel.kind.name(&name);
            form::length("name", &channel.name, 1, bound::NAME_CHARS)?;
        }
        if let Some(topic) = patch.topic {
            channel.topic = topic.filter(|text| !text.is_empty());
        }
        if let Some(parent) = patch.parent_id {
            self.check_parent(channel, parent)?;
            channel.parent_id = parent;
        }
        if let Some(overwrites) = patch.permission_overwrites {
            channel.permission_overwrites = overwrite::once_each(overwrites);
            let count = channel.permission_overwrites.len();
            form::count("permission_overwrites", count, self.config.overwrites_max)?;
        }
        channel.position = patch.position.unwrap_or(channel.position);
        channel.nsfw = patch.nsfw.unwrap_or(channel.nsfw);
        channel.rate_limit_per_user =
            patch.rate_limit_per_user.unwrap_or(channel.rate_limit_per_user);
        // Only voice channels have these, and others ignore them.
        channel.bitrate = channel.bitrate.map(|old| patch.bitrate.unwrap_or(old));
        channel.user_limit = channel.user_limit.map(|old| patch.user_limit.unwrap_or(old));
        Ok(())
    }

    fn check_parent(&self, channel: &Channel, parent: Option<ChannelId>) -> Result<(), Refusal> {
        let Some(parent) = parent else { return Ok(()) };
        let parent = self.shape.channels.get(&parent).map(|parent| parent.kind);
        let message = match parent {
            Some(ChannelKind::CATEGORY) if channel.kind != ChannelKind::CATEGORY => return Ok(()),
            Some(ChannelKind::CATEGORY) => "Categories cannot have a parent",
            Some(_) => "Not a category",
            None => "Category does not exist",
        };
        Err(Refusal::field("parent_id", "CHANNEL_PARENT_INVALID", message))
    }

    /// Plans to make or change one channel, and to answer with it.
    pub(super) fn put_channel(&self, kind: EventKind, channel: Channel) -> Plan {
        let mut shape = Shape::clone(&self.shape);
        shape.channels.insert(channel.id, Arc::new(channel.clone()));
        let shape = Arc::new(shape);
        let event = Draft::new(kind, Scope::Guild, &channel).changing(Self::reshaped(&shape));
        Plan {
            events: vec![event],
            reply: Reply::json(&channel),
            writes: vec![Write::Channel(channel)],
            effect: Effect { shape: Some(shape), ..Effect::default() },
        }
    }

    /// Deletes a channel. Channels of a deleted category stay, without a parent.
    pub(super) fn channel_delete(&self, who: &Authority, channel: ChannelId) -> Decided {
        let old = who.need_in(channel, Permissions::MANAGE_CHANNELS)?;
        let id = self.shape.id();
        let mut shape = Shape::clone(&self.shape);
        shape.channels.shift_remove(&old.id);
        let orphans: Vec<Channel> = shape
            .channels
            .values()
            .filter(|child| child.parent_id == Some(old.id))
            .map(|child| Channel { parent_id: None, ..self.current(child) })
            .collect();
        let mut plan = Plan { writes: vec![Write::ChannelDelete(id, old.id)], ..Plan::default() };
        for orphan in &orphans {
            shape.channels.insert(orphan.id, Arc::new(orphan.clone()));
            plan.writes.push(Write::Channel(orphan.clone()));
        }
        let named = detach(&mut shape, old.id);
        let shape = Arc::new(shape);
        let old = self.current(&old);
        let deleted = Draft::new(EventKind::ChannelDelete, Scope::Guild, &old);
        plan.events.push(deleted.changing(Self::reshaped(&shape)));
        for orphan in &orphans {
            plan.events.push(Draft::new(EventKind::ChannelUpdate, Scope::Guild, orphan));
        }
        if named {
            plan.writes.push(Write::Guild(shape.guild.clone()));
            plan.events.push(guild_update(&shape));
        }
        plan.reply = Reply::json(&old);
        plan.effect = Effect { shape: Some(shape), removed: Some(old.id), ..Effect::default() };
        plan.decided()
    }
}

/// Takes a channel out of the settings that name it. Tells whether one did.
fn detach(shape: &mut Shape, channel: ChannelId) -> bool {
    let settings = [&mut shape.guild.afk_channel_id, &mut shape.guild.system_channel_id];
    let mut named = false;
    for setting in settings {
        if *setting == Some(channel) {
            *setting = None;
            named = true;
        }
    }
    named
}

fn invalid_kind() -> Refusal {
    Refusal::field("type", "CHANNEL_TYPE_INVALID", "Invalid channel type")
}
