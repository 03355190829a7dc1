//! Policies that change while sessions are there.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{Passivity, ShardKey, Split};
use throng_ports::hub::{Health, Operations as _};
use throng_ports::policy::{PolicyFault, PolicyHost as _};
use throng_proto::command::Command;
use throng_proto::event::EventClass;
use throng_proto::refusal::Refusal;

use crate::world::{Account, Setup, Switch, Verdicts, World, identify};

async fn world(workers: usize) -> (World, Arc<Switch>) {
    let mut setup = Setup::default();
    setup.config.workers = workers;
    setup.config.passive.digest_interval_ms = 3_600_000;
    let switch = Switch::new(setup.config.relay.capacity);
    setup.policy = Some(Arc::clone(&switch));
    (setup.start().await, switch)
}

/// Brings another policy in, and waits until every attachment was asked about it.
async fn bring(world: &World, switch: &Switch, verdicts: Verdicts) {
    switch.prepare(verdicts);
    world.run(world.node.reload_policy()).await.expect("the policy is good");
    world.reviewed().await;
}

fn everybody_passive() -> Verdicts {
    Verdicts { passivity: Some(|_, _, _| Passivity::lasting(Mode::Passive)), ..Verdicts::default() }
}

#[tokio::test]
async fn a_new_policy_turns_sessions_passive_and_the_old_one_brings_the_stream_back() {
    let (world, switch) = world(2).await;
    let accounts = world.users::<6>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<&Account>>()).await;
    let mut players = Vec::new();
    for account in &accounts {
        players.push(world.join(account).await);
    }
    world.post(hall, &accounts[0], "to all").await;
    bring(&world, &switch, everybody_passive()).await;
    let review = world.node.policy().1;
    assert_eq!((review.total, review.done, review.changed), (6, 6, 6));
    world.post(hall, &accounts[0], "unheard").await;
    world.post(hall, &accounts[0], "@everyone").await;
    bring(&world, &switch, Verdicts::default()).await;
    world.post(hall, &accounts[0], "to all again").await;
    for player in &mut players {
        player.expect_message("to all").await;
        player.expect_message("@everyone").await;
        player.expect("CHANNEL_UNREAD_UPDATE").await;
        player.expect_message("to all again").await;
        player.beat().await;
    }
    assert_eq!(world.metric("throng_links"), 6, "nobody was disconnected");
}

#[tokio::test]
async fn moderators_are_told_from_others_by_what_they_may_do() {
    let (world, switch) = world(1).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let (mut boss, mut other) = (world.join(&owner).await, world.join(&reader).await);
    let by_permission: Verdicts = Verdicts {
        passivity: Some(|_, _, attachment| {
            let moderator = attachment
                .permissions
                .contains(throng_proto::permissions::Permissions::ADMINISTRATOR);
            Passivity::lasting(if moderator { Mode::Active } else { Mode::Passive })
        }),
        ..Verdicts::default()
    };
    bring(&world, &switch, by_permission).await;
    assert_eq!(world.node.policy().1.changed, 1);
    world.post(hall, &owner, "for moderators").await;
    world.post(hall, &owner, "@everyone").await;
    boss.expect_message("for moderators").await;
    boss.expect_message("@everyone").await;
    other.expect_message("@everyone").await;
}

#[tokio::test]
async fn a_member_that_gets_a_role_is_decided_again() {
    let (world, switch) = world(1).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    let by_role: Verdicts = Verdicts {
        passivity: Some(|_, _, attachment| {
            let chosen = !attachment.roles.is_empty();
            Passivity::lasting(if chosen { Mode::Active } else { Mode::Passive })
        }),
        ..Verdicts::default()
    };
    bring(&world, &switch, by_role).await;
    world.post(hall, &owner, "unheard").await;
    let give = Command::MemberRoleAdd(reader.id(), hall.role);
    world.command(hall.id, &owner, give).await.unwrap();
    player.until("CHANNEL_UNREAD_UPDATE").await;
    world.post(hall, &owner, "heard").await;
    player.expect_message("heard").await;
}

#[tokio::test]
async fn a_broken_policy_changes_nothing_and_is_told() {
    let (world, switch) = world(1).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    let fault = PolicyFault {
        file: "p.rhai".to_owned(),
        line: 1,
        column: 2,
        message: "no".to_owned(),
        report: "p.rhai:1:2: no".to_owned(),
    };
    switch.prepare(Verdicts { fault: Some(fault.clone()), ..everybody_passive() });
    assert_eq!(world.run(world.node.reload_policy()).await, Err(fault));
    let Health::Degraded(reason) = world.node.health() else { panic!("it should be told") };
    assert!(reason.contains("p.rhai:1:2: no"), "{reason}");
    world.post(hall, &owner, "as before").await;
    player.expect_message("as before").await;
}

#[tokio::test]
async fn a_policy_that_changes_by_itself_is_followed_and_its_troubles_are_told() {
    let (world, switch) = world(2).await;
    let accounts = world.users::<4>().await;
    let hall = world.guild(&accounts.iter().collect::<Vec<&Account>>()).await;
    let mut players = Vec::new();
    for account in &accounts {
        players.push(world.join(account).await);
    }
    world.run(world.node.follow_policy()).await;
    assert_eq!(world.node.policy().1.total, 0, "nothing has changed");
    let troubles = vec!["the hook `lag` fails".to_owned()];
    switch.prepare(Verdicts { troubles, ..everybody_passive() });
    world.run(switch.reload()).await.expect("the policy is good");
    world.run(world.node.follow_policy()).await;
    world.reviewed().await;
    assert_eq!(world.node.policy().1.changed, 4);
    let Health::Degraded(reason) = world.node.health() else { panic!("it should be told") };
    assert_eq!(reason, "the hook `lag` fails");
    world.post(hall, &accounts[0], "unheard").await;
    world.post(hall, &accounts[0], "@everyone").await;
    for player in &mut players {
        player.expect_message("@everyone").await;
    }
}

#[tokio::test]
async fn a_verdict_may_ask_to_be_asked_again() {
    let (world, switch) = world(1).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    // Passive at first; active as soon as it is asked again.
    let once: Verdicts = Verdicts {
        passivity: Some(|_, _, attachment| match attachment.mode {
            Some(Mode::Passive) => Passivity::lasting(Mode::Active),
            _ => Passivity { mode: Mode::Passive, recheck: Some(Duration::from_millis(1)) },
        }),
        ..Verdicts::default()
    };
    bring(&world, &switch, once).await;
    // Nothing arrives while it is passive; waking up brings the digest, at the latest.
    world.post(hall, &owner, "asleep or awake").await;
    player.next().await.expect("the link should not end");
    world.post(hall, &owner, "awake").await;
    player.expect_message("awake").await;
}

#[tokio::test]
async fn a_guild_that_grows_by_an_order_of_magnitude_is_decided_again() {
    let (world, switch) = world(2).await;
    switch.prepare(Verdicts {
        passivity: Some(|_, guild, _| {
            Passivity::lasting(if guild.band() > 1 { Mode::Muted } else { Mode::Active })
        }),
        ..Verdicts::default()
    });
    world.run(world.node.reload_policy()).await.expect("the policy is good");
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut players = Vec::new();
    for _ in 0..9 {
        players.push(world.join(&owner).await);
    }
    world.metric_becomes("throng_attachments{mode=\"active\"}", |active| active == 9).await;
    players.push(world.join(&owner).await);
    world.metric_becomes("throng_attachments{mode=\"muted\"}", |muted| muted == 10).await;
    for player in players.drain(..3) {
        player.link.close(Some(1000));
    }
    world.metric_becomes("throng_attachments{mode=\"active\"}", |active| active == 7).await;
}

#[tokio::test]
async fn a_delivery_table_takes_effect_on_relays_that_run() {
    let (world, switch) = world(1).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.command(hall.id, &owner, Command::Typing(hall.channel)).await.unwrap();
    player.expect("TYPING_START").await;
    let quiet = DeliveryTable::default().with(Mode::Active, EventClass::Typing, Delivery::Drop);
    bring(&world, &switch, Verdicts { delivery: Some(quiet), ..Verdicts::default() }).await;
    world.command(hall.id, &owner, Command::Typing(hall.channel)).await.unwrap();
    world.post(hall, &owner, "after typing").await;
    player.expect_message("after typing").await;
}

#[tokio::test]
async fn a_plan_of_relays_holds_for_whoever_comes_next() {
    let (world, switch) = world(1).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let plan = Split { capacity: 100, count: 3, key: ShardKey::Region };
    bring(&world, &switch, Verdicts { relays: Some(plan), ..Verdicts::default() }).await;
    let mut players = Vec::new();
    for region in ["eu", "eu", "eu", "eu", "us"] {
        let mut said = identify(&owner);
        said["properties"] = json!({"region": region});
        players.push(world.join_as(&owner, said).await);
    }
    world.metric_becomes("throng_relays", |relays| relays == 4).await;
    world.post(hall, &owner, "on every relay").await;
    for player in &mut players {
        player.expect_message("on every relay").await;
    }
}

#[tokio::test]
async fn a_refusal_to_publish_says_why() {
    let (world, switch) = world(1).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let quiet = Some("It is night.".to_owned());
    bring(&world, &switch, Verdicts { refused: quiet, ..Verdicts::default() }).await;
    let refused = world.posting(hall, &owner, "hello").await;
    assert_eq!(refused, Err(Refusal::Policy("It is night.".to_owned())));
    let typing = world.command(hall.id, &owner, Command::Typing(hall.channel)).await;
    assert_eq!(typing, Err(Refusal::Policy("It is night.".to_owned())));
}

#[tokio::test]
async fn whoever_a_policy_turns_away_is_closed_and_may_come_back() {
    let (world, switch) = world(1).await;
    let [owner] = world.users().await;
    let retry = Some(Duration::from_secs(30));
    bring(&world, &switch, Verdicts { turned_away: retry, ..Verdicts::default() }).await;
    let mut player = world.dial(&owner).await;
    player.send(2, &identify(&owner));
    assert_eq!(player.closed().await, Some(4000));
    bring(&world, &switch, Verdicts::default()).await;
    world.join(&owner).await;
}
