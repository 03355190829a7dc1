//! Clients that read more slowly than their guilds speak.

use crate::world::Setup;

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_gets_everything_when_it_resumes() {
    let mut setup = Setup::default();
    setup.config.limits.lag_events_max = 20;
    let world = setup.start().await;
    let [owner, slow, quick] = world.users().await;
    let hall = world.guild(&[&owner, &slow, &quick]).await;
    let mut player = world.join(&slow).await;
    let mut other = world.join(&quick).await;
    player.link.set_capacity(0);
    for number in 0..100 {
        world.post(hall, &owner, &number.to_string()).await;
        other.expect_message(&number.to_string()).await;
    }
    assert_eq!(player.closed().await, Some(4000));
    let (session, account, sequence) = player.lose();
    let mut player = world.resume(&session, &account, sequence).await;
    for number in 0..100 {
        player.expect_message(&number.to_string()).await;
    }
    player.expect("RESUMED").await;
    world.metric_becomes("throng_lagging", |lagging| lagging == 0).await;
}
