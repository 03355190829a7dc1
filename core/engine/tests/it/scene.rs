//! Small guilds, sessions and events for every test.

use std::sync::Arc;

use serde_json::Value;
use throng_engine::event::{Change, Event};
use throng_engine::mode::Mode;
use throng_engine::relay::{Attachment, DigestKind, Interest};
use throng_engine::roster::Roster;
use throng_engine::shape::Shape;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{ChannelId, GuildId, RoleId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{
    Channel, ChannelKind, Guild, Member, Overwrite, OverwriteKind, Profile, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;
use throng_proto::wire::Body;

/// Guild of every scene.
pub(crate) const GUILD: GuildId = GuildId::new(100);
/// Its owner.
pub(crate) const OWNER: UserId = UserId::new(1);
/// A member that is nothing special.
pub(crate) const ALICE: UserId = UserId::new(2);
/// Another one.
pub(crate) const BOB: UserId = UserId::new(3);
/// A role without permissions.
pub(crate) const RED: RoleId = RoleId::new(200);
/// A channel that everybody sees.
pub(crate) const OPEN: ChannelId = ChannelId::new(300);
/// A channel that only [`RED`] sees.
pub(crate) const SECRET: ChannelId = ChannelId::new(301);
/// When everybody joined.
pub(crate) const JOINED: Timestamp = Timestamp::from_millis(1_600_000_000_123);

/// A guild with the role [`RED`] and the channels [`OPEN`] and [`SECRET`].
pub(crate) fn shape() -> Shape {
    let everyone = GUILD.cast();
    let roles = [
        Role::new(everyone, "@everyone", Permissions::VIEW_CHANNEL),
        Role::new(RED, "red", Permissions::NONE),
    ];
    let mut secret = Channel::new(SECRET, GUILD, "secret", ChannelKind::TEXT);
    secret.permission_overwrites = vec![deny_role(everyone), allow_role(RED)];
    let channels = [Channel::new(OPEN, GUILD, "open", ChannelKind::TEXT), secret];
    Shape {
        guild: Guild::new(GUILD, "scene", OWNER),
        roles: roles.into_iter().map(|role| (role.id, Arc::new(role))).collect(),
        channels: channels.into_iter().map(|channel| (channel.id, Arc::new(channel))).collect(),
    }
}

/// The shape with one channel's overwrites replaced.
pub(crate) fn overwritten(shape: &Shape, id: ChannelId, overwrites: Vec<Overwrite>) -> Arc<Shape> {
    let mut channels = shape.channels.clone();
    let old = channels.get(&id).expect("a channel of the shape");
    let new = Channel { permission_overwrites: overwrites, ..Channel::clone(old) };
    channels.insert(id, Arc::new(new));
    Arc::new(Shape { channels, ..shape.clone() })
}

pub(crate) fn deny_role(role: RoleId) -> Overwrite {
    let (allow, deny) = (Permissions::NONE, Permissions::VIEW_CHANNEL);
    Overwrite { id: role.into(), kind: OverwriteKind::Role, allow, deny }
}

pub(crate) fn allow_role(role: RoleId) -> Overwrite {
    let (allow, deny) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    Overwrite { id: role.into(), kind: OverwriteKind::Role, allow, deny }
}

pub(crate) fn allow_member(user: UserId) -> Overwrite {
    let (allow, deny) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    Overwrite { id: user.into(), kind: OverwriteKind::Member, allow, deny }
}

pub(crate) fn deny_member(user: UserId) -> Overwrite {
    let (allow, deny) = (Permissions::NONE, Permissions::VIEW_CHANNEL);
    Overwrite { id: user.into(), kind: OverwriteKind::Member, allow, deny }
}

/// A session with every intent, all of them named.
pub(crate) fn session(user: UserId, mode: Mode) -> Attachment {
    let interest = Interest { intents: Intents::ALL, named: true };
    Attachment { user, mode, interest, digest: DigestKind::V2, watched: Default::default() }
}

/// The session with only these intents.
pub(crate) fn naming(intents: Intents, attachment: Attachment) -> Attachment {
    Attachment { interest: Interest { intents, named: true }, ..attachment }
}

/// An event that changes nothing.
pub(crate) fn event(kind: EventKind, scope: Scope, author: Option<UserId>) -> Event {
    Event {
        kind,
        guild: GUILD,
        sequence: 1,
        scope,
        body: Body::dispatch(kind.name(), "{}"),
        stripped: None,
        answered: None,
        author,
        mentions: Mentions::default(),
        change: Change::Nothing,
    }
}

/// A message with content.
pub(crate) fn message(channel: ChannelId, author: UserId, mentions: Mentions) -> Event {
    let kind = EventKind::MessageCreate;
    Event {
        stripped: Some(Body::dispatch(kind.name(), "{}")),
        mentions,
        ..event(kind, Scope::Channel(channel), Some(author))
    }
}

/// A member by number, named `member<number>`.
pub(crate) fn member(number: u64) -> Arc<Member> {
    let user = User::new(UserId::new(number), format!("member{number}"), false);
    Arc::new(Member { user, profile: Profile::new(JOINED, Vec::new()) })
}

pub(crate) fn roster(members: &[Arc<Member>]) -> Roster {
    members.iter().map(|member| Member::clone(member)).collect()
}

/// Reads a body as the payload that a session gets.
pub(crate) fn payload(body: &Body) -> Value {
    let mut text = b"{\"s\":1,".to_vec();
    text.extend_from_slice(&body.text());
    serde_json::from_slice(&text).expect("a payload is JSON")
}
