//! What a node does without when there is too much to do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use throng_engine::policy::{Relief, Shed};
use throng_ports::hub::{Operations as _, Provisions as _};
use throng_proto::command::Command;
use throng_proto::model::{Member, Profile};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use crate::world::{Account, Hall, Player, Setup, Switch, Verdicts, World, identify};

/// A node on which every guild is large, and whose digests come when they are asked for.
async fn world(digest_interval_ms: u64) -> World {
    let mut setup = Setup::default();
    setup.config.passive.digest_interval_ms = digest_interval_ms;
    setup.config.overload.degrade_attachments_min = 1;
    // What this machine does besides is nothing to the story.
    setup.config.overload.looks_up = u32::MAX;
    setup.start().await
}

/// Posts a message and returns its id.
async fn post(world: &World, hall: Hall, by: &Account, content: &str) -> String {
    let reply = world.posting(hall, by, content).await.unwrap();
    let message: Value = serde_json::from_str(&reply.into_text().unwrap()).unwrap();
    message["id"].as_str().unwrap().to_owned()
}

async fn unread(player: &mut Player) -> String {
    let told = player.expect("CHANNEL_UNREAD_UPDATE").await;
    let channels = told["channel_unread_updates"].as_array().unwrap();
    channels[0]["last_message_id"].as_str().unwrap().to_owned()
}

/// A guild whose node cannot keep up goes on: everybody gets digests and mentions, and afterwards
/// what they missed, once, and then messages again.
#[tokio::test]
async fn a_guild_degrades_to_digests_for_everybody_and_comes_back() {
    let world = world(3_600_000).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    for _ in 0..2 {
        world.node.drill(Some(100));
        world.metric_becomes("throng_guilds_degraded", |guilds| guilds == 1).await;
        post(&world, hall, &owner, "unheard").await;
        let mention = format!("<@{}>", reader.id());
        post(&world, hall, &owner, &mention).await;
        player.expect_message(&mention).await;
        let last = post(&world, hall, &owner, "unheard, too").await;
        world.node.drill(None);
        world.metric_becomes("throng_guilds_degraded", |guilds| guilds == 0).await;
        assert_eq!(unread(&mut player).await, last);
        post(&world, hall, &owner, "heard").await;
        player.expect_message("heard").await;
    }
    player.beat().await;
    assert_eq!(player.link.try_recv(), None);
}

/// While a guild is degraded its digests come, slower than usual.
#[tokio::test]
async fn a_degraded_guild_sends_digests() {
    let world = world(10).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.node.drill(Some(100));
    world.metric_becomes("throng_guilds_degraded", |guilds| guilds == 1).await;
    for _ in 0..3 {
        let last = post(&world, hall, &owner, "unheard").await;
        assert_eq!(unread(&mut player).await, last);
    }
}

/// Small guilds cost little and keep their streams.
#[tokio::test]
async fn a_small_guild_keeps_its_stream() {
    let mut setup = Setup::default();
    setup.config.overload.degrade_attachments_min = 2;
    setup.config.overload.looks_up = u32::MAX;
    setup.config.workers = 1;
    let world = setup.start().await;
    let [owner, reader, loner] = world.users().await;
    let small = world.guild(&[&loner]).await;
    world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&loner).await;
    let _large = [world.join(&owner).await, world.join(&reader).await];
    world.node.drill(Some(100));
    // One look at all guilds decides about both.
    world.metric_becomes("throng_guilds_degraded", |guilds| guilds > 0).await;
    world.post(small, &loner, "heard").await;
    player.expect_message("heard").await;
    assert_eq!(world.metric("throng_guilds_degraded"), 1);
}

#[tokio::test]
async fn what_is_missed_least_goes_first() {
    let world = world(3_600_000).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    let typing = || world.command(hall.id, &owner, Command::Typing(hall.channel));
    typing().await.unwrap();
    player.expect("TYPING_START").await;
    world.node.drill(Some(60));
    typing().await.unwrap();
    world.post(hall, &owner, "heard").await;
    player.expect_message("heard").await;
    assert!(world.node.metrics().contains("throng_refusals_total{limit=\"overload\"} "));
    assert_eq!((world.metric("throng_node_band"), world.metric("throng_node_pressure")), (1, 60));
    world.node.drill(None);
    typing().await.unwrap();
    player.expect("TYPING_START").await;
    assert_eq!(world.metric("throng_node_band"), 0);
}

/// From which pressure on something goes is a setting.
#[tokio::test]
async fn what_goes_follows_the_bands_of_the_settings() {
    let mut setup = Setup::default();
    setup.config.overload.busy = 30;
    setup.config.overload.looks_up = u32::MAX;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    let typing = || world.command(hall.id, &owner, Command::Typing(hall.channel));
    world.node.drill(Some(29));
    typing().await.unwrap();
    player.expect("TYPING_START").await;
    world.node.drill(Some(30));
    typing().await.unwrap();
    world.post(hall, &owner, "heard").await;
    player.expect_message("heard").await;
    assert_eq!(world.metric("throng_node_band"), 1);
}

/// A verdict of a policy that is loaded while the pressure lasts counts at once.
#[tokio::test]
async fn another_policy_sheds_something_else() {
    let switch = Switch::new(15_000);
    let mut setup = Setup { policy: Some(Arc::clone(&switch)), ..Setup::default() };
    setup.config.overload.looks_up = u32::MAX;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.node.drill(Some(60));
    let shed = Some(Shed::these(&[Relief::Reaction]));
    switch.prepare(Verdicts { shed, ..Verdicts::default() });
    world.run(world.node.reload_policy()).await.unwrap();
    world.command(hall.id, &owner, Command::Typing(hall.channel)).await.unwrap();
    player.expect("TYPING_START").await;
}

#[tokio::test]
async fn full_member_lists_wait_until_there_is_less_to_do() {
    let world = world(3_600_000).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    world.node.drill(Some(80));
    let all = json!({"guild_id": hall.id, "query": "", "limit": 0, "nonce": "all"});
    player.send(8, &all);
    let refused = player.expect("RATE_LIMITED").await;
    assert_eq!((&refused["opcode"], &refused["retry_after"]), (&json!(8), &json!(10.0)));
    assert_eq!(refused["meta"], json!({"guild_id": hall.id, "nonce": "all"}));
    let one = json!({"guild_id": hall.id, "user_ids": [owner.id()], "limit": 0});
    player.send(8, &one);
    player.expect("GUILD_MEMBERS_CHUNK").await;
    world.node.drill(None);
    player.send(8, &all);
    player.expect("GUILD_MEMBERS_CHUNK").await;
}

/// New sessions are told to come back; those that were here before go on.
#[tokio::test]
async fn new_sessions_wait_and_old_ones_resume() {
    // The guild is a small one, which keeps its stream.
    let mut setup = Setup::default();
    setup.config.overload.looks_up = u32::MAX;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let player = world.join(&reader).await;
    let (session, account, sequence) = player.lose();
    world.node.drill(Some(100));
    let mut newcomer = world.dial(&owner).await;
    newcomer.send(2, &identify(&owner));
    assert_eq!(newcomer.closed().await, Some(4000));
    let mut resumed = world.resume(&session, &account, sequence).await;
    resumed.expect("RESUMED").await;
    world.node.drill(None);
    world.join(&owner).await;
    world.post(hall, &owner, "heard").await;
    resumed.until("MESSAGE_CREATE").await;
}

#[tokio::test]
async fn imports_wait_until_there_is_less_to_do() {
    let world = world(3_600_000).await;
    let [owner, guest] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let profile = Profile::new(Timestamp::from_millis(0), Vec::new());
    let members = vec![Member { user: guest.user.clone(), profile }];
    world.node.drill(Some(80));
    let refused = world.run(world.node.import_members(hall.id, members.clone())).await;
    let Err(Refusal::Unavailable { retry_after, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after, Duration::from_secs(10));
    assert!(world.node.export_members(hall.id).await.is_err(), "an export walks over everybody");
    world.node.drill(None);
    assert_eq!(world.run(world.node.import_members(hall.id, members)).await, Ok(1));
    assert!(world.node.export_members(hall.id).await.is_ok());
}
