//! The guild itself.

use std::sync::Arc;

use serde_json::json;
use throng_proto::command::{Actor, GuildPatch, Outcome, Reply};
use throng_proto::event::EventKind;
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::form::{length, range};
use super::plan::{Effect, Happening, Plan};
use crate::event::Change;
use crate::shape::Shape;

impl Guild {
    pub(super) fn settings(&self, actor: &Actor, counts: bool) -> Outcome {
        self.in_guild(actor)?;
        let mut body = json!(self.shape.guild.body(self.shape.roles.values().collect()));
        if counts {
            body["approximate_member_count"] = json!(self.members.len());
            body["approximate_presence_count"] = json!(self.online);
        }
        Ok(Reply::json(&body))
    }

    pub(super) fn guild_patch(&self, actor: &Actor, patch: GuildPatch) -> Result<Plan, Refusal> {
        self.need(actor, Permissions::MANAGE_GUILD)?;
        check(&patch)?;
        let mut guild = self.shape.guild.clone();
        if let Some(owner) = patch.owner_id {
            self.check_owner(actor, owner)?;
            guild.owner_id = owner;
        }
        guild.name = patch.name.unwrap_or(guild.name);
        guild.description = patch.description.unwrap_or(guild.description);
        guild.verification_level = patch.verification_level.unwrap_or(guild.verification_level);
        guild.default_message_notifications =
            patch.default_message_notifications.unwrap_or(guild.default_message_notifications);
        guild.explicit_content_filter =
            patch.explicit_content_filter.unwrap_or(guild.explicit_content_filter);
        guild.afk_timeout = patch.afk_timeout.unwrap_or(guild.afk_timeout);
        guild.afk_channel_id = patch.afk_channel_id.unwrap_or(guild.afk_channel_id);
        guild.system_channel_id = patch.system_channel_id.unwrap_or(guild.system_channel_id);
        let shape = Arc::new(Shape { guild: guild.clone(), ..Shape::clone(&self.shape) });
        let body = json!(guild.body(shape.roles.values().collect()));
        Ok(Plan {
            writes: vec![Write::Guild(guild)],
            happenings: vec![Happening::guild(
                EventKind::GuildUpdate,
                &body,
                Change::Shape(Arc::clone(&shape)),
            )],
            effects: vec![Effect::Shape(shape)],
            reply: Reply::json(&body),
            joins: None,
        })
    }

    fn check_owner(&self, actor: &Actor, owner: throng_proto::id::UserId) -> Result<(), Refusal> {
        let by_owner = *actor == Actor::Operator
            || matches!(actor, Actor::User(user) if user.id == self.shape.guild.owner_id);
        if !by_owner {
            return Err(Refusal::MissingPermissions);
        }
        self.members.get(&owner).map(|_| ()).ok_or(Refusal::UnknownMember)
    }

    pub(super) fn guild_delete(&self, actor: &Actor) -> Result<Plan, Refusal> {
        self.in_guild(actor)?;
        self.check_owner(actor, self.shape.guild.owner_id).or_else(|refusal| match refusal {
            // The owner's own membership does not matter here.
            Refusal::UnknownMember => Ok(()),
            other => Err(other),
        })?;
        let id = self.shape.id();
        Ok(Plan {
            // The log goes with the guild, so this event has no record of its own after the commit.
            writes: vec![Write::GuildDelete(id)],
            happenings: vec![Happening::guild(
                EventKind::GuildDelete,
                &json!({"id": id}),
                Change::Gone,
            )],
            effects: vec![Effect::Deleted],
            reply: Reply::nothing(),
            joins: None,
        })
    }
}

fn check(patch: &GuildPatch) -> Result<(), Refusal> {
    if let Some(name) = &patch.name {
        length("name", name, 2, 100)?;
    }
    if let Some(Some(description)) = &patch.description {
        length("description", description, 0, 300)?;
    }
    for (field, value, max) in [
        ("verification_level", patch.verification_level, 4),
        ("default_message_notifications", patch.default_message_notifications, 1),
        ("explicit_content_filter", patch.explicit_content_filter, 2),
    ] {
        range(field, u64::from(value.unwrap_or(0)), 0, max)?;
    }
    if patch.afk_timeout.is_some_and(|secs| ![60, 300, 900, 1800, 3600].contains(&secs)) {
        let message = "Must be 60, 300, 900, 1800 or 3600.";
        return Err(Refusal::field("afk_timeout", "BASE_TYPE_CHOICES", message));
    }
    Ok(())
}
