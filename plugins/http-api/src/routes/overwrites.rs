//! What roles and members may do in one channel.

use throng_proto::command::Command;
use throng_proto::form::{self, FromForm};
use throng_proto::id::{AnyId, ChannelId};
use throng_proto::model::{Overwrite, OverwriteKind};
use throng_proto::permissions::Permissions;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::request::{At, Form};
use crate::schema;

/// An overwrite whose id stands in the path.
#[derive(Debug)]
pub(super) struct Body {
    kind: OverwriteKind,
    allow: Permissions,
    deny: Permissions,
}

impl FromForm for Body {
    fn from_form(form: &form::Form<'_>) -> Option<Self> {
        let bits = |key| form.field(key).permissions().unwrap_or_default();
        let kind = OverwriteKind::read(&form.field("type").required());
        Some(Self { allow: bits("allow"), deny: bits("deny"), kind: kind? })
    }
}

/// Sets the overwrite of a role or member. Needs MANAGE_ROLES there.
#[utoipa::path(put, path = "/channels/{channel_id}/permissions/{overwrite_id}", tag = "channels",
    request_body = schema::OverwriteSettings, responses((status = 204)))]
pub(super) async fn put_overwrite(
    ask: Ask,
    At((channel, id)): At<(ChannelId, AnyId)>,
    Form(body): Form<Body>,
) -> Answer {
    let Body { kind, allow, deny } = body;
    let overwrite = Overwrite { id, kind, allow, deny };
    ask.channel(channel, Command::OverwritePut(channel, overwrite)).await?;
    Ok(answer::nothing())
}

/// Removes the overwrite of a role or member. Needs MANAGE_ROLES there.
#[utoipa::path(delete, path = "/channels/{channel_id}/permissions/{overwrite_id}",
    tag = "channels", responses((status = 204)))]
pub(super) async fn delete_overwrite(
    ask: Ask,
    At((channel, id)): At<(ChannelId, AnyId)>,
) -> Answer {
    ask.channel(channel, Command::OverwriteDelete(channel, id)).await?;
    Ok(answer::nothing())
}
