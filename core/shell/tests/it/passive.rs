//! Sessions that nobody looks at: mentions, structure and digests.

use serde_json::{Value, json};
use throng_proto::command::{ChannelPatch, Command};

use crate::world::{Account, Hall, Player, Setup, World, identify};

const V1: u64 = 1 << 11;
const V2: u64 = 1 << 14;

async fn world(digest_interval_ms: u64) -> World {
    let mut setup = Setup::default();
    setup.config.passive.digest_interval_ms = digest_interval_ms;
    setup.start().await
}

async fn join_passive(world: &World, account: &Account, capabilities: u64) -> Player {
    let mut said = identify(account);
    said["capabilities"] = json!(capabilities);
    world.join_as(account, said).await
}

/// Changes the channel's topic, which every mode hears of.
async fn topic(world: &World, hall: Hall, owner: &Account, topic: &str) {
    let patch = ChannelPatch { topic: Some(Some(topic.to_owned())), ..ChannelPatch::default() };
    world.command(hall.id, owner, Command::ChannelPatch(hall.channel, patch)).await.unwrap();
}

fn last(digest: &Value, key: &str) -> String {
    let channels = digest[key].as_array().unwrap();
    assert_eq!(channels.len(), 1, "{digest}");
    channels[0]["last_message_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_passive_session_gets_mentions_and_structure_but_no_other_message() {
    let world = world(3_600_000).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let give = Command::MemberRoleAdd(reader.id(), hall.role);
    world.command(hall.id, &owner, give).await.unwrap();
    let mut player = join_passive(&world, &reader, V2).await;
    let mentions =
        [format!("<@{}>", reader.id()), format!("<@&{}>", hall.role), "@everyone".to_owned()];
    for mention in &mentions {
        world.post(hall, &owner, "unheard").await;
        world.command(hall.id, &owner, Command::Typing(hall.channel)).await.unwrap();
        world.post(hall, &owner, mention).await;
        player.expect_message(mention).await;
    }
    world.post(hall, &owner, &format!("<@{}>", owner.id())).await;
    topic(&world, hall, &owner, "heard").await;
    assert_eq!(player.expect("CHANNEL_UPDATE").await["topic"], "heard");
}

#[tokio::test]
async fn who_is_invisible_is_not_here() {
    let world = world(3_600_000).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut said = identify(&reader);
    said["capabilities"] = json!(V2);
    said["presence"] =
        json!({"status": "invisible", "since": null, "activities": [], "afk": false});
    let mut player = world.join_as(&reader, said).await;
    world.post(hall, &owner, "@here").await;
    world.post(hall, &owner, "@everyone").await;
    player.expect_message("@everyone").await;
    let shown = json!({"status": "online", "since": null, "activities": [], "afk": false});
    player.send(3, &shown);
    player.beat().await;
    world.post(hall, &owner, "@here").await;
    player.expect_message("@here").await;
}

#[tokio::test]
async fn a_passive_session_gets_one_digest_for_many_messages_and_none_for_none() {
    let world = world(50).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = join_passive(&world, &reader, V2).await;
    for round in 0..3 {
        let mut newest = String::new();
        for _ in 0..20 {
            let reply = world.posting(hall, &owner, &round.to_string()).await.unwrap();
            let message: Value = serde_json::from_str(&reply.into_text().unwrap()).unwrap();
            newest = message["id"].as_str().unwrap().to_owned();
        }
        let mut digests = 0;
        loop {
            let digest = player.expect("PASSIVE_UPDATE_V2").await;
            digests += 1;
            assert_eq!(digest["guild_id"], hall.id.to_string());
            if last(&digest, "updated_channels") == newest {
                break;
            }
        }
        assert!(digests <= 20, "{digests} digests");
        topic(&world, hall, &owner, &round.to_string()).await;
        player.expect("CHANNEL_UPDATE").await;
    }
}

#[tokio::test]
async fn a_subscription_brings_the_digest_at_once_and_then_every_message() {
    let world = world(3_600_000).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = join_passive(&world, &reader, V2).await;
    world.post(hall, &owner, "unheard").await;
    topic(&world, hall, &owner, "behind it").await;
    player.expect("CHANNEL_UPDATE").await;
    let guild = hall.id.to_string();
    player.send(37, &json!({"subscriptions": {&guild: {"typing": true}}}));
    last(&player.expect("PASSIVE_UPDATE_V2").await, "updated_channels");
    world.post(hall, &owner, "heard").await;
    player.expect_message("heard").await;
    player.send(37, &json!({"subscriptions": {&guild: {"typing": false}}}));
    player.beat().await;
    world.post(hall, &owner, "unheard again").await;
    topic(&world, hall, &owner, "at last").await;
    assert_eq!(player.expect("CHANNEL_UPDATE").await["topic"], "at last");
}

#[tokio::test]
async fn being_away_silences_no_session_that_cannot_live_on_digests() {
    let world = world(50).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let away = json!({"since": 1, "activities": [], "status": "idle", "afk": true});
    let mut said = identify(&reader);
    said["presence"] = away.clone();
    let mut player = world.join_as(&reader, said).await;
    world.post(hall, &owner, "heard").await;
    player.expect_message("heard").await;
    player.send(3, &away);
    player.beat().await;
    world.post(hall, &owner, "heard again").await;
    player.expect_message("heard again").await;
}

#[tokio::test]
async fn an_older_passive_client_gets_the_first_kind_of_digest() {
    let world = world(50).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = join_passive(&world, &reader, V1).await;
    world.post(hall, &owner, "unheard").await;
    last(&player.expect("PASSIVE_UPDATE_V1").await, "channels");
}
