//! Sessions whose users leave, are kicked or lose the guild, while something is on its way to them.
//!
//! Invariant: L6.

use serde_json::json;
use throng_ports::hub::JobState;
use throng_proto::command::Command;

use crate::jobs::{ask_list, crowded, job_becomes};
use crate::world::{Account, Hall, Player, Setup, World, identify};

/// What a guild's end can be for a session.
#[derive(Clone, Copy, Debug)]
enum End {
    Kicked,
    Left,
    Deleted,
}

impl End {
    const ALL: [Self; 3] = [Self::Kicked, Self::Left, Self::Deleted];

    async fn happen(self, world: &World, hall: Hall, [owner, reader]: &[Account; 2]) {
        let (by, command) = match self {
            Self::Kicked => (owner, Command::MemberDelete(reader.id())),
            Self::Left => (reader, Command::MemberDelete(reader.id())),
            Self::Deleted => (owner, Command::GuildDelete),
        };
        world.command(hall.id, by, command).await.unwrap();
    }
}

/// Takes what was sent up to the answer to a heartbeat; nothing may be of the guild after its end.
async fn l6_nothing_follows(player: &mut Player, hall: Hall, end: End) {
    player.until("GUILD_DELETE").await;
    player.send(1, &json!(player.sequence));
    loop {
        let payload = player.next().await.expect("the link should not end");
        if payload["op"] == 11 {
            return;
        }
        let of = &payload["d"]["guild_id"];
        assert_ne!(of, &json!(hall.id), "L6: {end:?}, then {payload}");
    }
}

#[tokio::test]
async fn l6_a_list_ends_with_the_membership() {
    for end in End::ALL {
        let mut setup = Setup::default();
        // The list is far from its end when the guild is lost.
        setup.config.jobs.chunk_interval_ms = 50;
        let (world, hall, accounts) = crowded(setup).await;
        let mut player = world.join(&accounts[1]).await;
        ask_list(&player, hall, &json!({}));
        player.expect("GUILD_MEMBERS_CHUNK").await;
        end.happen(&world, hall, &accounts).await;
        let job = job_becomes(&world, |job| job.state == JobState::Gone).await;
        assert!(job.done < job.total, "{end:?}");
        l6_nothing_follows(&mut player, hall, end).await;
    }
}

#[tokio::test]
async fn l6_a_list_that_waits_for_its_reader_ends_with_the_membership() {
    for end in End::ALL {
        let (world, hall, accounts) = crowded(Setup::default()).await;
        let mut player = world.join(&accounts[1]).await;
        player.link.set_capacity(1);
        ask_list(&player, hall, &json!({}));
        world.metric_becomes("throng_lagging", |lagging| lagging > 0).await;
        end.happen(&world, hall, &accounts).await;
        job_becomes(&world, |job| job.state == JobState::Gone).await;
        player.link.set_capacity(1 << 20);
        l6_nothing_follows(&mut player, hall, end).await;
    }
}

/// Questions that the guild answers at once, and lists of members, asked around the end.
#[tokio::test]
async fn l6_questions_that_wait_for_the_guild_are_not_answered_after_its_end() {
    for end in End::ALL {
        let (world, hall, accounts) = crowded(Setup::default()).await;
        let mut says = identify(&accounts[1]);
        says["intents"] = json!(1 | 1 << 1 | 1 << 8 | 1 << 9);
        let mut player = world.join_as(&accounts[1], says).await;
        let ask = |player: &Player| {
            for _ in 0..20 {
                ask_list(player, hall, &json!({"query": "extra", "limit": 100}));
                let watch =
                    json!({"guild_id": hall.id, "channels": {hall.channel.to_string(): [[0, 99]]}});
                player.send(14, &watch);
            }
        };
        ask(&player);
        end.happen(&world, hall, &accounts).await;
        ask(&player);
        l6_nothing_follows(&mut player, hall, end).await;
    }
}

/// READY names a guild that the user loses before the guild has attached the session.
#[tokio::test]
async fn whoever_loses_a_guild_while_it_identifies_is_told_and_can_come_back() {
    for round in 0..20 {
        let world = World::new().await;
        let accounts: [Account; 2] = world.users().await;
        let hall = world.guild(&[&accounts[0], &accounts[1]]).await;
        let mut player = world.dial(&accounts[1]).await;
        player.send(2, &identify(&accounts[1]));
        world
            .command(hall.id, &accounts[0], Command::MemberDelete(accounts[1].id()))
            .await
            .unwrap();
        let ready = player.expect("READY").await;
        if ready["guilds"].as_array().unwrap().is_empty() {
            continue;
        }
        let gone = player.until("GUILD_DELETE").await;
        assert_eq!(gone["id"], hall.id.to_string(), "round {round}");
        world.add(hall, &accounts[1]).await;
        assert_eq!(player.expect("GUILD_CREATE").await["id"], hall.id.to_string());
    }
}

/// What a session lost while the process was down is told when it resumes.
#[tokio::test]
async fn a_guild_that_was_lost_in_a_crash_is_told_after_resuming() {
    for deleted in [false, true] {
        let world = World::new().await;
        let accounts: [Account; 2] = world.users().await;
        let hall = world.guild(&[&accounts[0], &accounts[1]]).await;
        let player = world.join(&accounts[1]).await;
        let (session, account, sequence) = player.lose();
        let store = world.crash().await;
        let write = if deleted {
            throng_proto::record::Write::GuildDelete(hall.id)
        } else {
            throng_proto::record::Write::MemberDelete(hall.id, account.id())
        };
        throng_ports::store::Store::commit(&store, vec![write]).await.unwrap();
        let world = Setup { store, ..Setup::default() }.start().await;
        let mut player = world.resume(&session, &account, sequence).await;
        let gone = player.until("GUILD_DELETE").await;
        assert_eq!(gone["id"], hall.id.to_string(), "deleted: {deleted}");
        player.until("RESUMED").await;
    }
}
