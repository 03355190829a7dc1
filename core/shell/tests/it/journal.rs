//! What journals know before clients do.

use std::sync::Arc;

use throng_plugin_store_memory::MemoryStore;

use crate::world::{RecordedStore, Setup, Witness};

/// F2: nothing is written to a link before the journal has it.
#[tokio::test]
async fn nothing_is_written_to_a_link_before_the_journal_has_it() {
    let witness = Arc::new(Witness::default());
    let store = MemoryStore::new();
    let recorded = RecordedStore::witnessed(store.clone(), Arc::clone(&witness));
    let setup = Setup {
        store,
        seen_as: Some(Arc::new(recorded)),
        witness: Some(Arc::clone(&witness)),
        ..Setup::default()
    };
    let world = setup.start().await;
    let [owner, slow, quick] = world.users().await;
    let hall = world.guild(&[&owner, &slow, &quick]).await;
    let mut slow = world.join(&slow).await;
    let mut quick = world.join(&quick).await;
    slow.link.set_capacity(0);
    for number in 0..100 {
        world.post(hall, &owner, &number.to_string()).await;
        if number % 10 == 0 {
            slow.link.set_capacity(number);
        }
    }
    let (session, account, sequence) = quick.lose();
    quick = world.resume(&session, &account, sequence).await;
    slow.link.set_capacity(1000);
    for number in 0..100 {
        slow.expect_message(&number.to_string()).await;
        quick.expect_message(&number.to_string()).await;
    }
    quick.expect("RESUMED").await;
    let (sent, early) = witness.verdict();
    assert!(sent > 200, "{sent}");
    assert_eq!(early, Vec::<String>::new());
}

#[tokio::test]
async fn sessions_survive_though_segments_of_their_journal_were_discarded() {
    let mut setup = Setup::default();
    setup.config.workers = 1;
    setup.config.replay.segment_bytes = 4096;
    setup.config.replay.events_max = 8;
    let world = setup.start().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut player = world.join(&reader).await;
    for number in 0..200 {
        world.post(hall, &owner, &number.to_string()).await;
        player.expect_message(&number.to_string()).await;
    }
    let (session, account, sequence) = player.lose();
    let store = world.crash().await;
    let world = Setup { store, ..Setup::default() }.start().await;
    let mut player = world.resume(&session, &account, sequence - 3).await;
    for number in 197..200 {
        player.expect_message(&number.to_string()).await;
    }
    player.expect("RESUMED").await;
    world.post(hall, &owner, "after").await;
    player.expect_message("after").await;
}
