//! Every kind of event is read from what the gateway sends.

use serde_json::{Value, json};
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, GuildId, UserId};
use throng_proto::model::{ChannelKind, CurrentUser, Guild, Member, Profile, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use super::*;

const GUILD: GuildId = GuildId::new(7);

fn read(name: &str, data: &Value) -> Event {
    let data = RawValue::from_string(data.to_string()).expect("JSON");
    Event::read(Numbered { sequence: 5, name: name.to_owned(), data })
}

fn user() -> User {
    User::new(UserId::new(1), "ada", false)
}

fn member() -> Value {
    json!(Member { user: user(), profile: Profile::new(Timestamp::from_millis(1), Vec::new()) })
}

/// Adds the guild's id, or other keys.
fn with(mut data: Value, more: Value) -> Value {
    let (Some(keys), Value::Object(more)) = (data.as_object_mut(), more) else { panic!("objects") };
    keys.extend(more);
    data
}

fn message() -> Value {
    json!({
        "id": "77", "channel_id": "9", "guild_id": "7", "content": "hi", "type": 0, "flags": 0,
        "author": user(), "channel_type": 0, "timestamp": "2026-01-01T00:00:00.000000+00:00",
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "pinned": false,
        "mentions": [with(json!(user()), json!({"member": {"roles": []}}))], "mention_roles": [],
        "attachments": [], "embeds": [{"title": "t"}], "components": [], "nonce": 5,
    })
}

fn invite() -> Value {
    json!({"code": "abc", "created_at": "2026-01-01T00:00:00.000000+00:00", "expires_at": null,
        "inviter": user(), "max_age": 0, "max_uses": 5, "temporary": false, "type": 0, "uses": 0})
}

/// What the gateway sends of each kind.
fn sample(kind: EventKind) -> Value {
    let in_guild = json!({"guild_id": GUILD});
    let role = Role::new(GUILD.cast(), "@everyone", Permissions::NONE);
    let channel = Channel::new(ChannelId::new(9), GUILD, "general", ChannelKind::TEXT);
    let guild = json!(Guild::new(GUILD, "Demo", UserId::new(1)).body(vec![&role.clone().into()]));
    let on_message = json!({"channel_id": "9", "message_id": "77", "guild_id": "7", "user_id": "1",
        "emoji": {"id": null, "name": "x"}});
    let last = json!([{"id": "9", "last_message_id": "77", "last_pin_timestamp": null}]);
    let presence = json!({"user": {"id": "1"}, "guild_id": "7", "status": "idle", "activities": [],
        "client_status": {"web": "idle"}});
    match kind {
        EventKind::Ready => json!({
            "v": 10, "user": CurrentUser::new(&user()), "session_id": "feed", "shard": [0, 1],
            "guilds": [{"id": "7", "unavailable": true}], "resume_gateway_url": "ws://host",
        }),
        EventKind::Resumed => json!({"_trace": []}),
        EventKind::GuildCreate => with(
            guild,
            json!({"channels": [channel], "members": [member()], "presences": [presence],
                "member_count": 1, "large": false, "unavailable": false,
                "joined_at": "2026-01-01T00:00:00.000000+00:00", "threads": []}),
        ),
        EventKind::GuildUpdate => guild,
        EventKind::GuildDelete => json!({"id": "7"}),
        EventKind::GuildRoleCreate | EventKind::GuildRoleUpdate => {
            with(in_guild, json!({"role": role}))
        }
        EventKind::GuildRoleDelete => with(in_guild, json!({"role_id": "8"})),
        EventKind::ChannelCreate | EventKind::ChannelUpdate | EventKind::ChannelDelete => {
            json!(channel)
        }
        EventKind::GuildMemberAdd | EventKind::GuildMemberUpdate => with(member(), in_guild),
        EventKind::GuildMemberRemove => with(in_guild, json!({"user": user()})),
        EventKind::GuildMembersChunk => with(
            in_guild,
            json!({"members": [member()], "chunk_index": 0, "chunk_count": 1, "not_found": ["3"]}),
        ),
        EventKind::MessageCreate | EventKind::MessageUpdate => message(),
        EventKind::MessageDelete => json!({"id": "77", "channel_id": "9", "guild_id": "7"}),
        EventKind::MessageDeleteBulk => json!({"ids": ["77"], "channel_id": "9", "guild_id": "7"}),
        EventKind::MessageReactionAdd => with(
            on_message,
            json!({"member": member(), "message_author_id": "1", "burst": false, "type": 0}),
        ),
        EventKind::MessageReactionRemove
        | EventKind::MessageReactionRemoveAll
        | EventKind::MessageReactionRemoveEmoji => on_message,
        EventKind::TypingStart => {
            json!({"channel_id": "9", "guild_id": "7", "user_id": "1", "timestamp": 1,
                "member": member()})
        }
        EventKind::PresenceUpdate => presence,
        EventKind::RateLimited => {
            json!({"opcode": 8, "retry_after": 1.5, "meta": {"guild_id": "7"}})
        }
        EventKind::ChannelUnreadUpdate => with(in_guild, json!({"channel_unread_updates": last})),
        EventKind::PassiveUpdateV1 => with(in_guild, json!({"channels": last})),
        EventKind::PassiveUpdateV2 => with(in_guild, json!({"updated_channels": last})),
        EventKind::InviteCreate => with(in_guild, with(json!({"channel_id": "9"}), invite())),
        EventKind::InviteDelete => with(in_guild, json!({"channel_id": "9", "code": "abc"})),
        EventKind::GuildMemberListUpdate => {
            let groups = json!([{"id": "online", "count": 1}]);
            with(
                in_guild,
                json!({"id": "everyone", "member_count": 1, "online_count": 1, "groups": groups,
                    "ops": [{"op": "DELETE", "index": 5}]}),
            )
        }
    }
}

#[test]
fn every_kind_has_its_type() {
    for kind in EventKind::ALL {
        let data = sample(kind);
        let event = read(kind.name(), &data);
        if let Event::Other(other) = &event {
            panic!("{}: {:?}", kind.name(), other.fault);
        }
        assert_eq!(event.name(), Some(kind.name()));
        if kind != EventKind::Resumed {
            assert_eq!(event.sequence(), Some(5));
            assert_eq!(event.raw().map(RawValue::get), Some(data.to_string().as_str()));
        }
    }
}

#[test]
fn messages_keep_what_was_written() {
    let Event::MessageCreate(posted) = read("MESSAGE_CREATE", &message()) else {
        panic!("another type")
    };
    let GuildMessage { message, guild_id, .. } = posted.into_data();
    assert_eq!((message.content.as_str(), guild_id), ("hi", GUILD));
    assert_eq!(message.mentions, [user()]);
    assert_eq!(message.embeds[0].title.as_deref(), Some("t"));
}

#[test]
fn what_is_not_known_is_kept_as_it_came() {
    let data = json!({"anything": [1, 2]});
    let Event::Other(other) = read("SOMETHING_NEW", &data) else { panic!("a known type") };
    assert_eq!((other.name.as_str(), &other.fault), ("SOMETHING_NEW", &None));
    assert_eq!(other.raw().get(), data.to_string());

    let Event::Other(other) = read("TYPING_START", &data) else { panic!("it fits") };
    assert!(other.fault.as_ref().is_some_and(|fault| fault.contains("user_id")), "{other:?}");
}
