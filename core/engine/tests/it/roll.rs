//! Member lists: what viewers are told, against lists that are made anew each time.

mod client;
mod hall;
mod history;

use serde_json::{Value, json};
use throng_engine::attendance::Shown;
use throng_engine::roll::{ListId, Roll, Wish, murmur3};
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::{Profile, Status};

use self::client::{Client, deliver};
use self::hall::Hall;
use crate::scene::{self, ALICE, BOB, GUILD, JOINED, OPEN, OWNER, RED, SECRET};

/// What a session wants of one channel.
fn wish(channel: ChannelId, ranges: &[[u32; 2]]) -> Vec<Wish> {
    vec![Wish::read(channel, ranges, 3)]
}

fn showing(status: Status) -> Shown {
    Shown::of(PresenceUpdate { status, ..PresenceUpdate::default() })
}

/// A hall with a viewer of its first hundred rows.
fn watched(online: u64) -> (Hall, Client) {
    let mut hall = Hall::new(scene::shape(), false);
    for number in 1..=online {
        hall.put(scene::member(number), Status::Online);
    }
    let mut client = Client::new(OWNER);
    hall.watch(&mut client, wish(OPEN, &[[0, 99]]));
    (hall, client)
}

fn ops(update: &Value) -> Vec<(String, u64)> {
    let ops = update["ops"].as_array().unwrap().iter();
    ops.map(|op| {
        let index = op["index"].as_u64().or_else(|| op["range"][0].as_u64());
        (op["op"].as_str().unwrap().to_owned(), index.unwrap())
    })
    .collect()
}

fn named(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter().map(|(op, index)| ((*op).to_owned(), *index)).collect()
}

/// Vectors that clients of Discord compute as well.
#[test]
fn a_list_is_named_by_the_hash_of_who_may_view() {
    assert_eq!(murmur3(b"deny:41771983423143937"), 3_744_388_739);
    assert_eq!(murmur3(b"allow:1,deny:2"), 172_257_501);
    assert_eq!(murmur3(b""), 0);
    let shape = scene::shape();
    let id = |channel: ChannelId| ListId::of(&shape, &shape.channels[&channel]).to_string();
    assert_eq!(id(OPEN), "everyone");
    assert_eq!(id(SECRET), murmur3(b"allow:200,deny:100").to_string());
}

/// The shape of GUILD_MEMBER_LIST_UPDATE as clients of users read it.
#[test]
fn a_subscription_brings_the_whole_block() {
    let mut hall = Hall::new(scene::shape(), false);
    hall.put(scene::member(1), Status::Online);
    hall.put(scene::member(2), Status::Offline);
    let mut client = Client::new(OWNER);
    let update = hall.watch(&mut client, wish(OPEN, &[[0, 99]])).remove(0);
    let member = |number: u64, status: &str| {
        let mut member = json!(*scene::member(number));
        let web = if status == "offline" { json!({}) } else { json!({"web": status}) };
        member["presence"] = json!({"user": {"id": number.to_string()}, "guild_id": "100",
            "status": status, "activities": [], "client_status": web});
        json!({"member": member})
    };
    let groups = json!([{"id": "online", "count": 1}, {"id": "offline", "count": 1}]);
    let items = [
        json!({"group": {"id": "online", "count": 1}}),
        member(1, "online"),
        json!({"group": {"id": "offline", "count": 1}}),
        member(2, "offline"),
    ];
    assert_eq!(
        update,
        json!({"guild_id": GUILD, "id": "everyone", "member_count": 2, "online_count": 1,
            "groups": groups, "ops": [{"op": "SYNC", "range": [0, 99], "items": items}]})
    );
}

#[test]
fn members_stand_by_role_then_by_the_name_that_is_shown() {
    let mut shape = scene::shape();
    let mut red = (*shape.roles[&RED]).clone();
    red.hoist = true;
    shape.roles.insert(RED, red.into());
    let mut hall = Hall::new(shape, false);
    let member = |number: u64, nick: Option<&str>, roles| {
        let mut member = (*scene::member(number)).clone();
        member.profile = Profile::new(JOINED, roles);
        member.profile.nick = nick.map(str::to_owned);
        member
    };
    hall.put(member(1, Some("zoe"), vec![]).into(), Status::Online);
    hall.put(member(2, Some("Anna"), vec![]).into(), Status::Idle);
    hall.put(member(3, Some("bert"), vec![RED]).into(), Status::Dnd);
    hall.put(member(4, Some("anna"), vec![RED]).into(), Status::Offline);
    hall.put(member(5, None, vec![]).into(), Status::Online);
    hall.put(member(6, Some("anna"), vec![]).into(), Status::Online);
    let mut client = Client::new(OWNER);
    hall.watch(&mut client, wish(OPEN, &[[0, 99]]));
    let rows = ["@200", "3", "@online", "2", "6", "5", "1", "@offline", "4"];
    assert_eq!(client.rows("everyone"), rows);
}

/// A move is one event with what goes and what comes; what is pushed out and in is part of it.
#[test]
fn changes_are_told_as_the_least_that_keeps_the_rows_right() {
    let (mut hall, mut client) = watched(150);
    let mut step = |hall: &mut Hall, number: u64, status| {
        hall.put(scene::member(number), status);
        let mut updates = deliver(&mut client, hall.flush());
        assert_eq!(updates.len(), 1, "{updates:?}");
        hall.check(&client);
        ops(&updates.remove(0))
    };
    // By name: member1, member10, member100 …; the heading is row 0.
    assert_eq!(step(&mut hall, 10, Status::Idle), named(&[("UPDATE", 2)]));
    assert_eq!(
        step(&mut hall, 10, Status::Offline),
        named(&[("DELETE", 2), ("INSERT", 99)]),
        "the block is full again"
    );
    assert_eq!(
        step(&mut hall, 10, Status::Online),
        named(&[("DELETE", 99), ("INSERT", 2)]),
        "the block has no more than its rows"
    );
    assert!(hall.flush().is_empty(), "nothing is new");
    hall.put(scene::member(99), Status::Idle);
    assert!(hall.flush().is_empty(), "member99 is the last of all");
}

#[test]
fn a_move_between_groups_is_one_event() {
    let (mut hall, mut client) = watched(3);
    hall.put(scene::member(2), Status::Offline);
    let update = deliver(&mut client, hall.flush()).remove(0);
    assert_eq!(ops(&update), named(&[("DELETE", 2), ("INSERT", 3), ("INSERT", 4)]));
    assert_eq!(client.rows("everyone"), ["@online", "1", "3", "@offline", "2"]);
    let groups = json!([{"id": "online", "count": 2}, {"id": "offline", "count": 1}]);
    assert_eq!(update["groups"], groups);
    assert_eq!((&update["member_count"], &update["online_count"]), (&json!(3), &json!(2)));
}

#[test]
fn many_changes_at_once_send_the_block_again() {
    let (mut hall, mut client) = watched(200);
    for number in 1..=200 {
        hall.put(scene::member(number), Status::Idle);
    }
    let update = deliver(&mut client, hall.flush()).remove(0);
    assert_eq!(ops(&update), named(&[("SYNC", 0)]));
    hall.check(&client);
}

/// Nobody is told of rows that it does not watch, and those with the same rows share the bytes.
#[test]
fn viewers_of_the_same_blocks_share_one_update_and_others_get_none() {
    let (mut hall, mut first) = watched(250);
    let (mut second, mut third) = (Client::new(ALICE), Client::new(BOB));
    hall.watch(&mut second, wish(OPEN, &[[0, 99]]));
    hall.watch(&mut third, wish(OPEN, &[[200, 299]]));
    hall.put(scene::member(99), Status::Idle);
    let outputs = hall.flush();
    assert_eq!(outputs.len(), 1, "{outputs:?}");
    assert_eq!(deliver(&mut first, outputs.clone()).len(), 0);
    assert_eq!(deliver(&mut second, outputs.clone()).len(), 0);
    assert_eq!(ops(&deliver(&mut third, outputs)[0]), named(&[("UPDATE", 250)]));
}

#[test]
fn large_guilds_leave_out_who_is_offline() {
    let mut hall = Hall::new(scene::shape(), true);
    hall.put(scene::member(1), Status::Online);
    hall.put(scene::member(2), Status::Offline);
    let mut client = Client::new(OWNER);
    hall.watch(&mut client, wish(OPEN, &[[0, 99]]));
    assert_eq!(client.rows("everyone"), ["@online", "1"]);
}

#[test]
fn a_guild_that_becomes_large_drops_who_is_offline() {
    let (mut hall, mut client) = watched(3);
    hall.put(scene::member(2), Status::Offline);
    deliver(&mut client, hall.flush());
    hall.enlarge();
    deliver(&mut client, hall.flush());
    assert_eq!(client.rows("everyone"), ["@online", "1", "3"]);
}

/// M2: a hidden channel is answered like one that does not exist, and gives nothing away.
#[test]
fn channels_that_are_hidden_or_unknown_are_refused_alike() {
    let (mut hall, _) = watched(3);
    let mut client = Client::new(ALICE);
    let update = hall.watch(&mut client, wish(SECRET, &[[0, 99]])).remove(0);
    let refusal = |channel: &str| {
        json!({"guild_id": GUILD, "id": channel, "member_count": 3, "online_count": 3,
            "groups": [], "ops": [{"op": "INVALIDATE", "range": [0, 99]}]})
    };
    assert_eq!(update, refusal("301"));
    let update = hall.watch(&mut client, wish(ChannelId::new(999), &[[0, 99]])).remove(0);
    assert_eq!(update, refusal("999"));
}

/// M2: losing the sight of a channel ends its list at once, and having it again brings it back.
#[test]
fn a_list_goes_with_the_permission_and_comes_back() {
    let mut hall = Hall::new(scene::shape(), false);
    let red = |roles| {
        let mut member = (*scene::member(2)).clone();
        member.profile = Profile::new(JOINED, roles);
        std::sync::Arc::new(member)
    };
    hall.put(scene::member(1), Status::Online);
    hall.put(red(vec![RED]), Status::Online);
    hall.put(scene::member(3), Status::Online);
    let mut client = Client::new(ALICE);
    hall.watch(&mut client, wish(SECRET, &[[0, 99]]));
    let id = murmur3(b"allow:200,deny:100").to_string();
    assert_eq!(client.rows(&id), ["@online", "1", "2"], "the owner and who has the role");
    hall.put(red(vec![]), Status::Online);
    let update = deliver(&mut client, hall.flush()).remove(0);
    assert_eq!(ops(&update), named(&[("INVALIDATE", 0)]));
    assert_eq!(update["groups"], json!([]), "nothing is given away");
    hall.put(red(vec![RED]), Status::Online);
    deliver(&mut client, hall.flush());
    assert_eq!(client.rows(&id), ["@online", "1", "2"]);
}

#[test]
fn channels_with_the_same_viewers_share_a_list() {
    let mut shape = scene::shape();
    let mut twin = (*shape.channels[&SECRET]).clone();
    twin.id = ChannelId::new(302);
    shape.channels.insert(twin.id, twin.into());
    let mut hall = Hall::new(shape, false);
    hall.put(scene::member(1), Status::Online);
    let mut client = Client::new(OWNER);
    let mut wishes = wish(SECRET, &[[0, 99]]);
    wishes.extend(wish(ChannelId::new(302), &[[100, 199]]));
    let updates = hall.watch(&mut client, wishes);
    assert_eq!(updates.len(), 1);
    assert_eq!(ops(&updates[0]), named(&[("SYNC", 0), ("SYNC", 100)]));
    let update = hall.watch(&mut client, wish(SECRET, &[[0, 99]])).remove(0);
    assert_eq!(ops(&update), named(&[("INVALIDATE", 100), ("SYNC", 0)]));
}

#[test]
fn lists_are_kept_only_while_somebody_watches() {
    let (mut hall, mut client) = watched(3);
    assert_eq!((hall.roll.lists(), hall.roll.viewers()), (1, 1));
    let update = hall.watch(&mut client, Vec::new()).remove(0);
    assert_eq!(ops(&update), named(&[("INVALIDATE", 0)]));
    assert_eq!(hall.roll.lists(), 0);
    hall.watch(&mut client, wish(OPEN, &[[0, 99]]));
    hall.roll.leave(client.user);
    hall.flush();
    assert_eq!((hall.roll.lists(), hall.roll.viewers()), (0, 0));
}

#[test]
fn who_watches_nothing_any_more_is_forgotten() {
    let (mut hall, mut first) = watched(3);
    let mut second = Client::new(ALICE);
    hall.watch(&mut second, wish(OPEN, &[[0, 99]]));
    assert_eq!(hall.roll.viewers(), 2);
    hall.watch(&mut first, Vec::new());
    assert_eq!((hall.roll.lists(), hall.roll.viewers()), (1, 1));
}

/// Presences reach those who see the member in a block, and tell which block that is.
#[test]
fn presences_name_the_blocks_in_which_the_member_is_seen() {
    use throng_engine::roll::Output;
    use throng_proto::wire::Body;
    let (mut hall, _client) = watched(150);
    let mut put = |number: u64| {
        let body = Body::dispatch("PRESENCE_UPDATE", "{}");
        hall.roll.put(scene::member(number), showing(Status::Idle), Some(body));
        hall.roll.flush().into_iter().find_map(|output| match output {
            Output::Presence { user, seen, .. } => Some((user, seen)),
            _ => None,
        })
    };
    assert_eq!(put(10), Some((UserId::new(10), vec![(ListId::Everyone, 0)])));
    assert_eq!(put(99), None, "nobody watches the second block");
}

#[test]
fn ranges_are_read_as_the_blocks_that_they_touch() {
    let read = |ranges: &[[u32; 2]]| {
        let wish = Wish::read(OPEN, ranges, 3);
        (wish.blocks, wish.refused)
    };
    assert_eq!(read(&[[0, 99], [100, 199]]), (vec![0, 1], vec![]));
    assert_eq!(read(&[[0, 99], [50, 149], [0, 99]]), (vec![0, 1], vec![]), "overlapping");
    assert_eq!(read(&[[10, 20]]), (vec![0], vec![]), "narrow");
    assert_eq!(read(&[[99, 0], [300, 399]]), (vec![3], vec![[99, 0]]), "backwards");
    assert_eq!(read(&[[0, 499]]), (vec![0, 1, 2], vec![[300, 499]]), "too many");
    assert_eq!(read(&[[0, u32::MAX]]), (vec![0, 1, 2], vec![[300, u32::MAX]]), "endless");
    let last = u32::MAX / 100;
    assert_eq!(read(&[[u32::MAX, u32::MAX]]), (vec![last], vec![]), "the end of numbers");
}

#[test]
fn a_block_at_the_end_of_numbers_is_empty() {
    let (mut hall, mut client) = watched(3);
    let update = hall.watch(&mut client, wish(OPEN, &[[u32::MAX, u32::MAX]])).remove(0);
    assert_eq!(update["ops"][1]["items"], json!([]));
    let _: &Roll<UserId> = &hall.roll;
}
