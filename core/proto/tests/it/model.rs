//! Objects of the protocol with every key that some client library indexes without a default.

use serde::Serialize;
use serde_json::{Value, json};
use throng_proto::form::{self, FromForm};
use throng_proto::gateway::payload::{Content, MemberChanged, MessageChanged};
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Colors, CurrentUser, Emoji, Guild, Member, Message, MessageKind,
    MessageReference, Nonce, Overwrite, OverwriteKind, Profile, ReactionCount, Referenced, Role,
    User,
};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

const USER: &[&str] = &[
    "id",
    "username",
    "discriminator",
    "global_name",
    "avatar",
    "bot",
    "banner",
    "accent_color",
    "public_flags",
    "flags",
    "avatar_decoration_data",
    "collectibles",
    "primary_guild",
];
const CURRENT_USER: &[&str] = &["mfa_enabled", "verified", "email", "locale", "premium_type"];
const ROLE: &[&str] = &[
    "id",
    "name",
    "color",
    "colors",
    "hoist",
    "icon",
    "unicode_emoji",
    "position",
    "permissions",
    "managed",
    "mentionable",
    "flags",
];
const PROFILE: &[&str] = &[
    "nick",
    "avatar",
    "banner",
    "roles",
    "joined_at",
    "premium_since",
    "deaf",
    "mute",
    "flags",
    "pending",
    "communication_disabled_until",
    "avatar_decoration_data",
    "collectibles",
];
const CHANNEL: &[&str] = &[
    "id",
    "type",
    "guild_id",
    "name",
    "position",
    "parent_id",
    "permission_overwrites",
    "topic",
    "nsfw",
    "last_message_id",
    "last_pin_timestamp",
    "rate_limit_per_user",
    "flags",
];
const GUILD: &[&str] = &[
    "id",
    "name",
    "icon",
    "splash",
    "discovery_splash",
    "owner_id",
    "afk_channel_id",
    "afk_timeout",
    "widget_enabled",
    "widget_channel_id",
    "verification_level",
    "default_message_notifications",
    "explicit_content_filter",
    "roles",
    "emojis",
    "features",
    "mfa_level",
    "application_id",
    "system_channel_id",
    "system_channel_flags",
    "rules_channel_id",
    "max_presences",
    "max_members",
    "vanity_url_code",
    "description",
    "banner",
    "premium_tier",
    "premium_subscription_count",
    "preferred_locale",
    "public_updates_channel_id",
    "max_video_channel_users",
    "max_stage_video_channel_users",
    "nsfw_level",
    "stickers",
    "premium_progress_bar_enabled",
    "safety_alerts_channel_id",
    "incidents_data",
    "home_header",
    "region",
    "nsfw",
];
const MESSAGE: &[&str] = &[
    "id",
    "channel_id",
    "author",
    "content",
    "timestamp",
    "edited_timestamp",
    "tts",
    "mention_everyone",
    "mentions",
    "mention_roles",
    "attachments",
    "embeds",
    "pinned",
    "type",
    "flags",
    "components",
];

/// Writes a value, and fails when one of its objects has a key twice or lacks one.
fn written(value: &impl Serialize, keys: &[&str]) -> Value {
    let text = serde_json::to_string(value).expect("JSON");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    let object = read.as_object().expect("an object");
    assert_eq!(
        serde_json::to_string(object).expect("JSON").len(),
        text.len(),
        "a key twice: {text}"
    );
    for key in keys {
        assert!(object.contains_key(*key), "`{key}` is missing in {text}");
    }
    read
}

fn user(id: u64) -> User {
    User::new(UserId::new(id), format!("user{id}"), false)
}

fn profile() -> Profile {
    Profile::new(Timestamp::from_millis(0), vec![RoleId::new(9), RoleId::new(8), RoleId::new(9)])
}

fn read<T: FromForm>(value: &Value) -> T {
    form::read(value).expect("a form")
}

fn message() -> Message {
    Message {
        id: MessageId::new(50),
        channel_id: ChannelId::new(3),
        author: user(1),
        content: "hello".to_owned(),
        timestamp: Timestamp::from_millis(0),
        edited_timestamp: None,
        tts: false,
        mention_everyone: false,
        mentions: vec![user(2)],
        mention_roles: vec![RoleId::new(8)],
        attachments: vec![read(&json!({"id": "9", "filename": "a.txt", "url": "x:a"}))],
        embeds: vec![read(&json!({"title": "t"}))],
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

#[test]
fn users_have_every_key() {
    let read = written(&user(1), USER);
    assert_eq!((&read["id"], &read["discriminator"]), (&json!("1"), &json!("0")));
    let own = user(1);
    let read = written(&CurrentUser::new(&own), &[USER, CURRENT_USER].concat());
    assert_eq!((&read["mfa_enabled"], &read["email"]), (&json!(false), &Value::Null));
}

#[test]
fn roles_have_both_kinds_of_colour() {
    let read = written(&Role::new(RoleId::new(9), "red", Permissions::VIEW_CHANNEL), ROLE);
    for key in ["primary_color", "secondary_color", "tertiary_color"] {
        assert!(read["colors"].get(key).is_some(), "{key}");
    }
    assert_eq!((&read["permissions"], &read["managed"]), (&json!("1024"), &json!(false)));
    // As older builds have stored it.
    let mut old = read;
    old["colors"] = json!({"primary_color": 255, "secondary_color": null, "tertiary_color": null});
    let role: Role = serde_json::from_value(old).expect("a role");
    assert_eq!(role.colors, Colors::plain(255));
}

#[test]
fn members_have_every_key_beside_their_user() {
    let member = Member { user: user(1), profile: profile() };
    let read = written(&member, &[PROFILE, &["user"]].concat());
    assert_eq!(read["roles"], json!(["8", "9"]), "sorted, once each");
    assert_eq!(read["joined_at"], "1970-01-01T00:00:00.000000+00:00");
    let event = MemberChanged { guild_id: GuildId::new(7), member: &member };
    assert_eq!(written(&event, &[PROFILE, &["user", "guild_id"]].concat())["guild_id"], "7");
}

#[test]
fn channels_have_what_their_kind_has() {
    let channel = |kind| Channel::new(ChannelId::new(3), GuildId::new(7), "general", kind);
    let read = written(&channel(ChannelKind::TEXT), CHANNEL);
    assert!(read.get("bitrate").is_none() && read.get("user_limit").is_none());
    let read = written(&channel(ChannelKind::VOICE), CHANNEL);
    assert_eq!((&read["bitrate"], &read["user_limit"]), (&json!(64_000), &json!(0)));
    let voice = ["bitrate", "user_limit", "rtc_region", "video_quality_mode"];
    written(&channel(ChannelKind::VOICE), &voice);
    let mut stage = written(&channel(ChannelKind::STAGE), &voice);
    assert_eq!((&stage["bitrate"], &stage["user_limit"]), (&json!(64_000), &json!(0)));
    // As older builds have stored it.
    for key in voice {
        stage.as_object_mut().expect("an object").remove(key);
    }
    let stage: Channel = serde_json::from_value(stage).expect("a channel");
    assert_eq!(stage.completed(), channel(ChannelKind::STAGE));
    let (allow, deny) = (Permissions::NONE, Permissions::VIEW_CHANNEL);
    let overwrite =
        Overwrite { id: UserId::new(1).into(), kind: OverwriteKind::Member, allow, deny };
    assert_eq!(json!(overwrite), json!({"id": "1", "type": 1, "allow": "0", "deny": "1024"}));
    let bad = json!({"id": "1", "type": 2});
    assert!(serde_json::from_value::<Overwrite>(bad).is_err());
}

#[test]
fn guilds_have_every_nullable_key() {
    let guild = Guild::new(GuildId::new(7), "seven", UserId::new(1));
    let role = std::sync::Arc::new(Role::new(RoleId::new(7), "@everyone", Permissions::DEFAULT));
    let read = written(&guild.body(vec![&role]), GUILD);
    assert_eq!(read["roles"][0]["id"], "7");
    for key in ["emojis", "features", "stickers"] {
        assert_eq!(read[key], json!([]), "{key}");
    }
}

#[test]
fn message_events_have_every_key_and_their_members() {
    let (message, profile) = (message(), profile());
    let lookup = |user: &User| (user.id.value() == 1).then_some(&profile);
    let kind = ChannelKind::TEXT;
    let event = MessageChanged::new(&message, GuildId::new(7), kind, Content::Full, lookup);
    let read = written(&event, &[MESSAGE, &["guild_id", "member", "channel_type"]].concat());
    assert!(read["member"].get("user").is_none(), "the author stands beside it");
    assert_eq!(read["mentions"][0]["id"], "2");
    assert!(read["mentions"][0].get("member").is_none(), "who has left has no member");
    let event =
        MessageChanged::new(&message, GuildId::new(7), kind, Content::Full, |_| Some(&profile));
    let read = written(&event, MESSAGE);
    assert_eq!(read["mentions"][0]["member"]["roles"], json!(["8", "9"]));
    assert!(read["mentions"][0]["member"].get("user").is_none());
    let event = MessageChanged::new(&message, GuildId::new(7), kind, Content::Full, |_| None);
    assert!(written(&event, MESSAGE).get("member").is_none());
}

#[test]
fn the_stripped_variant_has_the_keys_but_not_the_content() {
    let mut answer = message();
    answer.kind = MessageKind::REPLY;
    answer.nonce = Some(Nonce::Number(7));
    answer.message_reference = Some(MessageReference {
        kind: 0,
        message_id: MessageId::new(50),
        channel_id: Some(ChannelId::new(3)),
        guild_id: Some(GuildId::new(7)),
    });
    answer.referenced_message = Referenced::to(&message());
    let guild = GuildId::new(7);
    let variant = |content| {
        let event = MessageChanged::new(&answer, guild, ChannelKind::TEXT, content, |_| None);
        written(&event, &[MESSAGE, &["message_reference", "referenced_message"]].concat())
    };
    let (full, stripped) = (variant(Content::Full), variant(Content::Stripped));
    assert_eq!(full["content"], "hello");
    assert_eq!(full["referenced_message"]["content"], "hello");
    for message in [&stripped, &stripped["referenced_message"]] {
        assert_eq!(message["content"], "");
        for key in ["attachments", "embeds", "components"] {
            assert_eq!(message[key], json!([]), "{key}");
        }
    }
    assert_eq!((&stripped["nonce"], &stripped["type"]), (&json!(7), &json!(19)));
    assert!(!stripped.to_string().contains("hello"));
}

#[test]
fn messages_are_read_as_they_are_written() {
    let mut answer = message();
    answer.referenced_message = Referenced::to(&message());
    answer.nonce = Some(Nonce::Text("n".to_owned()));
    let read: Message = serde_json::from_value(written(&answer, MESSAGE)).expect("a message");
    assert_eq!(read, answer);
}

#[test]
fn nonces_keep_their_type() {
    for nonce in [json!(7), json!("7"), json!(-1)] {
        let read: Nonce = serde_json::from_value(nonce.clone()).expect("a nonce");
        assert_eq!(json!(read), nonce);
    }
    assert!(serde_json::from_value::<Nonce>(json!(1.5)).is_err());
}

#[test]
fn emojis_have_a_form_for_addresses() {
    for (key, id, name) in
        [("\u{1f984}", None, "\u{1f984}"), ("wave:41", Some("41"), "wave"), ("a:b", None, "a:b")]
    {
        let emoji = Emoji::from_key(key);
        assert_eq!(emoji.key(), key);
        assert_eq!(json!(emoji), json!({"id": id, "name": name}));
    }
}

#[test]
fn reactions_have_their_burst_keys() {
    let emoji = Emoji::from_key("\u{1f984}");
    let (me_burst, burst_colors) = Default::default();
    let count = ReactionCount { emoji, count: 2, me: true, me_burst, burst_colors };
    let read =
        written(&count, &["emoji", "count", "count_details", "me", "me_burst", "burst_colors"]);
    assert_eq!((&read["me_burst"], &read["burst_colors"]), (&json!(false), &json!([])));
    assert_eq!(read["count_details"], json!({"burst": 0, "normal": 2}));
}

#[test]
fn kinds_of_channels_tell_what_they_hold() {
    let kinds = (0..=20).map(ChannelKind);
    let in_guild: Vec<_> =
        kinds.clone().filter(|kind| kind.in_guild()).map(|kind| kind.0).collect();
    assert_eq!(in_guild, [0, 2, 4, 5, 13]);
    let talking: Vec<_> = kinds.filter(|kind| kind.has_messages()).map(|kind| kind.0).collect();
    assert_eq!(talking, [0, 2, 5, 13]);
}
