//! What one user causes is bounded, and whoever is refused loses nothing.

use serde_json::{Value, json};
use throng_ports::hub::{Callers as _, Toll};
use throng_shell::budgets::{BudgetConfig, BudgetsConfig};

use crate::world::{Account, Hall, Player, Setup, World, found};

/// A budget that is not paid back while a test runs.
const fn budget(amount: u64) -> BudgetConfig {
    BudgetConfig { amount, window_secs: 100_000 }
}

async fn world(set: impl FnOnce(&mut BudgetsConfig)) -> World {
    let mut setup = Setup::default();
    setup.config.presence.window_ms = 0;
    set(&mut setup.config.budgets);
    setup.start().await
}

/// Makes guilds that both are in.
async fn halls(world: &World, owner: &Account, other: &Account, count: usize) -> Vec<Hall> {
    let mut halls = Vec::new();
    for _ in 0..count {
        halls.push(world.guild(&[owner, other]).await);
    }
    halls
}

fn show(player: &Player, status: &str) {
    let d = json!({"since": null, "activities": [], "status": status, "afk": false});
    player.send(3, &d);
}

/// Hears presences, too.
fn curious(account: &Account) -> Value {
    json!({"token": account.token, "intents": 1 | 1 << 8 | 1 << 9, "properties": {}})
}

#[tokio::test]
async fn a_presence_is_told_in_every_guild_of_many() {
    let world = World::new().await;
    let [owner, other] = world.users().await;
    halls(&world, &owner, &other, 50).await;
    let mut sees = world.join_as(&other, curious(&other)).await;
    let mut shows = world.join(&owner).await;
    for status in ["idle", "dnd"] {
        show(&shows, status);
    }
    shows.beat().await;
    let mut told = std::collections::BTreeSet::new();
    while told.len() < 50 {
        let presence = sees.until("PRESENCE_UPDATE").await;
        if presence["status"] == "dnd" {
            told.insert(presence["guild_id"].as_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn presences_over_the_budget_wait_and_the_last_one_counts() {
    let world = world(|budgets| {
        budgets.guilds_told = BudgetConfig { amount: 4, window_secs: 1 };
    })
    .await;
    let [owner, other] = world.users().await;
    halls(&world, &owner, &other, 3).await;
    let mut sees = world.join_as(&other, curious(&other)).await;
    let mut shows = world.join(&owner).await;
    for _ in 0..20 {
        show(&shows, "idle");
        show(&shows, "dnd");
    }
    show(&shows, "invisible");
    shows.beat().await;
    let mut gone = std::collections::BTreeSet::new();
    let mut heard = 0;
    while gone.len() < 3 {
        let presence = sees.until("PRESENCE_UPDATE").await;
        heard += 1;
        let guild = presence["guild_id"].as_str().unwrap().to_owned();
        if presence["status"] == "offline" {
            gone.insert(guild);
        } else {
            gone.remove(&guild);
        }
    }
    assert!(heard < 60, "{heard} of 123 were told");
    assert!(world.refusals("budgets_guilds_told") > 0);
}

#[tokio::test]
async fn guilds_beyond_those_at_once_follow() {
    let world =
        world(|budgets| budgets.guilds_at_once = BudgetConfig { amount: 2, window_secs: 1 }).await;
    let [owner, other] = world.users().await;
    halls(&world, &owner, &other, 4).await;
    for account in [&owner, &other] {
        // It is told of each guild, or the world's patience ends.
        assert_eq!(world.join(account).await.guilds, 4);
    }
    assert_eq!(world.refusals("budgets_guilds_at_once"), 2, "once for each session");
}

#[tokio::test]
async fn members_sought_over_the_budget_are_put_off_whatever_link_asks() {
    let world = world(|budgets| budgets.members_sought = budget(150)).await;
    let [owner, other] = world.users().await;
    let hall = world.guild(&[&owner, &other]).await;
    let search = json!({"guild_id": hall.id, "query": "u", "limit": 100, "nonce": "n"});
    let mut player = world.join(&other).await;
    for _ in 0..2 {
        player.send(8, &search);
        player.expect("GUILD_MEMBERS_CHUNK").await;
    }
    // Another link of the same user, on another worker, does not begin anew.
    for mut player in [player, world.join(&other).await, world.join(&other).await] {
        player.send(8, &search);
        let refusal = player.expect("RATE_LIMITED").await;
        assert!(refusal["retry_after"].as_f64().unwrap() > 1.0, "{refusal}");
        assert_eq!(refusal["meta"]["nonce"], "n");
    }
    let mut player = world.join(&owner).await;
    player.send(8, &search);
    player.expect("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(world.refusals("budgets_members_sought"), 3);
}

#[tokio::test]
async fn entering_guilds_over_the_budget_is_put_off() {
    let world = world(|budgets| budgets.guilds_entered = budget(10)).await;
    let [owner, other] = world.users().await;
    halls(&world, &owner, &other, 5).await;
    let _first = world.join(&owner).await;
    let _second = world.join(&owner).await;
    let mut third = world.dial(&owner).await;
    third.send(2, &curious(&owner));
    let refusal = third.control().await;
    assert_eq!((&refusal["op"], &refusal["d"]), (&json!(9), &json!(false)));
    let _other = world.join(&other).await;
    assert_eq!(world.refusals("budgets_guilds_entered"), 1);
}

#[tokio::test]
async fn a_session_that_resumes_too_often_is_closed_and_loses_nothing() {
    let world = world(|budgets| {
        budgets.resumes = BudgetConfig { amount: 3, window_secs: 3 };
    })
    .await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    world.post(hall, &owner, "kept").await;
    let mut refused = 0;
    for _ in 0..20 {
        let mut player = world.resume(&session, &account, sequence).await;
        match player.next().await {
            Some(payload) => assert_eq!(payload["t"], "MESSAGE_CREATE", "{payload}"),
            None => {
                assert_eq!(player.link.close_code(), Some(4008));
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    // Whoever comes back later resumes.
    let payload = found(async || {
        let mut player = world.resume(&session, &account, sequence).await;
        player.next().await
    })
    .await;
    assert_eq!(payload["d"]["content"], "kept", "{payload}");
    assert!(world.refusals("budgets_resumes") > 0);
}

#[tokio::test]
async fn what_one_session_is_sent_does_not_push_out_what_others_missed() {
    let mut setup = Setup::default();
    setup.config.workers = 1;
    setup.config.replay.bytes_max = 200_000;
    let world = setup.start().await;
    let [owner, reader, greedy] = world.users().await;
    let hall = world.guild(&[&owner, &reader, &greedy]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    world.post(hall, &owner, "kept").await;
    let mut player = world.join(&greedy).await;
    let search = json!({"guild_id": hall.id, "query": "u", "limit": 100});
    for _ in 0..1_500 {
        player.send(8, &search);
        player.until("GUILD_MEMBERS_CHUNK").await;
    }
    let mut back = world.resume(&session, &account, sequence).await;
    back.expect_message("kept").await;
    back.expect("RESUMED").await;
}

#[tokio::test]
async fn a_long_log_is_walked_in_turns_and_nothing_is_lost() {
    let mut setup = Setup::default();
    setup.config.workers = 1;
    let world = setup.start().await;
    let [owner, reader, greedy] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let noise = world.guild(&[&owner, &greedy]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    let mut player = world.join(&greedy).await;
    world.post(hall, &owner, "first").await;
    let search = json!({"guild_id": noise.id, "query": "nobody", "limit": 1});
    // More than is walked in one turn.
    for _ in 0..100 {
        (0..50).for_each(|_| player.send(8, &search));
        for _ in 0..50 {
            player.until("GUILD_MEMBERS_CHUNK").await;
        }
    }
    world.post(hall, &owner, "last").await;
    let mut back = world.resume(&session, &account, sequence).await;
    back.expect_message("first").await;
    back.expect_message("last").await;
    back.expect("RESUMED").await;
}

#[tokio::test]
async fn what_others_are_sent_counts_against_its_author() {
    let world = world(|budgets| budgets.delivered = budget(2_000)).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        readers.push(world.join(&reader).await);
    }
    assert_eq!(world.node.afford(owner.id(), Toll::Written), Ok(()));
    world.post(hall, &owner, &"x".repeat(600)).await;
    for reader in &mut readers {
        reader.expect("MESSAGE_CREATE").await;
    }
    // Each of the four was sent more than a quarter of the budget.
    assert!(world.node.afford(owner.id(), Toll::Written).is_err());
    assert_eq!(world.node.afford(owner.id(), Toll::Read), Ok(()));
    assert_eq!(world.node.afford(reader.id(), Toll::Written), Ok(()));
    assert_eq!(world.refusals("budgets_delivered"), 1);
}
