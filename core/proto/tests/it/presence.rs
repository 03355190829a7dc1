//! Presences: what a client says is told on in the protocol's shape, or not at all.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use throng_proto::close::CloseCode;
use throng_proto::gateway::{Inbound, PresenceUpdate};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Activities, ClientStatus, Presence, PresenceUser};
use throng_proto::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_007);

fn update(data: &Value) -> PresenceUpdate {
    let payload = json!({"op": 3, "d": data}).to_string();
    match Inbound::decode(payload.as_bytes()) {
        Ok(Inbound::Presence(update)) => update,
        other => panic!("{other:?} of {payload}"),
    }
}

/// Returns what others are told of activities.
fn told(activities: &Value) -> Value {
    let update = update(&json!({"status": "online", "activities": activities}));
    json!(update.activities.created(NOW, &Activities::default()))
}

/// Returns what others are told of one activity that is shown.
fn shown(activity: &Value) -> Value {
    let told = told(&json!([activity]));
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{activity}");
    told[0].clone()
}

#[test]
fn an_activity_gets_what_the_server_adds() {
    let chess = shown(&json!({"name": "Chess", "type": 0}));
    assert_eq!(chess["created_at"], NOW.millis());
    let id = chess["id"].as_str().expect("an id");
    assert_eq!((id.len(), chess.as_object().map(Map::len)), (16, Some(4)));
    let claimed = shown(&json!({"name": "Chess", "type": 0, "created_at": 5, "id": "mine"}));
    assert_eq!(claimed, chess, "nobody says it for the server");
}

#[test]
fn everything_that_is_documented_is_told() {
    let activity = json!({
        "name": "Chess", "type": 1, "url": "https://twitch.tv/chess", "details": "Blitz",
        "state": "In a game", "application_id": "379286085710381999",
        "timestamps": {"start": 1_507_665_886_000_u64, "end": 1_507_665_887_000_u64},
        "emoji": {"name": "knight", "id": "41", "animated": true},
        "party": {"id": "ae488379", "size": [3, 5]},
        "assets": {"large_image": "board", "large_text": "A board", "small_image": "clock",
            "small_text": "A clock", "large_url": "https://a.b", "small_url": "https://a.b"},
        "secrets": {"join": "j", "spectate": "s", "match": "m"},
        "instance": true, "flags": 257,
        "buttons": ["Watch", {"label": "Join", "url": "https://a.b"}],
    });
    let mut told = shown(&activity);
    for added in ["id", "created_at"] {
        told.as_object_mut().expect("an object").remove(added);
    }
    let mut expected = activity;
    expected["buttons"] = json!(["Watch", "Join"]);
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_activity_is_left_out() {
    let deep: Value =
        serde_json::from_str(&format!("{}1{}", "[".repeat(100), "]".repeat(100))).expect("JSON");
    for wrong in [
        json!(null),
        json!(5),
        json!("x"),
        json!(["x", 0]),
        json!({}),
        json!({"type": 0}),
        json!({"name": 5}),
        json!({"name": ""}),
        json!({"name": " \0"}),
        json!({"name": "x", "type": "game"}),
        json!({"name": "x", "type": 6}),
        json!({"name": "x", "type": -1}),
        json!({"name": "x", "type": 0.5}),
        json!({"name": deep}),
    ] {
        let good = json!({"name": "good"});
        let told = told(&json!([wrong, good]));
        assert_eq!(told.as_array().map(Vec::len), Some(1), "{wrong}: {told}");
        assert_eq!(told[0]["name"], "good");
    }
    let told =
        shown(&json!({"name": "x", "deeper": deep, "party": deep, "assets": {"join": deep}}));
    assert_eq!(told.as_object().map(Map::len), Some(4), "{told}");
}

#[test]
fn what_does_not_fit_is_cut_or_corrected() {
    for (key, wrong) in [
        ("url", json!("https://twitch.tv/x")),
        ("url", json!("notaurl")),
        ("timestamps", json!([1, 2])),
        ("timestamps", json!({"start": -1})),
        ("timestamps", json!({"start": 300_000_000_000_000_u64})),
        ("application_id", json!("x")),
        ("application_id", json!(0)),
        ("details", json!(" ")),
        ("state", json!(["x"])),
        ("emoji", json!(5)),
        ("emoji", json!({"id": "41"})),
        ("party", json!(7)),
        ("party", json!({"size": [1]})),
        ("party", json!({"size": ["x", -2]})),
        ("assets", json!("x")),
        ("secrets", json!({"join": 5})),
        ("instance", json!("yes")),
        ("flags", json!(1.5)),
        ("buttons", json!([{}, {"url": "https://a.b"}, 5])),
        ("sync_id", json!("x")),
    ] {
        let told = shown(&json!({"name": "x", "type": 0, key: wrong}));
        assert!(told.get(key).is_none(), "{key}: {wrong} is told");
    }
    let long = "\u{1f984}".repeat(20_000);
    let told = shown(&json!({"name": long, "state": long, "party": {"id": long}}));
    for text in [&told["name"], &told["state"], &told["party"]["id"]] {
        assert_eq!(text.as_str().map(|text| text.chars().count()), Some(128));
    }
    let whole = shown(&json!({"name": "x", "type": 2.0, "timestamps": {"end": 7.0}}));
    assert_eq!((&whole["type"], &whole["timestamps"]), (&json!(2), &json!({"end": 7})));
    let custom = shown(&json!({"type": 4, "state": "busy"}));
    assert_eq!((&custom["name"], &custom["id"]), (&json!("Custom Status"), &json!("custom")));
}

#[test]
fn only_addresses_that_all_libraries_parse_are_told() {
    let url = |url: &str| shown(&json!({"name": "x", "type": 1, "url": url})).get("url").cloned();
    assert_eq!(
        url("https://www.twitch.tv/chess?a=b"),
        Some(json!("https://www.twitch.tv/chess?a=b"))
    );
    for wrong in [
        "https://xn--a/",
        "https://m\u{fc}nchen.example",
        "https://1.2.3.999/",
        "https://[::1]/",
        "javascript://x.y",
        "https://a.b:99999/",
        "https://a b.c/",
        &format!("https://a.b/{}", "x".repeat(512)),
    ] {
        assert_eq!(url(wrong), None, "{wrong}");
    }
}

#[test]
fn older_libraries_name_one_game() {
    let game = json!({"name": "Chess", "type": 0});
    let old = update(&json!({"status": "online", "game": game, "since": 0, "afk": false}));
    assert_eq!(old.activities.as_slice()[0].said().name, "Chess");
    for none in [json!(null), json!(5), json!([]), json!("x")] {
        assert!(update(&json!({"game": none})).activities.is_empty());
    }
    let both = update(&json!({"activities": [], "game": game}));
    assert!(both.activities.is_empty(), "the list counts");
}

#[test]
fn activities_that_are_no_list_are_refused() {
    assert!(update(&json!({"activities": {}})).activities.is_empty(), "an empty list of Lua's");
    for wrong in [json!(5), json!("x"), json!({"name": "x"}), json!(true)] {
        let payload = json!({"op": 3, "d": {"activities": wrong}}).to_string();
        let error = Inbound::decode(payload.as_bytes()).expect_err("no list");
        assert_eq!(error.close_code(), CloseCode::DecodeError);
    }
}

#[test]
fn activities_keep_their_age_and_are_bounded() {
    let first = update(&json!({"activities": [{"name": "a"}]})).activities;
    let first = first.created(NOW, &Activities::default());
    let later = Timestamp::from_millis(NOW.millis() + 9);
    let second = update(&json!({"activities": [{"name": "b"}, {"name": "a"}]})).activities;
    let second = json!(second.created(later, &first));
    assert_eq!(
        (&second[0]["created_at"], &second[1]["created_at"]),
        (&json!(later.millis()), &json!(NOW.millis()))
    );

    let many: Vec<_> = (0..300).map(|n| json!({"name": format!("{n:0128}")})).collect();
    let many = update(&json!({"activities": many})).activities;
    let one = json!(many.as_slice()[0]).to_string().len();
    assert_eq!(many.clone().within(5, usize::MAX).as_slice().len(), 5);
    assert_eq!(many.clone().within(300, 3 * one + 1).as_slice().len(), 3);
    assert!(many.within(300, one - 1).is_empty());
}

#[test]
fn a_journal_keeps_activities_as_they_were_told() {
    let said =
        update(&json!({"activities": [{"name": "a", "type": 1, "party": {"size": [1, 2]}}]}));
    let said = said.activities.created(NOW, &Activities::default());
    let kept: Activities = serde_json::from_value(json!(said)).expect("activities");
    assert_eq!(json!(kept), json!(said));
    let damaged: Activities = serde_json::from_value(json!([5, {"name": 5}])).expect("nothing");
    assert!(damaged.is_empty());
}

/// Any JSON, a few levels deep.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_i64..20).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[a-z]{100,600}".prop_map(Value::from),
        Just(json!("https://twitch.tv/x")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|keys| Value::Object(keys.into_iter().collect())),
        ]
    })
}

/// An activity with any keys of the protocol, right or wrong.
fn activity() -> impl Strategy<Value = Value> {
    const KEYS: &[&str] = &[
        "name",
        "type",
        "url",
        "created_at",
        "timestamps",
        "application_id",
        "details",
        "state",
        "emoji",
        "party",
        "assets",
        "secrets",
        "instance",
        "flags",
        "buttons",
        "id",
    ];
    let inner = prop_oneof![
        3 => anything(),
        1 => Just(json!({"start": 1, "end": "x", "id": "5", "size": [1, 2], "name": "n"})),
    ];
    let key = prop::sample::select(KEYS);
    let keys = prop::collection::btree_map(key, inner, 0..8);
    (keys, prop::option::of(".{1,200}")).prop_map(|(keys, name)| {
        let mut object: Map<String, Value> =
            keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        object.extend(name.map(|name| ("name".to_owned(), name.into())));
        Value::Object(object)
    })
}

/// Checks an activity as the strictest library reads it.
fn assert_valid(activity: &Value) {
    let text = |value: &Value, max: usize| {
        let count = value.as_str().map(|text| text.chars().count());
        assert!(count.is_some_and(|count| (1..=max).contains(&count)), "{value}");
    };
    text(&activity["name"], 128);
    text(&activity["id"], 16);
    assert!(activity["type"].as_u64().is_some_and(|kind| kind <= 5), "{activity}");
    assert_eq!(activity["created_at"], NOW.millis());
    for (key, value) in activity.as_object().expect("an object") {
        match key.as_str() {
            "name" | "id" | "type" | "created_at" => {}
            "details" | "state" => text(value, 128),
            "url" => text(value, 512),
            "application_id" => assert!(value.as_str().is_some_and(|id| id.parse::<u64>().is_ok())),
            "instance" => assert!(value.is_boolean()),
            "flags" => assert!(value.as_u64().is_some_and(|flags| flags <= 0x1ff)),
            "buttons" => value.as_array().expect("a list").iter().for_each(|label| text(label, 32)),
            "timestamps" => value.as_object().expect("an object").iter().for_each(|(key, time)| {
                assert!(["start", "end"].contains(&key.as_str()));
                assert!(time.as_u64().is_some_and(|time| time <= 253_402_300_799_999));
            }),
            "emoji" => text(&value["name"], 32),
            "party" => assert!(value.get("size").is_none_or(|size| {
                size.as_array()
                    .is_some_and(|size| size.len() == 2 && size.iter().all(Value::is_u64))
            })),
            "assets" | "secrets" => {
                value.as_object().expect("an object").values().for_each(|value| text(value, 313));
            }
            other => panic!("`{other}` is told"),
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_said_others_are_told_of_valid_activities(
        activities in prop::collection::vec(prop_oneof![3 => activity(), 1 => anything()], 0..6),
    ) {
        let told = told(&Value::Array(activities));
        told.as_array().expect("a list").iter().for_each(assert_valid);
    }

    #[test]
    fn whatever_a_presence_is_it_is_typed_or_refused(
        op in prop::sample::select(&[2_u8, 3][..]),
        said in anything(),
        status in anything(),
        activities in anything(),
    ) {
        let presence = json!({"status": status, "activities": activities, "game": said,
            "since": said, "afk": status});
        let data = if op == 2 { json!({"token": "t", "presence": presence}) } else { presence };
        let payload = json!({"op": op, "d": data}).to_string();
        let update = match Inbound::decode(payload.as_bytes()) {
            Ok(Inbound::Presence(update)) => update,
            Ok(Inbound::Identify(identify)) => identify.presence.unwrap_or_default(),
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                prop_assert_eq!(error.close_code(), CloseCode::DecodeError);
                return Ok(());
            }
        };
        let activities = update.activities.created(NOW, &Activities::default());
        let presence = Presence {
            user: PresenceUser { id: UserId::new(1) },
            guild_id: GuildId::new(2),
            status: update.status.shown(),
            activities: activities.as_slice(),
            client_status: ClientStatus::of(update.status),
        };
        json!(presence)["activities"].as_array().expect("a list").iter().for_each(assert_valid);
    }
}
