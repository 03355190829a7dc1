//! Sessions that go on with another link.

use serde_json::json;

use crate::world::{Setup, World};

async fn worlds() -> [World; 2] {
    let mut alone = Setup::default();
    alone.config.workers = 1;
    let mut many = Setup::default();
    many.config.workers = 3;
    [alone.start().await, many.start().await]
}

#[tokio::test]
async fn a_session_resumes_with_exactly_what_it_missed_on_whichever_worker_its_link_arrives() {
    for world in worlds().await {
        let [owner, reader] = world.users().await;
        let hall = world.guild(&[&owner, &reader]).await;
        let mut player = world.join(&reader).await;
        // Each new link arrives on the next worker.
        for round in 0..5 {
            let (session, account, sequence) = player.lose();
            for number in 0..round {
                world.post(hall, &owner, &format!("{round}.{number}")).await;
            }
            player = world.resume(&session, &account, sequence).await;
            for number in 0..round {
                player.expect_message(&format!("{round}.{number}")).await;
            }
            player.expect("RESUMED").await;
            world.post(hall, &owner, "live").await;
            player.expect_message("live").await;
        }
        world.metric_becomes("throng_lagging", |lagging| lagging == 0).await;
    }
}

#[tokio::test]
async fn a_session_may_resume_from_further_back_than_it_read() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    let early = player.sequence;
    for number in 0..5 {
        world.post(hall, &owner, &number.to_string()).await;
        player.expect_message(&number.to_string()).await;
    }
    let (session, account, _) = player.lose();
    let mut player = world.resume(&session, &account, early).await;
    for number in 0..5 {
        player.expect_message(&number.to_string()).await;
    }
    player.expect("RESUMED").await;
}

#[tokio::test]
async fn nobody_resumes_the_session_of_somebody_else() {
    for world in worlds().await {
        let [owner, reader] = world.users().await;
        world.guild(&[&owner, &reader]).await;
        let mut victim = world.join(&reader).await;
        let mut thief = world.resume(&victim.session, &owner, victim.sequence).await;
        let answer = thief.control().await;
        assert_eq!((answer["op"].clone(), answer["d"].clone()), (json!(9), json!(false)));
        victim.beat().await;
    }
}

#[tokio::test]
async fn a_session_that_never_was_or_has_ended_is_invalid_and_the_link_may_identify() {
    for world in worlds().await {
        let [owner] = world.users().await;
        world.guild(&[&owner]).await;
        let mut player = world.join(&owner).await;
        let ended = std::mem::take(&mut player.session);
        player.link.close(Some(1000));
        world.metric_becomes("throng_sessions", |sessions| sessions == 0).await;
        for session in [ended.as_str(), "0123456789abcdef0123456789abcdef", "none"] {
            let mut player = world.resume(session, &owner, 1).await;
            let answer = player.control().await;
            assert_eq!((answer["op"].clone(), answer["d"].clone()), (json!(9), json!(false)));
            player.sequence = 0;
            player.send(2, &crate::world::identify(&owner));
            player.expect("READY").await;
        }
    }
}

#[tokio::test]
async fn a_session_whose_window_of_events_has_passed_is_invalid() {
    let mut setup = Setup::default();
    setup.config.replay.events_max = 4;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let (session, account, sequence) = world.join(&reader).await.lose();
    for number in 0..50 {
        world.post(hall, &owner, &number.to_string()).await;
    }
    let mut player = world.resume(&session, &account, sequence).await;
    assert_eq!(player.control().await["op"], 9);
}

#[tokio::test]
async fn a_sequence_from_the_future_closes_the_link_with_4007() {
    for world in worlds().await {
        let [owner] = world.users().await;
        world.guild(&[&owner]).await;
        let player = world.join(&owner).await;
        let session = player.session.clone();
        let mut ahead = world.resume(&session, &owner, player.sequence + 10).await;
        assert_eq!(ahead.closed().await, Some(4007));
    }
}

#[tokio::test]
async fn a_second_link_takes_a_session_over_and_the_first_is_closed_and_nothing_is_lost() {
    for world in worlds().await {
        let [owner, reader] = world.users().await;
        let hall = world.guild(&[&owner, &reader]).await;
        let mut first = world.join(&reader).await;
        first.link.set_capacity(1);
        for number in 0..10 {
            world.post(hall, &owner, &number.to_string()).await;
        }
        first.expect_message("0").await;
        let (session, sequence) = (first.session.clone(), first.sequence);
        let mut second = world.resume(&session, &reader, sequence).await;
        for number in 1..10 {
            second.expect_message(&number.to_string()).await;
        }
        second.expect("RESUMED").await;
        while first.next().await.is_some() {}
        assert_eq!(first.link.close_code(), Some(4000));
        first.link.close(Some(1000));
        world.post(hall, &owner, "live").await;
        second.expect_message("live").await;
        drop(first);
        world.metric_becomes("throng_links", |links| links == 1).await;
        world.post(hall, &owner, "still live").await;
        second.expect_message("still live").await;
    }
}
