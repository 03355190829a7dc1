//! GUILD_CREATE as clients read it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use throng_engine::attendance::{Attendance, SessionRef};
use throng_engine::relay::Interest;
use throng_engine::shape::Shape;
use throng_engine::welcome::{self, Welcome};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::wire::Body;

use crate::scene::{self, ALICE, GUILD, OPEN, OWNER, SECRET};

const SESSION: SessionRef = SessionRef { worker: 0, slot: 0, generation: 0 };

/// Keys that some client library indexes without a default; dots lead into objects and every array
/// item.
const KEYS: [&str; 85] = [
    "afk_channel_id",
    "afk_timeout",
    "application_id",
    "banner",
    "channels",
    "channels.id",
    "channels.last_message_id",
    "channels.name",
    "channels.permission_overwrites",
    "channels.position",
    "channels.topic",
    "channels.type",
    "channels.guild_id",
    "default_message_notifications",
    "description",
    "emojis",
    "explicit_content_filter",
    "features",
    "icon",
    "id",
    "members",
    "members.deaf",
    "members.flags",
    "members.joined_at",
    "members.mute",
    "members.roles",
    "members.user",
    "members.user.avatar",
    "members.user.discriminator",
    "members.user.id",
    "members.user.username",
    "mfa_level",
    "name",
    "nsfw_level",
    "owner_id",
    "preferred_locale",
    "premium_progress_bar_enabled",
    "premium_tier",
    "presences",
    "public_updates_channel_id",
    "roles",
    "roles.color",
    "roles.colors",
    "roles.colors.primary_color",
    "roles.colors.secondary_color",
    "roles.colors.tertiary_color",
    "roles.flags",
    "roles.hoist",
    "roles.id",
    "roles.managed",
    "roles.mentionable",
    "roles.name",
    "roles.permissions",
    "roles.position",
    "rules_channel_id",
    "splash",
    "stickers",
    "system_channel_flags",
    "system_channel_id",
    "threads",
    "vanity_url_code",
    "verification_level",
    "voice_states",
    // The rest of the guild object and of what GUILD_CREATE adds.
    "discovery_splash",
    "widget_enabled",
    "widget_channel_id",
    "max_presences",
    "max_members",
    "premium_subscription_count",
    "max_video_channel_users",
    "max_stage_video_channel_users",
    "safety_alerts_channel_id",
    "incidents_data",
    "joined_at",
    "large",
    "member_count",
    "stage_instances",
    "guild_scheduled_events",
    "soundboard_sounds",
    "channels.parent_id",
    "channels.nsfw",
    "channels.rate_limit_per_user",
    "channels.flags",
    "members.nick",
    "members.communication_disabled_until",
];

fn guild(shape: &Shape, count: usize) -> Welcome {
    let last = [(OPEN, MessageId::new(9_000))].into_iter().collect();
    let guild = welcome::guild_segment(shape, &last, count);
    Welcome { guild, crowd: None, own: None, member_count: count }
}

fn with_crowd(shape: &Shape) -> Welcome {
    let mut attendance = Attendance::new(GUILD);
    let interest = Interest { intents: Intents::GUILD_PRESENCES, named: true };
    attendance.attach(SESSION, OWNER, interest);
    let update = PresenceUpdate { status: Status::Dnd, ..PresenceUpdate::default() };
    attendance.show(SESSION, OWNER, update);
    attendance.end_window();
    attendance.tell(1);
    let members: Vec<_> = (1..=3).map(scene::member).collect();
    let crowd = attendance.crowd(&scene::roster(&members), true);
    Welcome { crowd: Some(crowd), ..guild(shape, 3) }
}

/// JSON in which no object has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Strict;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON without double keys")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
                Ok(Strict(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Strict, E> {
                Ok(Strict(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
                let mut items = Vec::new();
                while let Some(Strict(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Strict(items.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
                let mut object = serde_json::Map::new();
                while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
                    let twice = object.insert(key.clone(), value).is_some();
                    assert!(!twice, "`{key}` stands twice in one object");
                }
                Ok(Strict(object.into()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Reads a body behind a session's prefix, and fails when a key stands twice.
fn read(body: &Body) -> Value {
    let segments = body.segments().iter().flat_map(|segment| segment.text().to_vec());
    let text: Vec<u8> = b"{\"s\":2,".iter().copied().chain(segments).collect();
    assert_eq!(text[7..], body.text()[..], "the segments are the text");
    let Strict(payload) = serde_json::from_slice(&text).expect("GUILD_CREATE is JSON");
    assert_eq!(
        (&payload["s"], &payload["op"], &payload["t"]),
        (&json!(2), &json!(0), &json!("GUILD_CREATE"))
    );
    assert_eq!(payload.as_object().unwrap().len(), 4);
    payload["d"].clone()
}

fn demand(data: &Value, path: &str) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let value = data.get(key).unwrap_or_else(|| panic!("`{path}` is missing in {data}"));
    match (value, rest) {
        (Value::Array(items), Some(rest)) => {
            assert!(!items.is_empty(), "`{path}` has nothing to look at");
            items.iter().for_each(|item| demand(item, rest));
        }
        (object, Some(rest)) => demand(object, rest),
        (_, None) => {}
    }
}

#[test]
fn guild_create_has_every_key_that_clients_need_exactly_once() {
    let shape = scene::shape();
    let alice = scene::member(2);
    for welcome in [guild(&shape, 3), with_crowd(&shape)] {
        for initial in [true, false] {
            let data = read(&welcome::compose(&welcome, &alice, 50, initial));
            KEYS.iter().for_each(|key| demand(&data, key));
            let unavailable = initial.then_some(&Value::Bool(false));
            assert_eq!(data.get("unavailable"), unavailable, "tells a start from a join");
        }
    }
}

#[test]
fn a_session_without_the_crowd_gets_its_own_member() {
    let data = read(&welcome::compose(&guild(&scene::shape(), 3), &scene::member(2), 50, true));
    assert_eq!(data["members"].as_array().unwrap().len(), 1);
    assert_eq!(data["members"][0]["user"]["id"], ALICE.to_string());
    assert_eq!(data["presences"], json!([]));
    assert_eq!(data["member_count"], 3);
    assert_eq!(data["joined_at"], "2020-09-13T12:26:40.123000+00:00");
}

#[test]
fn the_crowd_has_members_and_presences() {
    let data = read(&welcome::compose(&with_crowd(&scene::shape()), &scene::member(2), 50, true));
    assert_eq!(data["members"].as_array().unwrap().len(), 3);
    let presences = data["presences"].as_array().unwrap();
    assert_eq!(presences.len(), 1);
    assert_eq!(
        (&presences[0]["status"], &presences[0]["user"]["id"]),
        (&json!("dnd"), &json!("1"))
    );
}

/// Others may not have been told of the session yet; it comes last, and so it counts.
#[test]
fn a_session_sees_its_own_presence_in_the_crowd() {
    let shape = scene::shape();
    let own = Some(json!({"user": {"id": "2"}, "status": "idle"}).to_string());
    let empty = Attendance::new(GUILD).crowd(&scene::roster(&[scene::member(2)]), true);
    let statuses = |welcome: &Welcome| {
        let data = read(&welcome::compose(welcome, &scene::member(2), 50, true));
        let presences = data["presences"].as_array().unwrap().iter();
        presences.map(|presence| presence["status"].as_str().unwrap().to_owned()).collect()
    };
    let with = |welcome: Welcome| -> Vec<String> { statuses(&welcome) };
    assert_eq!(with(Welcome { own: own.clone(), ..with_crowd(&shape) }), ["dnd", "idle"]);
    assert_eq!(with(Welcome { own, crowd: Some(empty.clone()), ..guild(&shape, 1) }), ["idle"]);
    assert!(with(Welcome { crowd: Some(empty), ..guild(&shape, 1) }).is_empty());
}

#[test]
fn a_guild_is_large_above_the_threshold_of_the_session() {
    let welcome = guild(&scene::shape(), 51);
    let large = |threshold| {
        read(&welcome::compose(&welcome, &scene::member(2), threshold, true))["large"].clone()
    };
    assert_eq!((large(50), large(51)), (json!(true), json!(false)));
}

#[test]
fn channels_carry_their_newest_message() {
    let mut shape = scene::shape();
    let mut old = shape.channels[&SECRET].as_ref().clone();
    old.last_message_id = Some(MessageId::new(5));
    shape.channels.insert(SECRET, old.into());
    let data = read(&welcome::compose(&guild(&shape, 1), &scene::member(2), 50, true));
    let last = |id: ChannelId| {
        let channels = data["channels"].as_array().unwrap();
        let channel = channels.iter().find(|channel| channel["id"] == id.to_string());
        channel.expect("a channel")["last_message_id"].clone()
    };
    assert_eq!((last(OPEN), last(SECRET)), (json!("9000"), json!("5")));
}

#[test]
fn names_that_look_like_json_stay_names() {
    let mut shape = scene::shape();
    shape.guild.name = "}],\"members\":[{\\".to_owned();
    shape.guild.description = Some("\u{1f984}\u{0}\n".to_owned());
    let mut alice = scene::member(2).as_ref().clone();
    alice.profile.nick = Some("\"}]}".to_owned());
    let data = read(&welcome::compose(&guild(&shape, 1), &alice, 50, true));
    assert_eq!(data["name"], shape.guild.name);
    assert_eq!(data["description"], "\u{1f984}\u{0}\n");
    assert_eq!(data["members"][0]["nick"], "\"}]}");
}

#[test]
fn sessions_share_the_bytes_of_guild_and_crowd() {
    let welcome = with_crowd(&scene::shape());
    let bodies = [2, 3].map(|id| welcome::compose(&welcome, &scene::member(id), 50, true));
    let same =
        |at: usize| std::sync::Arc::ptr_eq(&bodies[0].segments()[at], &bodies[1].segments()[at]);
    assert_eq!(bodies[0].segments().len(), 4);
    assert!(same(0) && !same(1) && same(2) && !same(3));
}
