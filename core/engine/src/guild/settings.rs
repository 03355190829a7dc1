//! The guild's own settings, and its end.

use std::sync::Arc;

use throng_proto::command::{GuildPatch, Reply};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::GuildDeleted;
use throng_proto::id::ChannelId;
use throng_proto::model::{ChannelKind, Guild as Settings};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Draft, Effect, Plan};
use crate::event::Change;
use crate::shape::Shape;

impl Guild {
    /// Changes settings.
    pub(super) fn guild_patch(&self, who: &Authority, patch: GuildPatch) -> Decided {
        who.need(Permissions::MANAGE_GUILD)?;
        let mut settings = self.shape.guild.clone();
        if let Some(owner) = patch.owner_id.filter(|owner| *owner != settings.owner_id) {
            if !who.is_sovereign() {
                return Err(Refusal::MissingPermissions);
            }
            if !self.roster.contains(owner) {
                return Err(Refusal::UnknownMember);
            }
            settings.owner_id = owner;
        }
        self.patch_settings(&mut settings, patch)?;
        let shape = Arc::new(Shape { guild: settings, ..Shape::clone(&self.shape) });
        Plan {
            writes: vec![Write::Guild(shape.guild.clone())],
            events: vec![guild_update(&shape).changing(Self::reshaped(&shape))],
            reply: Reply::json(&shape.guild.body(shape.roles.values().collect())),
            effect: Effect { shape: Some(shape), ..Effect::default() },
        }
        .decided()
    }

    fn patch_settings(&self, settings: &mut Settings, patch: GuildPatch) -> Result<(), Refusal> {
        if let Some(name) = patch.name {
            settings.name = name;
        }
        if let Some(description) = patch.description {
            settings.description = description.filter(|text| !text.is_empty());
        }
        let levels = [
            (patch.verification_level, &mut settings.verification_level),
            (patch.default_message_notifications, &mut settings.default_message_notifications),
            (patch.explicit_content_filter, &mut settings.explicit_content_filter),
        ];
        for (new, level) in levels {
            *level = new.unwrap_or(*level);
        }
        if let Some(timeout) = patch.afk_timeout {
            settings.afk_timeout = timeout;
        }
        if let Some(channel) = patch.afk_channel_id {
            self.check_kind("afk_channel_id", channel, ChannelKind::VOICE)?;
            settings.afk_channel_id = channel;
        }
        if let Some(channel) = patch.system_channel_id {
            self.check_kind("system_channel_id", channel, ChannelKind::TEXT)?;
            settings.system_channel_id = channel;
        }
        Ok(())
    }

    fn check_kind(
        &self,
        field: &str,
        channel: Option<ChannelId>,
        kind: ChannelKind,
    ) -> Result<(), Refusal> {
        let Some(channel) = channel else { return Ok(()) };
        match self.shape.channels.get(&channel) {
            Some(channel) if channel.kind == kind => Ok(()),
            Some(_) => Err(Refusal::field(field, "CHANNEL_TYPE_INVALID", "Invalid channel type")),
            None => Err(Refusal::field(field, "CHANNEL_NOT_FOUND", "Channel does not exist")),
        }
    }

    /// Deletes the guild with everything in it.
    pub(super) fn guild_delete(&self, who: &Authority) -> Decided {
        if !who.is_sovereign() {
            return Err(Refusal::MissingPermissions);
        }
        let id = self.shape.id();
        let event = Draft::new(EventKind::GuildDelete, Scope::Guild, &GuildDeleted { id });
        Plan {
            writes: vec![Write::GuildDelete(id)],
            events: vec![event.changing(Change::Gone)],
            effect: Effect { gone: true, ..Effect::default() },
            ..Plan::default()
        }
        .decided()
    }
}

/// Announces settings and roles.
pub(super) fn guild_update(shape: &Shape) -> Draft {
    let body = shape.guild.body(shape.roles.values().collect());
    Draft::new(EventKind::GuildUpdate, Scope::Guild, &body)
}
