//! Guilds that come and go while a client is connected.

use throng_proto::command::Command;

use crate::world::World;

#[tokio::test]
async fn a_user_who_joins_a_guild_is_told_of_it_and_hears_its_messages() {
    let world = World::new().await;
    let [owner, guest] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&guest).await;
    world.add(hall, &guest).await;
    let guild = player.until("GUILD_CREATE").await;
    assert_eq!(guild["id"], hall.id.to_string());
    assert!(guild.get("unavailable").is_none(), "{guild}");
    world.post(hall, &owner, "welcome").await;
    assert_eq!(player.until("MESSAGE_CREATE").await["content"], "welcome");
}

#[tokio::test]
async fn a_user_who_joins_while_the_guild_is_busy_hears_each_message_once() {
    let world = World::new().await;
    let [owner, guest] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&guest).await;
    world.add(hall, &guest).await;
    for number in 0..20 {
        world.post(hall, &owner, &number.to_string()).await;
    }
    player.until("GUILD_CREATE").await;
    let mut heard = Vec::new();
    while heard.last() != Some(&19) {
        let message = player.until("MESSAGE_CREATE").await;
        heard.push(message["content"].as_str().unwrap().parse::<u32>().unwrap());
    }
    let first = heard[0];
    assert_eq!(heard, (first..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_kicked_user_is_told_that_the_guild_is_gone_and_hears_no_more() {
    let world = World::new().await;
    let [owner, guest] = world.users().await;
    let (hall, other) =
        (world.guild(&[&owner, &guest]).await, world.guild(&[&owner, &guest]).await);
    let mut player = world.join(&guest).await;
    world.command(hall.id, &owner, Command::MemberDelete(guest.id())).await.unwrap();
    let gone = player.expect("GUILD_DELETE").await;
    assert_eq!(gone["id"], hall.id.to_string());
    assert!(gone.get("unavailable").is_none(), "{gone}");
    world.post(hall, &owner, "unheard").await;
    world.post(other, &owner, "heard").await;
    player.expect_message("heard").await;
    world.add(hall, &guest).await;
    assert_eq!(player.until("GUILD_CREATE").await["id"], hall.id.to_string());
}

#[tokio::test]
async fn everybody_is_told_when_a_guild_is_deleted() {
    let world = World::new().await;
    let [owner, guest] = world.users().await;
    let hall = world.guild(&[&owner, &guest]).await;
    let mut players =
        [world.join(&owner).await, world.join(&guest).await, { world.join(&guest).await }];
    world.command(hall.id, &owner, Command::GuildDelete).await.unwrap();
    for player in &mut players {
        let gone = player.expect("GUILD_DELETE").await;
        assert_eq!(gone["id"], hall.id.to_string());
        assert!(gone.get("unavailable").is_none(), "{gone}");
    }
}

#[tokio::test]
async fn a_guild_made_while_its_members_are_connected_appears_to_them() {
    let world = World::new().await;
    let [owner] = world.users().await;
    let mut player = world.join(&owner).await;
    let hall = world.guild(&[&owner]).await;
    assert_eq!(player.expect("GUILD_CREATE").await["id"], hall.id.to_string());
    world.post(hall, &owner, "first").await;
    player.expect_message("first").await;
}
