//! Answers to requests for members.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_engine::attendance::{Attendance, SessionRef};
use throng_engine::chunk::{self, Rights, Whole};
use throng_engine::relay::Interest;
use throng_engine::roster::Roster;
use throng_proto::gateway::{Inbound, PresenceUpdate, RequestMembers};
use throng_proto::id::UserId;
use throng_proto::intents::Intents;
use throng_proto::model::{Member, Status};
use throng_proto::wire::Body;

use crate::scene::{self, GUILD};

const SESSION: SessionRef = SessionRef { worker: 0, slot: 0, generation: 0 };
const ALL: Rights = Rights { members: true, presences: true };

/// Reads a request as a client sends it.
fn request(data: &Value) -> RequestMembers {
    let payload = json!({"op": 8, "d": data}).to_string();
    match Inbound::decode(payload.as_bytes()) {
        Ok(Inbound::RequestMembers(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn answer(data: &Value, rights: Rights, members: &[Arc<Member>]) -> Vec<Value> {
    let mut attendance = Attendance::new(GUILD);
    let interest = Interest { intents: Intents::GUILDS, named: true };
    for (user, status) in [(1, Status::Online), (2, Status::Invisible)] {
        attendance.attach(SESSION, UserId::new(user), interest);
        let update = PresenceUpdate { status, ..PresenceUpdate::default() };
        attendance.show(SESSION, UserId::new(user), update);
    }
    attendance.end_window();
    attendance.tell(usize::MAX);
    let (request, roster) = (request(data), scene::roster(members));
    bodies(&request, rights, &mut attendance, &roster)
        .iter()
        .map(|body| {
            let payload = scene::payload(body);
            assert_eq!(payload["t"], "GUILD_MEMBERS_CHUNK");
            assert_eq!(payload["d"]["guild_id"], "100");
            payload["d"].clone()
        })
        .collect()
}

/// Answers as a guild and the job that it starts.
fn bodies(
    request: &RequestMembers,
    rights: Rights,
    attendance: &mut Attendance,
    roster: &Roster,
) -> Vec<Body> {
    if !chunk::is_full(request) || !rights.members {
        return vec![chunk::found(request, rights, attendance, roster)];
    }
    let mut whole = Whole::of(roster);
    let mut bodies = Vec::new();
    while let Some(mut part) = whole.begin() {
        while whole.fill(&mut part, roster) {}
        let users = part.users.iter().copied();
        let presences = rights.shows_presences(request).then(|| attendance.presences_of(users));
        bodies.push(part.encode(request, presences.as_deref()));
    }
    bodies
}

fn ids(chunk: &Value) -> Vec<String> {
    let members = chunk["members"].as_array().expect("members are an array").iter();
    members.map(|member| member["user"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_whole_list_comes_in_chunks_of_a_thousand() {
    for (size, sizes) in [
        (0, vec![0]),
        (1, vec![1]),
        (1_000, vec![1_000]),
        (1_001, vec![1_000, 1]),
        (2_500, vec![1_000, 1_000, 500]),
    ] {
        let members: Vec<_> = (1..=size).map(scene::member).collect();
        let whole = json!({"guild_id": "100", "query": "", "limit": 0, "nonce": "n"});
        let chunks = answer(&whole, ALL, &members);
        let found: Vec<usize> = chunks.iter().map(|chunk| ids(chunk).len()).collect();
        assert_eq!(found, sizes);
        for (index, chunk) in chunks.iter().enumerate() {
            assert_eq!(
                (&chunk["chunk_index"], &chunk["chunk_count"]),
                (&json!(index), &json!(sizes.len()))
            );
            assert_eq!((&chunk["nonce"], &chunk["not_found"]), (&json!("n"), &json!([])));
        }
        let all: Vec<_> = chunks.iter().flat_map(ids).collect();
        assert_eq!(all, (1..=size).map(|id| id.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn the_whole_list_needs_the_intent() {
    let members: Vec<_> = (1..=3).map(scene::member).collect();
    let rights = Rights { members: false, presences: true };
    let chunks = answer(&json!({"guild_id": "100", "query": "", "limit": 0}), rights, &members);
    assert_eq!((chunks.len(), ids(&chunks[0]).len()), (1, 0));
    let chunks =
        answer(&json!({"guild_id": "100", "query": "member2", "limit": 1}), rights, &members);
    assert_eq!(ids(&chunks[0]), ["2"], "a query does not");
    let chunks = answer(&json!({"guild_id": "100", "user_ids": ["3"]}), rights, &members);
    assert_eq!(ids(&chunks[0]), ["3"], "ids do not");
}

#[test]
fn only_the_whole_list_is_full() {
    let full = |data: Value| chunk::is_full(&request(&data));
    assert!(full(json!({"guild_id": "100", "query": "", "limit": 0})));
    assert!(full(json!({"guild_id": ["100"], "limit": null})));
    assert!(!full(json!({"guild_id": 100, "query": "a", "limit": 0})));
    assert!(!full(json!({"guild_id": "100", "query": "", "limit": 1})));
    assert!(!full(json!({"guild_id": "100", "query": "", "limit": 0, "user_ids": []})));
}

#[test]
fn ids_that_nobody_has_are_named() {
    let members: Vec<_> = (1..=3).map(scene::member).collect();
    let wanted = json!({"guild_id": 100, "query": "", "limit": 0, "user_ids": [3, 77, "1", 88]});
    let chunks = answer(&wanted, ALL, &members);
    assert_eq!(chunks.len(), 1);
    assert_eq!(ids(&chunks[0]), ["3", "1"]);
    assert_eq!(chunks[0]["not_found"], json!(["77", "88"]));
    let chunks = answer(&json!({"guild_id": "100", "user_ids": "2"}), ALL, &members);
    assert_eq!(ids(&chunks[0]), ["2"], "one id without an array");
    let chunks = answer(&json!({"guild_id": "100", "user_ids": []}), ALL, &members);
    assert_eq!((chunks.len(), ids(&chunks[0]).len()), (1, 0));
}

#[test]
fn no_more_than_a_hundred_are_found() {
    let members: Vec<_> = (1..=300).map(scene::member).collect();
    let many: Vec<u64> = (1..=300).collect();
    for data in [
        json!({"guild_id": "100", "user_ids": many}),
        json!({"guild_id": "100", "query": "member", "limit": 300}),
        json!({"guild_id": "100", "query": "member", "limit": 0}),
        json!({"guild_id": "100", "query": "", "limit": 100}),
        json!({"guild_id": "100", "query": "", "limit": 18_446_744_073_709_551_615_u64}),
    ] {
        assert_eq!(ids(&answer(&data, ALL, &members)[0]).len(), 100, "{data}");
    }
    let few = json!({"guild_id": "100", "query": "member", "limit": 7});
    assert_eq!(ids(&answer(&few, ALL, &members)[0]).len(), 7);
}

#[test]
fn a_query_is_a_prefix_of_any_name_without_regard_to_case() {
    let mut members: Vec<_> = (1..=3).map(scene::member).collect();
    Arc::make_mut(&mut members[0]).user.username = "Anna".to_owned();
    Arc::make_mut(&mut members[1]).profile.nick = Some("\u{c4}NNE".to_owned());
    Arc::make_mut(&mut members[2]).user.global_name = Some("ann B".to_owned());
    let found = |query: &str| {
        ids(&answer(&json!({"guild_id": "100", "query": query, "limit": 10}), ALL, &members)[0])
    };
    assert_eq!(found("aNN"), ["3", "1"], "`ann B` comes before `Anna`");
    assert_eq!(found("\u{e4}nn"), ["2"]);
    assert_eq!(found("ANN b"), ["3"]);
    assert_eq!(found("nna"), [] as [String; 0], "not in the middle");
    assert_eq!(found("member"), ["2", "3"]);
}

#[test]
fn a_nonce_of_more_than_32_bytes_is_ignored() {
    let nonce = |nonce: &str| {
        let data = json!({"guild_id": "100", "query": "", "limit": 0, "nonce": nonce});
        answer(&data, ALL, &[])[0].get("nonce").cloned()
    };
    assert_eq!(nonce(&"n".repeat(32)), Some(json!("n".repeat(32))));
    assert_eq!(nonce(&"n".repeat(33)), None);
    assert_eq!(nonce(&"\u{e4}".repeat(17)), None, "34 bytes");
    assert_eq!(nonce("\"\\"), Some(json!("\"\\")));
    assert_eq!(answer(&json!({"guild_id": "100"}), ALL, &[])[0].get("nonce"), None);
}

#[test]
fn presences_come_when_asked_for_and_allowed() {
    let members: Vec<_> = (1..=3).map(scene::member).collect();
    let ask = |presences: Value, rights| {
        let data = json!({"guild_id": "100", "query": "", "limit": 0, "presences": presences});
        answer(&data, rights, &members)[0].get("presences").cloned()
    };
    let presences = ask(json!(true), ALL).expect("allowed");
    let presences = presences.as_array().expect("an array");
    assert_eq!(presences.len(), 1, "only who is online and visible");
    assert_eq!(presences[0]["user"]["id"], "1");
    assert_eq!(ask(json!(true), Rights { presences: false, ..ALL }), None);
    assert_eq!(ask(json!(false), ALL), None);
    assert_eq!(ask(json!(null), ALL), None);
}

/// What some library indexes without a default.
#[test]
fn chunks_have_every_key_that_clients_need() {
    let members = [scene::member(1)];
    let data = json!({"guild_id": "100", "query": "", "limit": 0, "nonce": "n"});
    let chunk = answer(&data, ALL, &members).remove(0);
    for key in ["chunk_count", "chunk_index", "guild_id", "members", "nonce", "not_found"] {
        assert!(chunk.get(key).is_some(), "{key}");
    }
    let member = &chunk["members"][0];
    for key in ["deaf", "flags", "joined_at", "mute", "roles", "user"] {
        assert!(member.get(key).is_some(), "members.{key}");
    }
    for key in ["avatar", "discriminator", "id", "username"] {
        assert!(member["user"].get(key).is_some(), "members.user.{key}");
    }
}

/// What a request may find is what it costs, and as much for each.
#[test]
fn a_request_costs_as_much_as_it_may_find() {
    for (data, cost) in [
        (json!({"guild_id": "100", "user_ids": ["1", "2", "3"]}), 13),
        (json!({"guild_id": "100", "user_ids": []}), 10),
        (json!({"guild_id": "100", "query": "a", "limit": 5}), 15),
        (json!({"guild_id": "100", "query": "a", "limit": 0}), 110),
        (json!({"guild_id": "100", "query": "a", "limit": 1_000}), 110),
        (json!({"guild_id": "100", "query": "", "limit": 0}), 110),
    ] {
        assert_eq!(chunk::sought(&request(&data)), cost, "{data}");
    }
}
