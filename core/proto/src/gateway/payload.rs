//! What the gateway sends: a type for each payload.
//!
//! | payload | type |
//! |---|---|
//! | op 1, 7, 9, 11 | [`Control`] |
//! | op 10 | [`Hello`] |
//! | op 101 | [`ApiResponse`](super::ApiResponse) |
//! | READY, RESUMED | [`Ready`], [`Resumed`] |
//! | RATE_LIMITED | [`RateLimited`] |
//! | GUILD_CREATE, in parts | [`GuildCreate`], [`Crowd`], [`Arrival`] |
//! | GUILD_UPDATE | [`GuildBody`](crate::model::GuildBody) |
//! | GUILD_DELETE | [`GuildDeleted`] |
//! | GUILD_ROLE_* | [`RoleChanged`], [`RoleDeleted`] |
//! | GUILD_MEMBER_* | [`MemberChanged`], [`MemberRemoved`] |
//! | GUILD_MEMBERS_CHUNK, in parts | [`MembersChunk`] |
//! | GUILD_MEMBER_LIST_UPDATE, in parts | [`MemberList`], [`ListChange`] |
//! | CHANNEL_* | [`Channel`](crate::model::Channel) |
//! | MESSAGE_CREATE, MESSAGE_UPDATE | [`MessageChanged`] |
//! | MESSAGE_DELETE, MESSAGE_DELETE_BULK | [`MessageDeleted`], [`MessagesDeleted`] |
//! | MESSAGE_REACTION_* | [`ReactionAdded`], [`ReactionRemoved`], [`ReactionsCleared`] |
//! | TYPING_START | [`Typing`] |
//! | PRESENCE_UPDATE | [`Presence`](crate::model::Presence) |
//! | INVITE_* | [`InviteCreated`], [`InviteDeleted`] |
//! | PASSIVE_UPDATE_V1, PASSIVE_UPDATE_V2 | [`PassiveUpdateV1`], [`PassiveUpdateV2`] |
//! | CHANNEL_UNREAD_UPDATE | [`ChannelUnreadUpdate`] |
//!
//! Objects that stand in several of them, such as members, are in [`model`](crate::model).
//! What thousands of sessions share is written in *parts*, which together are one object: each
//! part says how it is opened and closed, and nobody else puts JSON together.

mod answer;
mod control;
mod digest;
mod guild;
mod guild_create;
mod invite;
mod member_list;
mod members_chunk;
mod message;
mod rate_limited;
mod reaction;
mod ready;

pub use answer::Halves;
pub use control::{Control, Hello};
pub use digest::{ChannelNews, ChannelUnreadUpdate, PassiveUpdateV1, PassiveUpdateV2};
pub use guild::{GuildDeleted, MemberChanged, MemberRemoved, RoleChanged, RoleDeleted};
pub use guild_create::{Arrival, Crowd, GuildCreate};
pub use invite::{InviteCreated, InviteDeleted};
pub use member_list::{GroupId, ListChange, ListGroup, ListRow, ListedMember, MemberList};
pub use members_chunk::MembersChunk;
pub use message::{
    Content, MentionedUser, MessageChanged, MessageDeleted, MessageHead, MessagesDeleted, Typing,
};
pub use rate_limited::RateLimited;
pub use reaction::{ReactionAdded, ReactionRemoved, ReactionsCleared};
pub use ready::{Ready, Resumed, UnavailableGuild};

use serde::Serialize;

use crate::event::EventKind;
use crate::json;
use crate::wire::Body;

/// Encodes a dispatch that is sent as a whole.
#[must_use]
pub fn dispatch(kind: EventKind, data: &impl Serialize) -> Body {
    Body::dispatch(kind.name(), &json::text(data))
}

/// Begins a dispatch that is sent in parts, up to its first key.
fn open(kind: EventKind) -> String {
    format!("\"op\":0,\"t\":\"{}\",\"d\":{{", kind.name())
}

/// Ends a dispatch that is sent in parts.
const CLOSE: &str = "}}";
