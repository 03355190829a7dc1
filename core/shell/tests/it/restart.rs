//! A node that ends without warning, and the next one on the same store.

use throng_plugin_store_memory::MemoryStore;
use throng_proto::command::{Actor, Command, MemberPatch};

use crate::world::{Account, Hall, Setup, World};

async fn start(store: MemoryStore, workers: usize) -> World {
    let mut setup = Setup { store, ..Setup::default() };
    setup.config.workers = workers;
    setup.start().await
}

/// Posts something that is committed but never answered or delivered, because the node ends.
async fn post_and_crash(world: World, hall: Hall, by: &Account, content: &str) -> MemoryStore {
    world.store.hold_commits();
    drop(tokio::spawn(world.posting(hall, by, content)));
    committed(&world, hall, content).await;
    let store = world.crash().await;
    store.release_commits();
    store
}

/// Waits until the store has a message.
async fn committed(world: &World, hall: Hall, content: &str) {
    use throng_ports::store::Store as _;
    use throng_proto::record::Page;
    crate::world::found(async || {
        let page = world.store.messages(hall.channel, Page::Latest, 1, None).await.unwrap();
        page.first().is_some_and(|message| message.content == content).then_some(())
    })
    .await;
}

async fn survives(before: usize, after: usize) {
    let world = start(MemoryStore::new(), before).await;
    let [owner, one, two, three] = world.users().await;
    let hall = world.guild(&[&owner, &one, &two, &three]).await;
    let mut lost = Vec::new();
    for account in [&one, &two, &three] {
        let mut player = world.join(account).await;
        world.post(hall, &owner, "read").await;
        player.until("MESSAGE_CREATE").await;
        lost.push(player.lose());
    }
    world.post(hall, &owner, "delivered").await;
    // A client of the same worker would see it: by then journals have it.
    let mut witness = Vec::new();
    for _ in 0..before {
        witness.push(world.join(&owner).await);
    }
    world.post(hall, &owner, "seen").await;
    for witness in &mut witness {
        witness.expect_message("seen").await;
    }
    drop(witness);
    let store = post_and_crash(world, hall, &owner, "missed").await;
    let world = start(store, after).await;
    for (number, (session, account, sequence)) in lost.into_iter().enumerate() {
        let mut player = world.resume(&session, &account, sequence).await;
        for _ in number..2 {
            player.expect_message("read").await;
        }
        for content in ["delivered", "seen", "missed"] {
            player.expect_message(content).await;
        }
        for earlier in 0..number {
            player.expect_message(&format!("new {earlier}")).await;
        }
        player.expect("RESUMED").await;
        world.post(hall, &owner, &format!("new {number}")).await;
        player.expect_message(&format!("new {number}")).await;
    }
}

#[tokio::test]
async fn sessions_go_on_after_a_restart_with_what_was_committed_each_message_once() {
    survives(2, 2).await;
}

#[tokio::test]
async fn sessions_go_on_after_a_restart_with_fewer_workers() {
    survives(3, 1).await;
}

#[tokio::test]
async fn sessions_go_on_after_a_restart_with_more_workers() {
    survives(1, 4).await;
}

#[tokio::test]
async fn sessions_go_on_after_several_restarts_in_a_row() {
    let mut world = start(MemoryStore::new(), 2).await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    let mut contents = Vec::new();
    for (round, workers) in [3, 1, 2].into_iter().enumerate() {
        let content = format!("round {round}");
        let store = post_and_crash(world, hall, &owner, &content).await;
        contents.push(content);
        world = start(store, workers).await;
    }
    let (session, account, sequence) = player.lose();
    player = world.resume(&session, &account, sequence).await;
    for content in &contents {
        player.expect_message(content).await;
    }
    player.expect("RESUMED").await;
}

#[tokio::test]
async fn a_session_hears_after_a_restart_that_it_was_kicked_meanwhile() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let (hall, other) =
        (world.guild(&[&owner, &reader]).await, world.guild(&[&owner, &reader]).await);
    let (session, account, sequence) = world.join(&reader).await.lose();
    world.store.hold_commits();
    let kick = Command::MemberDelete(reader.id());
    drop(tokio::spawn(hub_command(&world, hall, &owner, kick)));
    world.stored_guilds(reader.id(), 1).await;
    let store = world.crash().await;
    store.release_commits();
    let world = start(store, 2).await;
    let mut player = world.resume(&session, &account, sequence).await;
    assert_eq!(player.until("GUILD_DELETE").await["id"], hall.id.to_string());
    world.post(other, &owner, "still here").await;
    assert_eq!(player.until("MESSAGE_CREATE").await["content"], "still here");
}

#[tokio::test]
async fn a_session_hears_after_a_restart_that_it_joined_meanwhile() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    world.store.hold_commits();
    let put = Command::MemberPut(reader.user.clone(), MemberPatch::default());
    drop(tokio::spawn(world.operator(hall, put)));
    world.stored_guilds(reader.id(), 1).await;
    let store = world.crash().await;
    store.release_commits();
    let world = start(store, 2).await;
    let mut player = world.resume(&session, &account, sequence).await;
    assert_eq!(player.until("GUILD_CREATE").await["id"], hall.id.to_string());
    world.post(hall, &owner, "welcome").await;
    assert_eq!(player.until("MESSAGE_CREATE").await["content"], "welcome");
}

#[tokio::test]
async fn a_session_hears_after_a_restart_that_a_guild_was_deleted_meanwhile() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    world.store.hold_commits();
    drop(tokio::spawn(hub_command(&world, hall, &owner, Command::GuildDelete)));
    world.stored_guilds(reader.id(), 0).await;
    let store = world.crash().await;
    store.release_commits();
    let world = start(store, 2).await;
    let mut player = world.resume(&session, &account, sequence).await;
    assert_eq!(player.until("GUILD_DELETE").await["id"], hall.id.to_string());
}

fn hub_command(
    world: &World,
    hall: Hall,
    by: &Account,
    command: Command,
) -> impl Future<Output = throng_proto::command::Outcome> + use<> {
    use throng_ports::hub::Guilds as _;
    world.node.command(hall.id, Actor::User(by.user.clone()), command)
}
