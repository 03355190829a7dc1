//! Objects to store; each check takes its ids from a range of its own.

use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Guild, Invite, InviteCode, Member, Message, MessageKind, Profile,
    Referenced, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::{EventRecord, Write};
use throng_proto::time::Timestamp;

/// A moment after Discord's epoch and long before now.
pub(super) const PAST: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(super) fn user(id: u64) -> User {
    User::new(UserId::new(id), format!("user{id}"), false)
}

pub(super) fn guild(id: u64) -> Guild {
    Guild::new(GuildId::new(id), format!("Guild {id}"), UserId::new(1))
}

pub(super) fn role(id: u64) -> Role {
    Role::new(RoleId::new(id), format!("role {id}"), Permissions::default())
}

pub(super) fn channel(guild: u64, id: u64) -> Channel {
    Channel::new(ChannelId::new(id), GuildId::new(guild), format!("c{id}"), ChannelKind::TEXT)
}

pub(super) fn member(id: u64) -> Member {
    Member { user: user(id), profile: Profile::new(PAST, vec![RoleId::new(id)]) }
}

pub(super) fn invite(guild: u64, channel: u64, number: u64) -> Invite {
    Invite {
        code: InviteCode::from_random(number),
        guild_id: GuildId::new(guild),
        channel_id: ChannelId::new(channel),
        inviter: (!number.is_multiple_of(3)).then(|| user(number)),
        created_at: PAST,
        max_age: 60,
        max_uses: 5,
        uses: 0,
    }
}

pub(super) fn message(channel: u64, id: u64, author: u64) -> Message {
    Message {
        id: MessageId::new(id),
        channel_id: ChannelId::new(channel),
        author: user(author),
        content: format!("message {id} \u{1f980} \"quoted\" \0"),
        timestamp: PAST,
        edited_timestamp: None,
        tts: false,
        mention_everyone: false,
        mentions: Vec::new(),
        mention_roles: Vec::new(),
        attachments: Vec::new(),
        embeds: Vec::new(),
        pinned: false,
        kind: MessageKind::DEFAULT,
        flags: 0,
        components: Vec::new(),
        reactions: Vec::new(),
        nonce: None,
        message_reference: None,
        referenced_message: Referenced::Absent,
    }
}

pub(super) fn event(guild: u64, sequence: u64, at: Timestamp) -> EventRecord {
    EventRecord {
        guild: GuildId::new(guild),
        sequence,
        at,
        kind: EventKind::MessageCreate,
        scope: Scope::Channel(ChannelId::new(7)),
        payload: format!("{{\"content\":\"\u{1f980} {sequence}\"}}"),
        stripped: sequence.is_multiple_of(2).then(|| "{\"content\":\"\"}".to_owned()),
        author: Some(UserId::new(9)),
        mentions: Mentions {
            users: vec![UserId::new(3)],
            roles: vec![RoleId::new(4)],
            everyone: true,
            here: true,
        },
    }
}

/// Writes that make a guild with one channel.
pub(super) fn founding(guild_id: u64, channel_id: u64) -> Vec<Write> {
    vec![Write::Guild(guild(guild_id)), Write::Channel(channel(guild_id, channel_id))]
}

pub(super) fn add(message: Message) -> Write {
    Write::Message(Box::new(message))
}
