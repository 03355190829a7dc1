//! Channels and their overwrites.

use std::sync::Arc;

use throng_proto::command::{Actor, ChannelPatch, Outcome, Reply};
use throng_proto::event::EventKind;
use throng_proto::id::{AnyId, ChannelId};
use throng_proto::model::{Channel, ChannelKind, Overwrite};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::form::{length, range};
use super::plan::{Effect, Happening, Plan};
use super::{Guild, Ticket};
use crate::event::Change;
use crate::shape::Shape;

impl Guild {
    pub(super) fn channels(&self, actor: &Actor) -> Outcome {
        self.in_guild(actor)?;
        let channels = self.shape.channels.values().map(|channel| self.with_last(channel));
        Ok(Reply::json(&channels.collect::<Vec<_>>()))
    }

    pub(super) fn channel(&self, now: Timestamp, actor: &Actor, channel: ChannelId) -> Outcome {
        let (channel, _) = self.in_channel(now, actor, channel, Permissions::NONE)?;
        Ok(Reply::json(&self.with_last(&channel)))
    }

    /// Adds what changes too often to be part of the shape.
    fn with_last(&self, channel: &Channel) -> Channel {
        let last = self.last_messages.get(&channel.id).copied();
        Channel { last_message_id: last.or(channel.last_message_id), ..channel.clone() }
    }

    pub(super) fn channel_create(
        &self,
        actor: &Actor,
        ticket: Ticket,
        draft: ChannelPatch,
    ) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_CHANNELS)?;
        let max = self.limits.channels_max;
        if self.shape.channels.len() >= max {
            return Err(Refusal::TooMany { what: "guild channels", max, code: 30_013 });
        }
        let Some(name) = &draft.name else {
            return Err(Refusal::field("name", "BASE_TYPE_REQUIRED", "This field is required"));
        };
        let kind = draft.kind.unwrap_or_default();
        let id = ChannelId::new(ticket.0);
        let fresh = Channel::new(id, self.shape.id(), name.clone(), kind);
        let last = self.shape.channels.values().map(|channel| channel.position + 1).max();
        let fresh = Channel { position: last.unwrap_or(0), ..fresh };
        let channel = self.patched(actor, fresh, draft)?;
        let added = Effect::Channels { added: vec![id], removed: Vec::new() };
        let mut plan = self.put_channel(EventKind::ChannelCreate, channel);
        plan.effects.push(added);
        plan.reply = plan.reply.created();
        Ok(plan)
    }

    pub(super) fn channel_patch(
        &self,
        now: Timestamp,
        actor: &Actor,
        channel: ChannelId,
        patch: ChannelPatch,
    ) -> Result<Plan, Refusal> {
        let (channel, _) = self.in_channel(now, actor, channel, Permissions::MANAGE_CHANNELS)?;
        let channel = self.patched(actor, Channel::clone(&channel), patch)?;
        Ok(self.put_channel(EventKind::ChannelUpdate, channel))
    }

    /// Applies and checks what a patch says.
    fn patched(
        &self,
        actor: &Actor,
        mut channel: Channel,
        patch: ChannelPatch,
    ) -> Result<Channel, Refusal> {
        if let Some(overwrites) = patch.permission_overwrites {
            range("permission_overwrites", overwrites.len() as u64, 0, self.overwrites_max())?;
            for overwrite in &overwrites {
                self.grants(actor, overwrite.allow | overwrite.deny)?;
            }
            channel.permission_overwrites = overwrites;
        }
        channel.kind = patch.kind.unwrap_or(channel.kind);
        if !channel.kind.in_guild() {
            let message = "Not a kind of channel that guilds have.";
            return Err(Refusal::field("type", "BASE_TYPE_CHOICES", message));
        }
        channel.name = patch.name.unwrap_or(channel.name);
        channel.topic = patch.topic.unwrap_or(channel.topic);
        channel.position = patch.position.unwrap_or(channel.position);
        channel.nsfw = patch.nsfw.unwrap_or(channel.nsfw);
        channel.rate_limit_per_user =
            patch.rate_limit_per_user.unwrap_or(channel.rate_limit_per_user);
        channel.bitrate = patch.bitrate.or(channel.bitrate);
        channel.user_limit = patch.user_limit.or(channel.user_limit);
        channel.parent_id = patch.parent_id.unwrap_or(channel.parent_id);
        self.check_channel(&channel)?;
        Ok(channel)
    }

    const fn overwrites_max(&self) -> u64 {
        self.limits.overwrites_max as u64
    }

    fn check_channel(&self, channel: &Channel) -> Result<(), Refusal> {
        length("name", &channel.name, 1, 100)?;
        length("topic", channel.topic.as_deref().unwrap_or_default(), 0, 1024)?;
        range("rate_limit_per_user", u64::from(channel.rate_limit_per_user), 0, 21_600)?;
        if let Some(bitrate) = channel.bitrate {
            range("bitrate", u64::from(bitrate), 8_000, 384_000)?;
        }
        range("user_limit", u64::from(channel.user_limit.unwrap_or(0)), 0, 99)?;
        let Some(parent) = channel.parent_id else { return Ok(()) };
        let category =
            self.shape.channels.get(&parent).is_some_and(|c| c.kind == ChannelKind::CATEGORY);
        if category && channel.kind != ChannelKind::CATEGORY {
            return Ok(());
        }
        Err(Refusal::field("parent_id", "CHANNEL_PARENT_INVALID", "Not a category."))
    }

    fn put_channel(&self, kind: EventKind, channel: Channel) -> Plan {
        let mut shape = Shape::clone(&self.shape);
        shape.channels.insert(channel.id, Arc::new(channel.clone()));
        let shape = Arc::new(shape);
        let body = self.with_last(&channel);
        Plan {
            writes: vec![Write::Channel(channel)],
            happenings: vec![Happening::guild(kind, &body, Change::Shape(Arc::clone(&shape)))],
            effects: vec![Effect::Shape(shape)],
            reply: Reply::json(&body),
            joins: None,
        }
    }

    pub(super) fn channel_delete(
        &self,
        now: Timestamp,
        actor: &Actor,
        id: ChannelId,
    ) -> Result<Plan, Refusal> {
        let (channel, _) = self.in_channel(now, actor, id, Permissions::MANAGE_CHANNELS)?;
        let mut shape = Shape::clone(&self.shape);
        shape.channels.shift_remove(&id);
        let mut writes = vec![Write::ChannelDelete(self.shape.id(), id)];
        let mut orphans = Vec::new();
        for child in shape.channels.values_mut().filter(|child| child.parent_id == Some(id)) {
            let orphan = Channel { parent_id: None, ..Channel::clone(child) };
            *child = Arc::new(orphan.clone());
            writes.push(Write::Channel(orphan.clone()));
            orphans.push(orphan);
        }
        let shape = Arc::new(shape);
        let body = self.with_last(&channel);
        let change = || Change::Shape(Arc::clone(&shape));
        let mut happenings = vec![Happening::guild(EventKind::ChannelDelete, &body, change())];
        happenings.extend(orphans.iter().map(|orphan| {
            Happening::guild(EventKind::ChannelUpdate, &self.with_last(orphan), change())
        }));
        let removed = Effect::Channels { added: Vec::new(), removed: vec![id] };
        let effects = vec![Effect::Shape(Arc::clone(&shape)), removed];
        Ok(Plan { writes, happenings, effects, reply: Reply::json(&body), joins: None })
    }

    pub(super) fn overwrite_put(
        &self,
        now: Timestamp,
        actor: &Actor,
        channel: ChannelId,
        overwrite: Overwrite,
    ) -> Result<Plan, Refusal> {
        let (channel, _) = self.in_channel(now, actor, channel, Permissions::MANAGE_ROLES)?;
        self.grants(actor, overwrite.allow | overwrite.deny)?;
        let mut channel = Channel::clone(&channel);
        channel.permission_overwrites.retain(|other| other.id != overwrite.id);
        channel.permission_overwrites.push(overwrite);
        let count = channel.permission_overwrites.len() as u64;
        range("permission_overwrites", count, 0, self.overwrites_max())?;
        let plan = self.put_channel(EventKind::ChannelUpdate, channel);
        Ok(Plan { reply: Reply::nothing(), ..plan })
    }

    pub(super) fn overwrite_delete(
        &self,
        now: Timestamp,
        actor: &Actor,
        channel: ChannelId,
        id: AnyId,
    ) -> Result<Plan, Refusal> {
        let (channel, _) = self.in_channel(now, actor, channel, Permissions::MANAGE_ROLES)?;
        let mut channel = Channel::clone(&channel);
        let before = channel.permission_overwrites.len();
        channel.permission_overwrites.retain(|other| other.id != id);
        if channel.permission_overwrites.len() == before {
            return Err(Refusal::UnknownOverwrite);
        }
        let plan = self.put_channel(EventKind::ChannelUpdate, channel);
        Ok(Plan { reply: Reply::nothing(), ..plan })
    }
}
