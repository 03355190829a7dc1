//! Channels that not everybody sees.

use throng_proto::command::{Command, Reply};
use throng_proto::model::{Overwrite, OverwriteKind};
use throng_proto::permissions::Permissions;

use crate::world::World;

#[tokio::test]
async fn an_overwrite_stops_and_starts_delivery_to_clients_that_stay_connected() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let (mut player, mut boss) = (world.join(&reader).await, world.join(&owner).await);
    world.post(hall, &owner, "one").await;
    world.hide(hall, &owner, true).await;
    world.post(hall, &owner, "two").await;
    world.hide(hall, &owner, false).await;
    world.post(hall, &owner, "three").await;
    player.expect_message("one").await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "three") {
        heard.push(player.until("MESSAGE_CREATE").await["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard, ["three"]);
    for content in ["one", "two", "three"] {
        assert_eq!(boss.until("MESSAGE_CREATE").await["content"], content);
    }
}

#[tokio::test]
async fn a_channel_hidden_from_a_role_is_silent_for_whoever_is_given_the_role() {
    let world = World::new().await;
    let [owner, reader, other] = world.users().await;
    let hall = world.guild(&[&owner, &reader, &other]).await;
    let overwrite = Overwrite {
        id: hall.role.cast(),
        kind: OverwriteKind::Role,
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    };
    let put = Command::OverwritePut(hall.channel, overwrite);
    assert_eq!(world.command(hall.id, &owner, put).await, Ok(Reply::nothing()));
    let (mut player, mut witness) = (world.join(&reader).await, world.join(&other).await);
    world.post(hall, &owner, "one").await;
    let role = |add| match add {
        true => Command::MemberRoleAdd(reader.id(), hall.role),
        false => Command::MemberRoleRemove(reader.id(), hall.role),
    };
    world.command(hall.id, &owner, role(true)).await.unwrap();
    world.post(hall, &owner, "two").await;
    world.command(hall.id, &owner, role(false)).await.unwrap();
    world.post(hall, &owner, "three").await;
    for content in ["one", "three"] {
        assert_eq!(player.until("MESSAGE_CREATE").await["content"], content);
    }
    for content in ["one", "two", "three"] {
        assert_eq!(witness.until("MESSAGE_CREATE").await["content"], content);
    }
}
