//! What panics is contained where it can be.

use std::sync::Arc;

use throng_plugin_store_memory::MemoryStore;
use throng_ports::hub::{Health, Operations as _};
use throng_ports::store::Store as _;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use crate::world::{RecordedStore, Setup, becomes, found, patient};

#[tokio::test]
async fn a_guild_that_panics_is_read_again_and_its_sessions_go_on() {
    recover(false).await;
}

#[tokio::test]
async fn a_guild_that_panics_after_it_changed_hands_is_read_again_too() {
    recover(true).await;
}

/// Has a guild panic, maybe with its second owner, and looks whether it serves again.
async fn recover(handed_off: bool) {
    let store = MemoryStore::new();
    let seen = RecordedStore::panicking(store.clone(), "boom");
    let world = Setup { store, seen_as: Some(Arc::new(seen)), ..Setup::default() }.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let other = world.guild(&[&owner]).await;
    let mut player = world.join(&reader).await;
    world.post(hall, &owner, "before").await;
    player.expect_message("before").await;
    if handed_off {
        world.run(world.node.hand_off(hall.id)).await.expect("nobody else hands it off");
    }
    let answer = patient(world.posting(hall, &owner, "boom")).await;
    assert!(matches!(answer, Err(Refusal::Unavailable { .. })), "{answer:?}");
    world.post(other, &owner, "others go on").await;
    becomes(|| matches!(world.node.health(), Health::Failing(_))).await;
    found(async || world.posting(hall, &owner, "after").await.ok()).await;
    player.expect_message("after").await;
    let (session, account, sequence) = player.lose();
    let mut player = world.resume(&session, &account, sequence - 2).await;
    player.expect_message("before").await;
    player.expect_message("after").await;
    player.expect("RESUMED").await;
    becomes(|| matches!(world.node.health(), Health::Degraded(_))).await;
    assert_eq!(world.metric("throng_troubles"), 1);
}

/// Its task ends after the store has made the deletion, and before anybody was told.
#[tokio::test]
async fn a_guild_that_panics_when_it_was_just_deleted_is_taken_from_its_sessions() {
    let store = MemoryStore::new();
    let seen = RecordedStore::panicking(store.clone(), "boom");
    let world = Setup { store: store.clone(), seen_as: Some(Arc::new(seen)), ..Setup::default() };
    let world = world.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    store.commit(vec![Write::GuildDelete(hall.id)]).await.expect("it is in memory");
    let answer = patient(world.posting(hall, &owner, "boom")).await;
    assert!(matches!(answer, Err(Refusal::Unavailable { .. })), "{answer:?}");
    player.expect("GUILD_DELETE").await;
}
