//! A guild that goes to another owner while it runs.

use std::pin::Pin;
use std::task::Poll;

use serde_json::{Value, json};
use throng_ports::hub::{HandedOff, Operations as _};
use throng_proto::command::Command;
use throng_proto::refusal::Refusal;

use crate::world::{Account, Hall, Player, Setup, World, found, identify, patient};

/// A node whose guilds go to their next owner member by member.
async fn world() -> World {
    let mut setup = Setup::default();
    setup.config.limits.handoff_page = 1;
    setup.config.presence.window_ms = 0;
    setup.start().await
}

async fn hand_off(world: &World, hall: Hall) -> Result<HandedOff, Refusal> {
    world.run(world.node.hand_off(hall.id)).await
}

async fn hear(player: &mut Player, contents: &[String]) {
    for content in contents {
        player.expect_message(content).await;
    }
}

fn contents(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|number| number.to_string()).collect()
}

async fn post_all(world: &World, hall: Hall, by: &Account, contents: &[String]) {
    for content in contents {
        world.post(hall, by, content).await;
    }
}

/// H1: with posts under way before, during and after, each is answered once, and everybody gets
/// each once and in order; the store's sequence has no gap.
#[tokio::test]
async fn nothing_is_lost_or_doubled_while_a_guild_changes_hands() {
    let world = world().await;
    let accounts = world.users::<6>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut player = world.join(&accounts[1]).await;
    for round in 0..5 {
        let said = contents(round * 40, 40);
        let (done, ()) =
            tokio::join!(hand_off(&world, hall), post_all(&world, hall, &accounts[0], &said),);
        assert_eq!(done.unwrap().members, 6);
        hear(&mut player, &said).await;
    }
    player.beat().await;
    assert_eq!(player.link.try_recv(), None);
    assert_eq!(world.metric("throng_handoffs_total"), 5);
    assert_eq!(world.metric("throng_guilds"), 1);
}

/// H1: what is in flight at the barrier is committed, answered and published by the owner until
/// then; what waits meanwhile goes to the next one, none refused.
#[tokio::test]
async fn posts_that_wait_at_the_barrier_are_answered_by_the_next_owner() {
    let world = world().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.store.hold_commits();
    let mut posts = vec![world.begin_post(hall, &owner, "0").await];
    // A change of structure runs alone, so that something waits to be checked, too.
    let role = Command::MemberRoleAdd(reader.id(), hall.role);
    let given = tokio::spawn(world.operator(hall, role));
    for content in contents(1, 20) {
        posts.push(world.begin_post(hall, &owner, &content).await);
    }
    let mut moving = world.node.hand_off(hall.id);
    reach_barrier(&world, &mut moving).await;
    for content in contents(21, 20) {
        posts.push(world.begin_post(hall, &owner, &content).await);
    }
    world.store.release_commits();
    let done = world.run(moving).await.unwrap();
    for post in posts {
        patient(post).await.unwrap().unwrap();
    }
    patient(given).await.unwrap().unwrap();
    let mut heard = Vec::new();
    while heard.len() < 41 {
        let payload = player.next().await.unwrap();
        if payload["t"] == "MESSAGE_CREATE" {
            heard.push(payload["d"]["content"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(heard, contents(0, 41));
    assert!(done.pause <= done.took);
    assert_eq!(done.queued, 20);
}

/// The next owner knows who is there, what they show, and which members have changed meanwhile.
#[tokio::test]
async fn the_next_owner_knows_members_sessions_and_presences() {
    let world = world().await;
    let [owner, reader, late] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut said = identify(&reader);
    said["intents"] = json!(1 | 1 << 8 | 1 << 9);
    said["presence"] = json!({"status": "dnd", "activities": [], "afk": false, "since": null});
    let mut player = world.join_as(&reader, said).await;
    world.store.hold_commits();
    let joining = tokio::spawn({
        let put = Command::MemberPut(late.user.clone(), Default::default());
        world.operator(hall, put)
    });
    let node = world.node.clone();
    let moving = tokio::spawn(async move { node.hand_off(hall.id).await });
    world.store.release_commits();
    patient(joining).await.unwrap().unwrap();
    assert_eq!(patient(moving).await.unwrap().unwrap().members, 3);
    let reply = world.operator(hall, Command::GuildGet { counts: true }).await.unwrap();
    let guild: Value = serde_json::from_str(&reply.into_text().unwrap()).unwrap();
    assert_eq!(guild["approximate_member_count"], 3);
    assert_eq!(guild["approximate_presence_count"], 1);
    // Whoever was attached before gets everything, and whoever comes sees who is there.
    let mut said = identify(&late);
    said["intents"] = json!(1 | 1 << 8);
    let newcomer = world.join_as(&late, said).await;
    assert_eq!(player.until("PRESENCE_UPDATE").await["user"]["id"], late.id().to_string());
    newcomer.link.close(Some(1000));
    assert_eq!(player.until("PRESENCE_UPDATE").await["status"], "offline");
    player.link.close(Some(1000));
    world.metric_becomes("throng_relays", |relays| relays == 0).await;
}

/// Whoever asked may look again late or never; the guild does not wait for it.
#[tokio::test]
async fn a_guild_does_not_wait_for_whoever_asked() {
    let world = world().await;
    let accounts = world.users::<5>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut moving = world.node.hand_off(hall.id);
    assert!(poll(&mut moving).await.is_pending());
    world.metric_becomes("throng_handoffs_total", |handoffs| handoffs == 1).await;
    world.post(hall, &accounts[0], "answered").await;
    assert_eq!(patient(moving).await.unwrap().members, 5);
}

/// H2: an owner that goes away while it fills leaves the guild as it was.
#[tokio::test]
async fn a_hand_off_that_is_given_up_while_it_fills_changes_nothing() {
    let world = world().await;
    let accounts = world.users::<5>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut player = world.join(&accounts[1]).await;
    for polls in 0..6 {
        let mut moving = world.node.hand_off(hall.id);
        for _ in 0..polls {
            // One that is done already has nothing to give up.
            if poll(&mut moving).await.is_ready() {
                break;
            }
        }
        drop(moving);
        // Members change, which the one that is gone would have been told.
        let role = Command::MemberRoleAdd(accounts[2].id(), hall.role);
        world.operator(hall, role).await.unwrap();
        let role = Command::MemberRoleRemove(accounts[2].id(), hall.role);
        world.operator(hall, role).await.unwrap();
        world.post(hall, &accounts[0], &polls.to_string()).await;
        assert_eq!(player.until("MESSAGE_CREATE").await["content"], polls.to_string());
    }
    assert_eq!(hand_off(&world, hall).await.unwrap().members, 5, "another one can come");
}

/// H2: an owner that is gone at the barrier, when requests wait already, leaves them to the last
/// one, which goes on with all of them.
#[tokio::test]
async fn a_hand_off_that_fails_at_the_barrier_leaves_everything_to_the_last_owner() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.store.hold_commits();
    let mut posts = vec![world.begin_post(hall, &owner, "0").await];
    let mut moving = world.node.hand_off(hall.id);
    let before = world.metric("throng_refusals_total");
    reach_barrier(&world, &mut moving).await;
    for content in contents(1, 5) {
        posts.push(world.begin_post(hall, &owner, &content).await);
    }
    drop(moving);
    world.store.release_commits();
    for post in posts {
        patient(post).await.unwrap().unwrap();
    }
    hear(&mut player, &contents(0, 6)).await;
    assert_eq!(world.metric("throng_refusals_total"), before + 1);
    assert_eq!(world.metric("throng_handoffs_total"), 0);
    assert_eq!(hand_off(&world, hall).await.unwrap().members, 2);
    world.post(hall, &owner, "after").await;
    player.expect_message("after").await;
}

type Moving = Pin<Box<dyn Future<Output = Result<HandedOff, Refusal>> + Send>>;

async fn poll(moving: &mut Moving) -> Poll<Result<HandedOff, Refusal>> {
    std::future::poll_fn(|cx| Poll::Ready(moving.as_mut().poll(cx))).await
}

/// Drives a hand-off on until the guild takes no more requests.
async fn reach_barrier(world: &World, moving: &mut Moving) {
    found(async || {
        let paused = world.metric("throng_guilds_paused") > 0;
        assert!(paused || poll(moving).await.is_pending());
        paused.then_some(())
    })
    .await;
}
