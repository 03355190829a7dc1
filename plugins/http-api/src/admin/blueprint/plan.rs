//! What a body says of a guild to make, within the bounds of the public API.

use throng_proto::form::{Field, Form, FromForm};
use throng_proto::id::UserId;
use throng_proto::model::{ChannelKind, OverwriteKind, bound};
use throng_proto::permissions::Permissions;

use crate::admin::directory::{EVERYONE, Reference};

/// A guild to make.
#[derive(Debug)]
pub(in crate::admin) struct Blueprint {
    pub(super) name: String,
    pub(in crate::admin) owner_id: UserId,
    pub(super) description: Option<String>,
    pub(super) roles: Option<Vec<RolePlan>>,
    pub(super) channels: Option<Vec<ChannelPlan>>,
    pub(super) members: Option<Vec<MemberPlan>>,
}

#[derive(Debug)]
pub(super) struct RolePlan {
    pub(super) name: String,
    pub(super) permissions: Option<Permissions>,
    pub(super) color: u32,
    pub(super) hoist: bool,
    pub(super) mentionable: bool,
}

#[derive(Debug)]
pub(super) struct ChannelPlan {
    pub(super) name: String,
    pub(super) kind: ChannelKind,
    pub(super) topic: Option<String>,
    pub(super) permission_overwrites: Vec<OverwritePlan>,
}

#[derive(Debug)]
pub(super) struct OverwritePlan {
    pub(super) id: Reference,
    pub(super) kind: OverwriteKind,
    pub(super) allow: Permissions,
    pub(super) deny: Permissions,
}

#[derive(Debug)]
pub(super) struct MemberPlan {
    pub(super) user_id: UserId,
    pub(super) roles: Vec<Reference>,
    pub(super) nick: Option<String>,
}

impl FromForm for Blueprint {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["name", "owner_id", "description", "roles", "channels", "members"]);
        let name = form.field("name").required().name(2..=bound::NAME_CHARS);
        let owner_id = form.field("owner_id").required().id();
        let description = form.field("description").text(0..=bound::DESCRIPTION_CHARS);
        let roles: Option<Vec<RolePlan>> = form.field("roles").forms(0..=bound::ROLES);
        // One that says what everybody may do is none more.
        let own = roles.iter().flatten().filter(|role| role.name != EVERYONE).count();
        if own == bound::ROLES {
            let message = format!("Must be {} or fewer in length.", bound::ROLES - 1);
            form.field("roles").wrong("BASE_TYPE_MAX_LENGTH", message);
        }
        let channels = form.field("channels").forms(0..=bound::CHANNELS);
        // As many as the body holds.
        let members = form.field("members").forms(0..=usize::MAX);
        Some(Self { name: name?, owner_id: owner_id?, description, roles, channels, members })
    }
}

impl FromForm for RolePlan {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["name", "permissions", "color", "hoist", "mentionable"]);
        let name = form.field("name").required().name(1..=bound::NAME_CHARS);
        let permissions = form.field("permissions").permissions();
        let color = form.field("color").color().unwrap_or_default();
        let hoist = form.field("hoist").flag().unwrap_or_default();
        let mentionable = form.field("mentionable").flag().unwrap_or_default();
        Some(Self { name: name?, permissions, color, hoist, mentionable })
    }
}

impl FromForm for ChannelPlan {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["name", "type", "topic", "permission_overwrites"]);
        let name = form.field("name").required().name(1..=bound::NAME_CHARS);
        let kind = form.field("type").number(0..=255).map(ChannelKind).unwrap_or_default();
        let overwrites = form.field("permission_overwrites").forms(0..=bound::OVERWRITES);
        let topic = form.field("topic").text(0..=bound::TOPIC_CHARS);
        let name = name?;
        if kind.name(&name).is_empty() {
            form.field("name").wrong("BASE_TYPE_BAD_LENGTH", "Nothing is left of it.");
        }
        Some(Self { name, kind, topic, permission_overwrites: overwrites.unwrap_or_default() })
    }
}

impl FromForm for OverwritePlan {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["id", "type", "allow", "deny"]);
        let id = Reference::read(&form.field("id").required());
        let kind = OverwriteKind::read(&form.field("type")).unwrap_or(OverwriteKind::Role);
        let bits = |key| form.field(key).permissions().unwrap_or_default();
        Some(Self { kind, allow: bits("allow"), deny: bits("deny"), id: id? })
    }
}

impl FromForm for MemberPlan {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.only(&["user_id", "roles", "nick"]);
        let user_id = form.field("user_id").required().id();
        let roles = references(&form.field("roles"));
        let nick = form.field("nick").name(0..=bound::NICK_CHARS);
        Some(Self { user_id: user_id?, roles, nick })
    }
}

/// Reads names or ids of roles.
pub(in crate::admin) fn references(field: &Field<'_>) -> Vec<Reference> {
    field.list(0..=bound::ROLES, Reference::read).unwrap_or_default()
}
