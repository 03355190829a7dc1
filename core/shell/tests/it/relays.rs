//! A guild that is split over relays, which start, split, merge and end while it runs.

use std::sync::Arc;

use serde_json::json;
use throng_engine::mode::Mode;
use throng_engine::policy::{
    AttachmentFacts, GuildFacts, Passivity, SessionFacts, ShardKey, Split,
};
use throng_ports::hub::Operations as _;

use crate::world::{Account, Hall, Player, Setup, Switch, Verdicts, World, identify, patient};

/// Messages in flight at the same time.
const BURST: usize = 5;

/// A node under a policy that changes, whose workers move sessions one by one.
async fn movable(switch: &Arc<Switch>) -> World {
    let mut setup = Setup { policy: Some(Arc::clone(switch)), ..Setup::default() };
    setup.config.relay.capacity = 4;
    setup.config.relay.move_slice = 1;
    setup.config.passive.digest_interval_ms = 20;
    setup.start().await
}

fn asleep(_: &SessionFacts, _: &GuildFacts, _: &AttachmentFacts<'_>) -> Passivity {
    Passivity::lasting(Mode::Passive)
}

/// Puts another plan in force.
async fn follow(world: &World, switch: &Switch, plan: Split, passive: bool) {
    let passivity = passive.then_some(asleep as _);
    switch.prepare(Verdicts { relays: Some(plan), passivity, ..Verdicts::default() });
    world.run(world.node.reload_policy()).await.unwrap();
}

/// Posts some messages at once, in order.
async fn say(world: &World, hall: Hall, author: &Account, said: &mut usize) -> Vec<String> {
    let contents: Vec<String> = (*said..*said + BURST).map(|number| number.to_string()).collect();
    let mut posts = Vec::new();
    world.store.hold_commits();
    for content in &contents {
        posts.push(world.begin_post(hall, author, content).await);
    }
    world.store.release_commits();
    for post in posts {
        patient(post).await.unwrap().unwrap();
    }
    *said += BURST;
    contents
}

async fn hear(players: &mut [Player], contents: &[String]) {
    for player in players {
        for content in contents {
            player.expect_message(content).await;
        }
    }
}

/// Relays that run, once nothing is about to move.
fn settled(world: &World) -> Option<u64> {
    (world.metric("throng_relay_leaving") == 0).then(|| world.metric("throng_relays"))
}

/// L5: whatever the plan becomes while messages are published, every session gets each of them,
/// once and in order.
#[tokio::test]
async fn sessions_that_move_between_relays_miss_nothing_and_get_nothing_twice() {
    let switch = Switch::new(4);
    let world = movable(&switch).await;
    let accounts = world.users::<16>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut players = Vec::new();
    for account in &accounts {
        players.push(world.join(account).await);
    }
    let mut said = 0;
    // Eight sessions on each of two workers.
    for (capacity, count, relays) in [(2, 1, 8), (16, 1, 2), (3, 6, 6), (16, 1, 2)] {
        let plan = Split { capacity, count, key: ShardKey::None };
        follow(&world, &switch, plan, false).await;
        patient(async {
            while settled(&world) != Some(relays) {
                let contents = say(&world, hall, &accounts[0], &mut said).await;
                hear(&mut players, &contents).await;
            }
        })
        .await;
    }
    let contents = say(&world, hall, &accounts[0], &mut said).await;
    hear(&mut players, &contents).await;
    for player in &mut players {
        player.beat().await;
        assert_eq!(player.link.try_recv(), None);
    }
    assert!(world.metric("throng_relay_moves_total") >= 32);
    world.metric_becomes("throng_relay_members", |members| members == 16).await;
}

/// L4: who is passive is told of each change once, whatever moves between two digests.
#[tokio::test]
async fn sessions_that_move_are_told_the_same_by_digests() {
    let switch = Switch::new(4);
    let world = movable(&switch).await;
    let accounts = world.users::<6>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<_>>()).await;
    let mut players = Vec::new();
    for account in &accounts {
        let mut said = identify(account);
        said["capabilities"] = json!(1 << 14);
        players.push(world.join_as(account, said).await);
    }
    for (capacity, relays) in [(1, 6), (8, 2), (1, 6)] {
        let plan = Split { capacity, count: 1, key: ShardKey::None };
        follow(&world, &switch, plan, true).await;
        let mut newest = post(&world, hall, &accounts[0]).await;
        patient(async {
            while settled(&world) != Some(relays) {
                newest = post(&world, hall, &accounts[0]).await;
            }
        })
        .await;
        for player in &mut players {
            let mut before = String::new();
            while before != newest {
                let told = player.expect("PASSIVE_UPDATE_V2").await;
                let channels = told["updated_channels"].as_array().unwrap();
                let last = channels[0]["last_message_id"].as_str().unwrap().to_owned();
                assert_ne!(last, before, "told twice");
                before = last;
            }
        }
    }
}

/// Posts a message and returns its id.
async fn post(world: &World, hall: Hall, author: &Account) -> String {
    let reply = patient(world.posting(hall, author, "unheard")).await.unwrap();
    let message: serde_json::Value = serde_json::from_str(&reply.into_text().unwrap()).unwrap();
    message["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_session_gets_a_message_once_from_whichever_relay_it_is_on() {
    let mut setup = Setup::default();
    setup.config.relay.capacity = 2;
    let world = setup.start().await;
    let accounts = world.users::<7>().await;
    let members: Vec<&Account> = accounts.iter().collect();
    let hall = world.guild(&members).await;
    let mut players = Vec::new();
    for account in &accounts {
        players.push(world.join(account).await);
    }
    world.metric_becomes("throng_relays", |relays| relays >= 4).await;
    world.post(hall, &accounts[0], "one").await;
    world.post(hall, &accounts[0], "two").await;
    for player in &mut players {
        player.expect_message("one").await;
        player.expect_message("two").await;
        assert_eq!(player.link.try_recv(), None);
    }
    drop(players);
    // Sessions wait for RESUME, so relays keep them.
    assert!(world.metric("throng_relays") >= 4);
}

#[tokio::test]
async fn sessions_that_end_leave_no_relay_behind() {
    let mut setup = Setup::default();
    setup.config.relay.capacity = 1;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    world.guild(&[&owner, &reader]).await;
    let players = [world.join(&owner).await, world.join(&reader).await];
    world.metric_becomes("throng_relays", |relays| relays == 2).await;
    for player in &players {
        player.link.close(Some(1000));
    }
    world.metric_becomes("throng_sessions", |sessions| sessions == 0).await;
    world.metric_becomes("throng_relays", |relays| relays == 0).await;
}
