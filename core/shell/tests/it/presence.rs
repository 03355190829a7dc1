//! Presences: gathered in a window, and told to who is entitled to them.

use serde_json::{Value, json};
use throng_proto::command::Command;

use crate::world::{Account, Hall, Player, Setup, World};

/// GUILDS, GUILD_PRESENCES, GUILD_MESSAGES.
const LISTENING: u64 = 1 | 1 << 8 | 1 << 9;

async fn world(window_ms: u64) -> World {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = window_ms;
    setup.start().await
}

/// Starts a node with a window in which a few things can be done, as busy as the machine is.
async fn unhurried() -> World {
    let before = std::time::Instant::now();
    let other = world(20).await;
    let [owner, anna] = other.users().await;
    other.guild(&[&owner, &anna]).await;
    other.join(&owner).await;
    other.join(&anna).await;
    drop(other);
    let pace = u64::try_from(before.elapsed().as_millis()).unwrap();
    world((8 * pace).clamp(200, 10_000)).await
}

async fn listen(world: &World, account: &Account) -> Player {
    let said = json!({"token": account.token, "intents": LISTENING, "properties": {}});
    world.join_as(account, said).await
}

fn show(player: &Player, status: &str) {
    player.send(3, &json!({"since": 0, "activities": [], "status": status, "afk": false}));
}

async fn told(player: &mut Player) -> (String, Value) {
    let presence = player.expect("PRESENCE_UPDATE").await;
    (presence["user"]["id"].as_str().unwrap().to_owned(), presence["status"].clone())
}

/// Lets everything before it be told: a message that follows it comes after.
async fn mark(world: &World, hall: Hall, by: &Account) {
    world.post(hall, by, "mark").await;
}

#[tokio::test]
async fn many_changes_in_a_window_are_told_as_the_last_one() {
    let world = unhurried().await;
    let [owner, anna] = world.users().await;
    world.guild(&[&owner, &anna]).await;
    let mut player = listen(&world, &owner).await;
    let other = world.join(&anna).await;
    for status in ["idle", "online", "dnd", "invisible", "idle"] {
        show(&other, status);
    }
    assert_eq!(told(&mut player).await, (anna.id().to_string(), json!("idle")));
    world.metric_becomes("throng_presences_coalesced_total", |count| count >= 4).await;
    show(&other, "dnd");
    assert_eq!(told(&mut player).await, (anna.id().to_string(), json!("dnd")));
}

#[tokio::test]
async fn a_client_that_begins_anew_within_the_window_was_never_away() {
    let world = unhurried().await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = listen(&world, &owner).await;
    let other = world.join(&anna).await;
    assert_eq!(told(&mut player).await.1, "online");
    other.link.close(Some(1000));
    let other = world.join(&anna).await;
    show(&other, "idle");
    // Only the last state is news.
    assert_eq!(told(&mut player).await.1, "idle");
    mark(&world, hall, &owner).await;
    player.expect_message("mark").await;
}

#[tokio::test]
async fn an_invisible_session_does_not_hide_another_of_its_user() {
    let world = world(20).await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = listen(&world, &owner).await;
    let first = world.join(&anna).await;
    assert_eq!(told(&mut player).await.1, "online");
    let second = world.join(&anna).await;
    show(&second, "invisible");
    show(&first, "dnd");
    assert_eq!(told(&mut player).await.1, "dnd");
    first.link.close(Some(1000));
    assert_eq!(told(&mut player).await.1, "offline");
    show(&second, "idle");
    assert_eq!(told(&mut player).await.1, "idle");
    mark(&world, hall, &owner).await;
    player.expect_message("mark").await;
}

/// L2: a user's own client hears of members that it names or sees in a list, once, and of nobody
/// else; who named its intents hears what they are for.
#[tokio::test]
async fn presences_reach_who_watches_the_member_or_sees_it_in_a_list() {
    let world = world(20).await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut blind = world.join_own(&owner).await;
    let mut seeing = world.join_own(&owner).await;
    let mut both = world.join_own(&owner).await;
    both.send(14, &json!({"guild_id": hall.id, "members": [anna.id()]}));
    seeing.watched(hall).await;
    both.watched(hall).await;
    let other = world.join(&anna).await;
    for player in [&mut seeing, &mut both] {
        let presence = player.until("PRESENCE_UPDATE").await;
        assert_eq!(presence["user"]["id"], anna.id().to_string());
    }
    world.command(hall.id, &owner, Command::MemberDelete(anna.id())).await.unwrap();
    drop(other);
    mark(&world, hall, &owner).await;
    for player in [&mut blind, &mut seeing, &mut both] {
        loop {
            let payload = player.next().await.expect("the link should not end");
            assert_ne!(payload["t"], "PRESENCE_UPDATE", "{payload}");
            if payload["t"] == "MESSAGE_CREATE" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_session_finds_its_own_presence_in_the_crowd_before_others_are_told() {
    let world = world(60_000).await;
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.dial(&owner).await;
    let said = json!({"token": owner.token, "intents": LISTENING, "properties": {},
        "presence": {"since": 0, "activities": [], "status": "dnd", "afk": false}});
    player.send(2, &said);
    player.expect("READY").await;
    let guild = player.expect("GUILD_CREATE").await;
    assert_eq!(guild["presences"][0]["status"], "dnd", "{guild}");
    assert_eq!(guild["presences"].as_array().unwrap().len(), 1);
}

/// Tells what a session does.
fn play(player: &Player, activities: &Value) {
    player.send(3, &json!({"since": 0, "activities": activities, "status": "idle", "afk": false}));
}

#[tokio::test]
async fn activities_are_told_with_what_the_server_adds_and_once() {
    let world = world(20).await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner, &anna]).await;
    let mut player = listen(&world, &owner).await;
    let other = world.join(&anna).await;
    assert_eq!(told(&mut player).await.1, "online");
    let chess = json!([null, 5, {"type": 0}, {"name": "Chess", "type": 0, "foreign": [[]]}]);
    play(&other, &chess);
    let first = player.expect("PRESENCE_UPDATE").await["activities"].clone();
    assert_eq!(first.as_array().map(Vec::len), Some(1), "{first}");
    assert!(first[0]["created_at"].as_u64().is_some_and(|time| time > 0), "{first}");
    assert!(first[0]["id"].is_string() && first[0].get("foreign").is_none(), "{first}");
    // The same again is no news, and is no younger than it was.
    play(&other, &chess);
    play(&other, &json!([{"name": "Chess"}, {"name": "Go"}]));
    let second = player.expect("PRESENCE_UPDATE").await["activities"].clone();
    assert_eq!((&second[0], &second[1]["name"]), (&first[0], &json!("Go")));
    mark(&world, hall, &owner).await;
    player.expect_message("mark").await;
}

#[tokio::test]
async fn a_presence_over_its_limits_is_cut_and_counted() {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 20;
    setup.config.presence.activities_max = 3;
    setup.config.presence.bytes_max = 400;
    let world = setup.start().await;
    let [owner, anna] = world.users().await;
    world.guild(&[&owner, &anna]).await;
    let mut player = listen(&world, &owner).await;
    let other = world.join(&anna).await;
    assert_eq!(told(&mut player).await.1, "online");
    let mut shown = async |activities: &Value| {
        play(&other, activities);
        let presence = player.expect("PRESENCE_UPDATE").await;
        assert!(presence["activities"].to_string().len() <= 400 + 8, "{presence}");
        presence["activities"].as_array().map(Vec::len)
    };
    let many: Vec<_> = (0..300).map(|n| json!({"name": n.to_string()})).collect();
    assert_eq!(shown(&json!(many)).await, Some(3));
    let long = "x".repeat(14_000);
    assert_eq!(shown(&json!([{"name": long}, {"name": long, "state": long}])).await, Some(1));
    let refusals = "throng_refusals_total{limit=\"presence_bytes_max\"}";
    world.metric_becomes(refusals, |count| count == 2).await;
}

#[tokio::test]
async fn what_a_session_does_is_shown_where_it_comes_later_and_after_a_restart() {
    let world = world(20).await;
    let [owner, anna] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let other = world.guild(&[&anna]).await;
    let mut said = json!({"token": anna.token, "intents": LISTENING, "properties": {}});
    said["presence"] = json!({"status": "dnd", "game": {"name": "Chess", "type": 0}, "since": 0});
    let mut player = world.dial(&anna).await;
    player.send(2, &said);
    player.session = player.expect("READY").await["session_id"].as_str().unwrap().to_owned();
    let own = player.expect("GUILD_CREATE").await;
    assert_eq!(own["presences"][0]["activities"][0]["name"], "Chess", "{own}");
    let mut listener = listen(&world, &owner).await;
    world.add(hall, &anna).await;
    let seen = listener.until("PRESENCE_UPDATE").await;
    assert_eq!(seen["activities"][0]["name"], "Chess", "{seen}");
    player.until("GUILD_CREATE").await;
    world.post(other, &anna, "mark").await;
    player.until("MESSAGE_CREATE").await;
    drop((listener, player));
    let world = Setup { store: world.crash().await, ..Setup::default() }.start().await;
    let guild = crowd(&world, &owner, anna.id().to_string()).await;
    assert_eq!(guild["activities"], seen["activities"]);
}

/// Returns what a new session of `account` is shown of somebody who is there since before.
async fn crowd(world: &World, account: &Account, user: String) -> Value {
    let mut player = world.dial(account).await;
    let said = json!({"token": account.token, "intents": LISTENING, "properties": {}});
    player.send(2, &said);
    player.expect("READY").await;
    let guild = player.expect("GUILD_CREATE").await;
    let presences = guild["presences"].as_array().unwrap();
    presences.iter().find(|presence| presence["user"]["id"] == user).cloned().unwrap()
}
