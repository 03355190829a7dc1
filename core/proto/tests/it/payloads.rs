//! Payloads of any shape: what does not matter costs no link, and arrays are no objects.

use proptest::prelude::*;
use serde_json::{Value, json};
use throng_proto::close::CloseCode;
use throng_proto::gateway::{
    Identify, Inbound, RequestMembers, Resume, Subscription, Subscriptions, opcode,
};
use throng_proto::id::{GuildId, UserId};

fn decode(op: u8, data: &Value) -> Inbound {
    let payload = json!({"op": op, "d": data}).to_string();
    Inbound::decode(payload.as_bytes()).unwrap_or_else(|error| panic!("{error} in {payload}"))
}

fn code(payload: &str) -> CloseCode {
    Inbound::decode(payload.as_bytes()).expect_err(payload).close_code()
}

fn identify(more: &Value) -> Identify {
    let mut data = json!({"token": "t"});
    for (key, value) in more.as_object().expect("an object") {
        data[key] = value.clone();
    }
    match decode(opcode::IDENTIFY, &data) {
        Inbound::Identify(identify) => *identify,
        other => panic!("{other:?}"),
    }
}

fn resume(seq: &Value) -> Resume {
    match decode(opcode::RESUME, &json!({"token": "t", "session_id": "s", "seq": seq})) {
        Inbound::Resume(resume) => resume,
        other => panic!("{other:?}"),
    }
}

fn members(more: &Value) -> RequestMembers {
    let mut data = json!({"guild_id": "7"});
    for (key, value) in more.as_object().expect("an object") {
        data[key] = value.clone();
    }
    match decode(opcode::REQUEST_GUILD_MEMBERS, &data) {
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

fn wish(data: &Value) -> Subscription {
    let all =
        subscriptions(opcode::GUILD_SUBSCRIPTIONS_BULK, &json!({"subscriptions": {"7": data}}));
    all.guilds[&GuildId::new(7)].clone()
}

#[test]
fn whole_floats_are_whole_numbers() {
    for payload in [r#"{"op":1.0,"d":3.0}"#, r#"{"op":1,"d":3}"#, r#"{"op":40.0,"d":{"seq":3.0}}"#]
    {
        let read = Inbound::decode(payload.as_bytes());
        assert!(matches!(read, Ok(Inbound::Heartbeat(Some(3)))), "{payload}: {read:?}");
    }
    assert_eq!(resume(&json!(2.0)).seq, 2);
    let read = identify(&json!({"intents": 513.0, "large_threshold": 50.0, "shard": [0.0, 1.0],
            "capabilities": 4.0}));
    assert_eq!((read.intents, read.large_threshold), (Some(513), Some(50)));
    assert_eq!((read.shard, read.capabilities), (Some(vec![0, 1]), Some(4)));
    assert_eq!(members(&json!({"limit": 0.0, "user_ids": [5.0]})).limit, Some(0));
    let channels = wish(&json!({"channels": {"9": [[0.0, 99.0]]}})).channels.expect("ranges");
    assert_eq!(channels.values().next().map(Vec::as_slice), Some([[0, 99]].as_slice()));
    assert_eq!(code(r#"{"op":1.5}"#), CloseCode::DecodeError);
    assert_eq!(code(r#"{"op":1,"d":1.5}"#), CloseCode::DecodeError);
}

#[test]
fn arrays_are_never_objects() {
    for payload in [
        "[1,2]",
        "[2,{\"token\":\"t\"}]",
        " [1] ",
        "1",
        "null",
        "\"x\"",
        "",
        r#"{"op":2,"d":["t"]}"#,
        r#"{"op":3,"d":[0,[],"online",false]}"#,
        r#"{"op":6,"d":["t","s",1]}"#,
        r#"{"op":8,"d":["7","",0]}"#,
        r#"{"op":14,"d":["7"]}"#,
        r#"{"op":37,"d":[{"7":{}}]}"#,
        r#"{"op":37,"d":{"subscriptions":["7"]}}"#,
        r#"{"op":37,"d":{"subscriptions":{"7":[true]}}}"#,
        r#"{"op":37,"d":{"subscriptions":{"7":{"channels":[["9",[0,99]]]}}}}"#,
        r#"{"op":40,"d":[1]}"#,
        r#"{"op":100,"d":[7,"GET","/users/@me"]}"#,
        r#"{"op":2,"d":{"token":"t","presence":[0,[],"online"]}}"#,
        r#"{"op":2,"d":{"token":"t","presence":"x"}}"#,
    ] {
        assert_eq!(code(payload), CloseCode::DecodeError, "{payload}");
    }
}

#[test]
fn what_does_not_matter_costs_no_link() {
    for nonce in [json!(123), json!(true), json!([]), json!({})] {
        assert_eq!(members(&json!({"nonce": nonce})).nonce, None);
    }
    for (given, read) in [(json!(1), Some(true)), (json!(0), Some(false)), (json!("x"), None)] {
        assert_eq!(members(&json!({"presences": given})).presences, read);
    }
    for limit in [json!(-1), json!(-5.0), json!("0")] {
        assert_eq!(members(&json!({"limit": limit})).limit, Some(0));
    }
    let read = identify(
        &json!({"properties": 5, "compress": 1, "large_threshold": "x", "capabilities": null}),
    );
    assert_eq!((read.properties.len(), read.compress, read.large_threshold), (0, false, None));
    for nothing in [json!(null), json!([]), json!({})] {
        assert!(identify(&json!({"presence": nothing})).presence.is_none());
    }
    assert!(matches!(decode(opcode::HEARTBEAT, &json!(-1)), Inbound::Heartbeat(None)));
    assert!(matches!(
        decode(opcode::QOS_HEARTBEAT, &json!({"seq": null, "qos": 5})),
        Inbound::Heartbeat(None)
    ));
    assert_eq!(resume(&json!(-1)).seq, 0);
    assert_eq!(resume(&json!(u64::MAX)).seq, u64::MAX);
}

#[test]
fn a_request_for_somebody_never_becomes_one_for_everybody() {
    let ids = |user_ids: Value| members(&json!({"user_ids": user_ids})).user_ids;
    assert_eq!(ids(json!(["abc", "5", null, [6], 7])), Some(vec![UserId::new(5), UserId::new(7)]));
    for nobody in [json!(["abc"]), json!("abc"), json!(true), json!({}), json!([])] {
        assert_eq!(ids(nobody.clone()), Some(Vec::new()), "{nobody}");
    }
    assert_eq!((ids(json!("")), ids(json!(null))), (None, None));
    for query in [json!(5), json!(["x"]), json!({})] {
        let payload = json!({"op": 8, "d": {"guild_id": "7", "query": query}}).to_string();
        assert_eq!(code(&payload), CloseCode::DecodeError);
    }
    for guild in [json!(null), json!("x"), json!(["7", "8"]), json!([]), json!({}), json!(0)] {
        let payload = json!({"op": 8, "d": {"guild_id": guild}}).to_string();
        assert_eq!(code(&payload), CloseCode::DecodeError, "{guild}");
    }
}

#[test]
fn nulls_and_empty_lists_of_subscriptions_are_absent() {
    let bulk = |data: &Value| subscriptions(opcode::GUILD_SUBSCRIPTIONS_BULK, data).guilds;
    for nothing in [json!({}), json!({"subscriptions": null}), json!({"subscriptions": []})] {
        assert!(bulk(&nothing).is_empty(), "{nothing}");
    }
    let silent = bulk(&json!({"subscriptions": {"7": null, "8": [], "x": {"typing": true}}}));
    assert_eq!(silent.len(), 2, "what is no guild is passed over");
    assert!(silent.values().all(|wish| wish.typing.is_none() && wish.channels.is_none()));
    let one = subscriptions(
        opcode::GUILD_SUBSCRIPTIONS,
        &json!({"guild_id": "7", "channels": [], "members": null}),
    );
    assert!(one.guilds[&GuildId::new(7)].channels.is_none());
    let wish = wish(&json!({
        "typing": "yes", "members": ["1", "x"],
        "channels": {"9": null, "10": [[0, 99], [1], ["x", 2], [-1, 5], 7, [0, 1, 2]], "x": []},
    }));
    assert_eq!((wish.typing, wish.members), (None, Some(vec![UserId::new(1)])));
    let channels = wish.channels.expect("one channel");
    let rows: Vec<_> = channels.iter().map(|(id, rows)| (id.value(), rows.as_slice())).collect();
    assert_eq!(rows, [(10, [[0, 99]].as_slice())]);
}

#[test]
fn shards_and_intents_that_cannot_be_have_codes_of_their_own() {
    for shard in [json!("x"), json!(5), json!([]), json!([0, 1, 2]), json!(["x", 1]), json!({})] {
        let shard = identify(&json!({"shard": shard})).shard.expect("a shard");
        assert_eq!(throng_proto::gateway::Shard::parse(&shard), None);
    }
    assert_eq!(identify(&json!({"intents": u64::MAX})).intents, Some(-1));
    assert_eq!(identify(&json!({"intents": -5})).intents, Some(-1));
    assert_eq!(code(r#"{"op":2,"d":{"token":"t","intents":"all"}}"#), CloseCode::DecodeError);
}

#[test]
fn requests_keep_their_bodies_as_they_are() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let payload =
        format!(r#"{{"op":100,"d":{{"id":7.0,"method":"POST","path":"/x","body":{deep}}}}}"#);
    let Ok(Inbound::Api(request)) = Inbound::decode(payload.as_bytes()) else {
        panic!("a request")
    };
    assert_eq!((request.id, request.body.map(|body| body.get().len())), (7, Some(deep.len())));
    for wrong in
        [r#"{"id":-1,"method":"GET","path":"/"}"#, r#"{"method":"GET","path":"/"}"#, "null"]
    {
        assert_eq!(code(&format!(r#"{{"op":100,"d":{wrong}}}"#)), CloseCode::DecodeError);
    }
}

#[test]
fn text_that_no_other_language_reads_is_refused() {
    for payload in [
        r#"{"op":3,"d":{"activities":[{"name":"\ud800"}]}}"#,
        r#"{"op":3,"d":{"activities":[{"name":"x","flags":1e999}]}}"#,
        "{\"op\":3,\"d\":{\"status\":\"\u{1}\"}}",
    ] {
        assert_eq!(code(payload), CloseCode::DecodeError, "{payload}");
    }
    let deep = format!(r#"{{"op":3,"d":{{"x":{}{}}}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert_eq!(code(&deep), CloseCode::DecodeError);
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
        "[0-9]{1,22}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9_]{1,4}", inner, 0..4)
                .prop_map(|keys| Value::Object(keys.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Any value at any key of any payload: typed, passed over, or a code, and never a panic.
    #[test]
    fn every_payload_is_read_or_refused_with_a_code(
        op in 0_u8..=101,
        key in prop::sample::select(&[
            "token", "session_id", "seq", "intents", "properties", "compress", "large_threshold",
            "shard", "presence", "capabilities", "guild_id", "query", "limit", "presences",
            "user_ids", "nonce", "typing", "members", "channels", "subscriptions", "since",
            "activities", "status", "afk", "game", "id", "method", "path", "body",
        ][..]),
        value in anything(),
        whole in prop::bool::weighted(0.1),
    ) {
        let mut data = json!({
            "token": "t", "session_id": "s", "guild_id": "7", "id": 1, "method": "GET", "path": "/",
        });
        data[key] = value.clone();
        let data = if whole { value } else { data };
        let payload = json!({"op": op, "d": data}).to_string();
        if let Err(error) = Inbound::decode(payload.as_bytes()) {
            let code = error.close_code();
            prop_assert!(matches!(code, CloseCode::DecodeError | CloseCode::UnknownOpcode));
        }
    }
}
