//! G1 from end to end: nobody hears of anything before the store has it.

use throng_ports::store::StoreError;
use throng_proto::refusal::Refusal;

use crate::world::{World, patient};

/// G1: an answer or a delivery before the commit would be a message that a crash takes back.
#[tokio::test]
async fn a_post_is_neither_answered_nor_delivered_before_its_commit() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.store.hold_commits();
    let held = world.begin_post(hall, &owner, "held").await;
    // Typing needs no commit, and comes from the same guild after the post was taken.
    let typing = throng_proto::command::Command::Typing(hall.channel);
    world.command(hall.id, &owner, typing).await.unwrap();
    player.expect("TYPING_START").await;
    assert!(!held.is_finished());
    assert_eq!(player.link.try_recv(), None);
    world.store.release_commits();
    patient(held).await.unwrap().unwrap();
    player.expect_message("held").await;
}

#[tokio::test]
async fn a_post_that_the_store_refuses_is_refused_and_the_next_one_goes_on() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.post(hall, &owner, "before").await;
    world.store.fail_commits(Some(StoreError::Full("no room".to_owned())));
    let refused = patient(world.posting(hall, &owner, "refused")).await;
    assert!(matches!(refused, Err(Refusal::Unavailable { .. })), "{refused:?}");
    world.store.fail_commits(None);
    world.post(hall, &owner, "after").await;
    player.expect_message("before").await;
    player.expect_message("after").await;
}

#[tokio::test]
async fn posts_behind_a_failed_commit_are_answered_each_for_itself() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.store.hold_commits();
    world.store.fail_commits(Some(StoreError::Failed("once".to_owned())));
    let first = world.begin_post(hall, &owner, "first").await;
    let typing = throng_proto::command::Command::Typing(hall.channel);
    world.command(hall.id, &owner, typing).await.unwrap();
    player.expect("TYPING_START").await;
    world.store.fail_commits(None);
    let second = world.begin_post(hall, &owner, "second").await;
    world.store.release_commits();
    assert!(matches!(patient(first).await.unwrap(), Err(Refusal::Unavailable { .. })));
    let second = patient(second).await.unwrap();
    if second.is_ok() {
        player.expect_message("second").await;
    }
    world.post(hall, &owner, "third").await;
    player.expect_message("third").await;
}
