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
    let world = world(1_500).await;
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
    let world = world(1_000).await;
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
