//! Versions of the protocol: what v9 does otherwise.

use serde_json::{Value, json};

use crate::world::{Account, Player, Setup, World};

/// GUILDS and GUILD_MESSAGES, without MESSAGE_CONTENT.
const INTENTS: u64 = 1 | 1 << 9;

/// Lets a client of a version in, and returns it with its READY.
async fn enter(world: &World, account: &Account, version: u8) -> (Player, Value) {
    let query = format!("v={version}&encoding=json");
    let link = world.dialer.dial(1 << 20, &query).unwrap();
    let mut player = Player::new(link, account.clone());
    assert_eq!(player.control().await["op"], 10);
    player.send(2, &json!({"token": account.token, "intents": INTENTS, "properties": {}}));
    let ready = player.expect("READY").await;
    player.session = ready["session_id"].as_str().unwrap().to_owned();
    player.expect("GUILD_CREATE").await;
    (player, ready)
}

async fn content(player: &mut Player) -> Value {
    player.expect("MESSAGE_CREATE").await["content"].clone()
}

#[tokio::test]
async fn content_needs_an_intent_from_v10_on() {
    let world = World::new().await;
    let [owner, one, two] = world.users().await;
    let hall = world.guild(&[&owner, &one, &two]).await;
    let (mut old, old_ready) = enter(&world, &one, 9).await;
    let (mut new, new_ready) = enter(&world, &two, 10).await;
    assert_eq!((&old_ready["v"], &new_ready["v"]), (&json!(9), &json!(10)));
    world.post(hall, &owner, "hello").await;
    assert_eq!((content(&mut old).await, content(&mut new).await), (json!("hello"), json!("")));
}

#[tokio::test]
async fn a_session_of_v9_keeps_its_content_on_a_link_of_v10_and_after_a_restart() {
    let world = World::new().await;
    let [owner, one] = world.users().await;
    let hall = world.guild(&[&owner, &one]).await;
    let (player, _) = enter(&world, &one, 9).await;
    let (session, account, sequence) = player.lose();
    world.post(hall, &owner, "missed").await;
    let mut player = world.resume(&session, &account, sequence).await;
    assert_eq!(content(&mut player).await, "missed");
    player.expect("RESUMED").await;
    let (session, account, sequence) = player.lose();
    let store = world.crash().await;
    let world = Setup { store, ..Setup::default() }.start().await;
    let mut player = world.resume(&session, &account, sequence).await;
    player.expect("RESUMED").await;
    world.post(hall, &owner, "after it").await;
    assert_eq!(content(&mut player).await, "after it");
}

#[tokio::test]
async fn no_version_brings_back_what_the_operator_disallows() {
    let mut setup = Setup::default();
    setup.config.gateway.intents_disallowed = 1 << 15;
    let world = setup.start().await;
    let [owner, one] = world.users().await;
    let hall = world.guild(&[&owner, &one]).await;
    let (mut player, _) = enter(&world, &one, 9).await;
    world.post(hall, &owner, "hello").await;
    assert_eq!(content(&mut player).await, "");
}
