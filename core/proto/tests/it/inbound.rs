//! Payloads as real client libraries send them.

use serde_json::{Value, json};
use throng_proto::close::CloseCode;
use throng_proto::gateway::payload::Hello;
use throng_proto::gateway::{
    Connection, Identify, Inbound, PresenceUpdate, RequestMembers, Resume, Shard, Subscriptions,
    opcode,
};
use throng_proto::id::{ChannelId, GuildId, UserId};
use throng_proto::model::Status;

fn decode(op: u8, data: &Value) -> Inbound {
    let payload = json!({"op": op, "d": data}).to_string();
    Inbound::decode(payload.as_bytes()).unwrap_or_else(|error| panic!("{error} in {payload}"))
}

fn identify(data: &Value) -> Identify {
    match decode(opcode::IDENTIFY, data) {
        Inbound::Identify(identify) => *identify,
        other => panic!("{other:?}"),
    }
}

fn presence(data: &Value) -> PresenceUpdate {
    match decode(opcode::PRESENCE_UPDATE, data) {
        Inbound::Presence(presence) => presence,
        other => panic!("{other:?}"),
    }
}

fn resume(data: &Value) -> Resume {
    match decode(opcode::RESUME, data) {
        Inbound::Resume(resume) => resume,
        other => panic!("{other:?}"),
    }
}

fn members(data: &Value) -> RequestMembers {
    match decode(opcode::REQUEST_GUILD_MEMBERS, data) {
        Inbound::RequestMembers(request) => request,
        other => panic!("{other:?}"),
    }
}

fn subscriptions(op: u8, data: &Value) -> Subscriptions {
    match decode(op, data) {
        Inbound::Subscribe(subscriptions) => subscriptions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn discord_py_identifies_with_compression_and_without_a_shard() {
    let read = identify(&json!({
        "token": "MQ.x.y", "intents": 33_281, "compress": true, "large_threshold": 250,
        "properties": {"os": "linux", "browser": "discord.py", "device": "discord.py"},
        "presence": {"status": "idle", "game": null, "since": 0, "afk": false},
    }));
    assert_eq!((read.token.as_str(), read.intents, read.compress), ("MQ.x.y", Some(33_281), true));
    assert_eq!((read.large_threshold, read.shard, read.capabilities), (Some(250), None, None));
    let presence = read.presence.expect("a presence");
    assert_eq!((presence.status, presence.activities.is_empty()), (Status::Idle, true));
    assert_eq!(Connection::parse(&read.properties).browser, "discord.py");
}

#[test]
fn discord_js_identifies_with_a_shard() {
    let read = identify(&json!({
        "token": "MQ.x.y", "properties": {"os": "linux", "browser": "@discordjs", "device": "d"},
        "intents": 513, "compress": false, "shard": [0, 1],
    }));
    assert_eq!((read.shard, read.compress), (Some(vec![0, 1]), false));
    assert!(read.presence.is_none());
}

#[test]
fn eris_identifies_with_a_version_and_no_activities() {
    let read = identify(&json!({
        "token": "Bot MQ.x.y", "v": 10, "compress": true, "large_threshold": 250, "intents": 1,
        "properties": {"$os": "linux", "$browser": "Eris", "$device": "Eris"},
        "presence": {"activities": null, "afk": false, "since": null, "status": "online"},
    }));
    assert!(read.presence.expect("a presence").activities.is_empty());
    let connection = Connection::parse(&read.properties);
    assert_eq!((connection.os.as_str(), connection.device.as_str()), ("linux", "Eris"));
}

#[test]
fn oceanic_identifies_with_a_word_for_compression() {
    let read = identify(&json!({
        "token": "Bot MQ.x.y", "compress": "zlib-stream", "large_threshold": 250, "intents": 1,
        "properties": {"os": "linux"}, "shard": [0, 1],
        "presence": {"activities": [], "afk": false, "status": "online"},
    }));
    assert!(!read.compress, "only true asks for payload compression");
    assert_eq!(read.presence.expect("a presence").since, None);
}

#[test]
fn hikari_and_twilight_identify_with_capabilities() {
    let hikari = identify(&json!({
        "token": "MQ.x.y", "compress": false, "large_threshold": 250, "intents": 513,
        "properties": {"os": "Linux", "browser": "hikari", "device": "hikari"}, "capabilities": 0,
        "shard": [0, 1],
        "presence": {"game": null, "since": null, "afk": false, "status": "online"},
    }));
    assert_eq!(hikari.capabilities, Some(0));
    let twilight = identify(&json!({
        "token": "Bot MQ.x.y", "compress": false, "large_threshold": 50, "intents": 513,
        "properties": {"os": "linux", "browser": "twilight.rs", "device": "twilight.rs"},
        "capabilities": 0, "presence": null, "shard": [0, 1],
    }));
    assert!(twilight.presence.is_none());
}

#[test]
fn users_own_clients_identify_without_intents() {
    let read = identify(&json!({
        "token": "MQ.x.y", "capabilities": 1_734_653, "compress": false,
        "properties": {"os": "Windows", "browser": "Chrome", "client_build_number": 1, "x": null},
        "presence": {"status": "unknown", "since": 0, "activities": [{"name": "x"}], "afk": true},
        "client_state": {"guild_versions": {}},
    }));
    assert_eq!((read.intents, read.capabilities), (None, Some(1_734_653)));
    let presence = read.presence.expect("a presence");
    assert_eq!((presence.status, presence.afk), (Status::Online, true));
    assert_eq!(presence.activities.as_slice()[0].said().name, "x");
}

#[test]
fn a_token_is_all_that_an_identify_needs() {
    for data in [json!({"token": "t"}), json!({"token": "t", "properties": null, "compress": null})]
    {
        let read = identify(&data);
        assert_eq!((read.properties.len(), read.compress), (0, false));
        assert_eq!(Connection::parse(&read.properties), Connection::default());
    }
    let long = json!({"token": "t", "properties": {"os": "x".repeat(500), "browser": 7}});
    let connection = Connection::parse(&identify(&long).properties);
    assert_eq!((connection.os.len(), connection.browser.as_str()), (64, ""));
}

#[test]
fn shards_are_checked_and_share_guilds_out() {
    assert_eq!(Shard::parse(&[0, 1]), Some(Shard { id: 0, count: 1 }));
    for wrong in [[1, 1], [0, 0], [-1, 1], [0, -1], [5, 3], [0, 1 << 40], [i64::MIN, i64::MAX]] {
        assert_eq!(Shard::parse(&wrong), None, "{wrong:?}");
    }
    let guild = GuildId::new(5 << 22 | 0x3f_ffff);
    let homes = (0..4).filter(|id| Shard { id: *id, count: 4 }.has(guild));
    assert_eq!(homes.collect::<Vec<_>>(), [1]);
}

#[test]
fn presences_are_read_with_any_key_absent_or_null() {
    for data in [json!({}), json!({"since": null, "activities": null, "status": null, "afk": null})]
    {
        let read = presence(&data);
        assert_eq!((read.status, read.afk, read.since), (Status::Online, false, None));
    }
    for (word, status) in [
        ("online", Status::Online),
        ("idle", Status::Idle),
        ("dnd", Status::Dnd),
        ("invisible", Status::Invisible),
        ("offline", Status::Offline),
        ("busy", Status::Online),
    ] {
        assert_eq!(presence(&json!({"status": word})).status, status);
    }
    let big = json!({"since": 1_767_225_600_007_u64, "status": "idle", "activities": []});
    assert_eq!(presence(&big).since, Some(1_767_225_600_007));
}

#[test]
fn resumes_carry_a_session_and_perhaps_a_sequence() {
    let read = resume(&json!({"token": "Bot t", "session_id": "s", "seq": 42}));
    assert_eq!((read.session_id.as_str(), read.seq), ("s", 42));
    assert_eq!(resume(&json!({"token": "t", "session_id": "s", "seq": null})).seq, 0);
    assert_eq!(resume(&json!({"token": "t", "session_id": "s"})).seq, 0);
}

/// Integers from discord.py and disnake, strings and arrays from others.
#[test]
fn members_are_asked_for_with_ids_of_every_form() {
    let ids = |ids: &[u64]| Some(ids.iter().copied().map(UserId::new).collect::<Vec<_>>());
    for guild in [json!(7), json!("7"), json!(["7"]), json!([7])] {
        assert_eq!(members(&json!({"guild_id": guild})).guild_id, GuildId::new(7));
    }
    for (data, expected) in [
        (json!(5), ids(&[5])),
        (json!("5"), ids(&[5])),
        (json!([5, "6"]), ids(&[5, 6])),
        (json!([]), ids(&[])),
        (json!(null), None),
    ] {
        assert_eq!(members(&json!({"guild_id": 7, "user_ids": data})).user_ids, expected);
    }
    let read = members(&json!({
        "guild_id": "7", "query": null, "limit": null, "presences": null, "nonce": null
    }));
    assert_eq!((read.query, read.limit, read.presences, read.nonce), (None, None, None, None));
}

#[test]
fn subscriptions_come_for_one_guild_or_in_bulk() {
    let one = subscriptions(
        opcode::GUILD_SUBSCRIPTIONS,
        &json!({"guild_id": "7", "typing": true, "threads": true, "activities": true,
            "members": ["1", 2], "channels": {"9": [[0, 99], [100, 199]]}}),
    );
    let subscription = &one.guilds[&GuildId::new(7)];
    assert_eq!(subscription.typing, Some(true));
    assert_eq!(subscription.members.as_deref(), Some([UserId::new(1), UserId::new(2)].as_slice()));
    let ranges = &subscription.channels.as_ref().expect("ranges")[&ChannelId::new(9)];
    assert_eq!(ranges.as_slice(), [[0, 99], [100, 199]]);

    let payload = r#"{"op":37,"d":{"subscriptions":{"9":{"typing":false},"7":{"members":[]}}}}"#;
    let Ok(Inbound::Subscribe(bulk)) = Inbound::decode(payload.as_bytes()) else {
        panic!("{payload} subscribes");
    };
    let guilds: Vec<_> = bulk.guilds.keys().map(|guild| guild.value()).collect();
    assert_eq!(guilds, [9, 7], "in the client's order");
    assert_eq!(bulk.guilds[&GuildId::new(9)].typing, Some(false));
    assert_eq!(bulk.guilds[&GuildId::new(7)].typing, None, "absent keys change nothing");
    assert!(subscriptions(opcode::GUILD_SUBSCRIPTIONS_BULK, &json!({})).guilds.is_empty());
}

#[test]
fn extra_keys_in_the_envelope_are_ignored() {
    let payload = br#"{"t":null,"s":null,"op":1,"d":251,"x":[{}]}"#;
    assert!(matches!(Inbound::decode(payload), Ok(Inbound::Heartbeat(Some(251)))));
    assert!(matches!(Inbound::decode(b" {\"op\" : 1 } "), Ok(Inbound::Heartbeat(None))));
}

#[test]
fn errors_name_their_close_code() {
    let code = |payload: &[u8]| Inbound::decode(payload).expect_err("not valid").close_code();
    assert_eq!(code(b"nonsense"), CloseCode::DecodeError);
    assert_eq!(code(b"{\"op\":2,\"d\":{}}"), CloseCode::DecodeError);
    assert_eq!(code(b"{\"op\":0}"), CloseCode::UnknownOpcode);
    assert_eq!(code(b"{\"op\":44}"), CloseCode::UnknownOpcode);
    assert_eq!(code(b"{\"op\":300}"), CloseCode::UnknownOpcode);
}

#[test]
fn hello_has_all_keys_of_an_envelope() {
    let read: Value = serde_json::from_str(&Hello::new(41_250).text()).expect("JSON");
    assert_eq!(read["d"]["heartbeat_interval"], 41_250);
    assert_eq!((&read["op"], &read["s"], &read["t"]), (&json!(10), &Value::Null, &Value::Null));
    assert_eq!(read.as_object().map(serde_json::Map::len), Some(4));
}
