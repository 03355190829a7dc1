//! Moving sessions away before the process ends.

use throng_ports::hub::{Health, Operations as _};

use crate::world::{Setup, World, patient};

#[tokio::test]
async fn a_drain_asks_clients_to_reconnect_and_their_sessions_resume_elsewhere() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    world.post(hall, &owner, "before").await;
    player.expect_message("before").await;
    world.node.drain();
    assert_eq!(world.node.health(), Health::Draining);
    let node = world.node.clone();
    let drained = tokio::spawn(async move { node.drained().await });
    assert_eq!(player.control().await["op"], 7);
    assert_eq!(player.closed().await, Some(4000));
    // A client answers the close with its own.
    player.link.close(Some(1000));
    patient(drained).await.unwrap();
    world.post(hall, &owner, "while away").await;
    let (session, account, sequence) = player.lose();
    let store = world.crash().await;
    let world = Setup { store, ..Setup::default() }.start().await;
    let mut player = world.resume(&session, &account, sequence).await;
    player.expect_message("while away").await;
    player.expect("RESUMED").await;
}
