//! A guild that is split over relays.

use crate::world::{Account, Setup};

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
