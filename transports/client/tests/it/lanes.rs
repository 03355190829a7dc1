//! QUIC's many lanes: guilds that do not wait for each other, and datagrams.

use std::time::Duration;

use serde_json::json;
use throng_client::{Cause, Event, Transport};
use throng_proto::throng::Message;

use crate::gateway::{Gateway, Peer};
use crate::witness::Witness;

const LONG: Duration = Duration::from_secs(60);

async fn begun(gateway: &Gateway) -> (Witness, Peer) {
    let mut witness = Witness::from(gateway.client().only(Transport::Quic).connect().unwrap());
    let peer = gateway.session(Transport::Quic).await;
    witness.ready().await;
    (witness, peer)
}

/// Asks for a heartbeat and returns the sequence up to which everything is settled.
async fn settled(peer: &mut Peer) -> u64 {
    peer.send(json!({"op": 1, "d": null})).await;
    peer.expect(1).await.as_u64().unwrap()
}

fn typing(guild: u64) -> String {
    json!({"guild_id": guild.to_string(), "role_id": "1"}).to_string()
}

impl Peer {
    fn ephemeral(&mut self, s: u32, lifetime: Duration) {
        self.quic().datagram(s, lifetime, "GUILD_ROLE_DELETE", &typing(7));
    }

    async fn skipped(&mut self, ranges: &[(u32, u32)]) {
        self.quic().message(&Message::Skipped(ranges.to_vec())).await;
    }
}

#[tokio::test]
async fn a_guild_does_not_wait_for_another() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.event(8, 3).await;
    peer.event(8, 4).await;
    assert_eq!(witness.sequences(2).await, [3, 4]);
    assert_eq!(settled(&mut peer).await, 1);
    peer.event(7, 2).await;
    assert_eq!(witness.sequences(1).await, [2]);
    assert_eq!(settled(&mut peer).await, 4);
}

#[tokio::test]
async fn resuming_over_a_gap_brings_what_is_missing_and_nothing_twice() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    for s in [3, 5, 6] {
        peer.event(8, s).await;
    }
    assert_eq!(witness.sequences(3).await, [3, 5, 6]);
    drop(peer);
    let (mut peer, resume) = gateway.resumed(Transport::Quic).await;
    assert_eq!(resume["seq"], 1);
    // The guild that was late first, then everything else of the replay.
    for s in [2, 4] {
        peer.event(7, s).await;
    }
    assert_eq!(witness.sequences(2).await, [2, 4]);
    for s in [3, 5, 6, 7] {
        peer.event(8, s).await;
    }
    assert_eq!(witness.sequences(1).await, [7]);
    assert_eq!(settled(&mut peer).await, 7);
}

#[tokio::test]
async fn replays_are_taken_before_resumed_is_said() {
    let gateway = Gateway::start().await;
    let (mut witness, peer) = begun(&gateway).await;
    drop(peer);
    let (mut peer, _) = gateway.resumed(Transport::Quic).await;
    peer.event(7, 2).await;
    assert_eq!(witness.sequences(1).await, [2]);
    peer.resumed(3).await;
    witness.resumed().await;
}

#[tokio::test]
async fn guilds_wait_for_ready() {
    let gateway = Gateway::start().await;
    let mut witness = Witness::from(gateway.client().only(Transport::Quic).connect().unwrap());
    let (mut peer, _) = gateway.identified(Transport::Quic).await;
    peer.event(7, 2).await;
    // The answer shows that the client has had the time to take what came before.
    peer.send(json!({"op": 1, "d": null})).await;
    peer.expect(1).await;
    peer.ready(&gateway.url()).await;
    assert_eq!(witness.sequences(2).await, [1, 2]);
}

#[tokio::test]
async fn skipped_ranges_count_as_settled() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.event(7, 6).await;
    assert_eq!(witness.sequences(1).await, [6]);
    peer.skipped(&[(2, 3), (5, 5)]).await;
    assert_eq!(settled(&mut peer).await, 3);
    peer.skipped(&[(4, 4)]).await;
    assert_eq!(settled(&mut peer).await, 6);
}

#[tokio::test]
async fn datagrams_are_told_once_also_after_their_report() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.ephemeral(2, LONG);
    assert_eq!(witness.sequences(1).await, [2]);
    peer.skipped(&[(2, 3)]).await;
    assert_eq!(settled(&mut peer).await, 3);
    peer.ephemeral(3, LONG);
    peer.ephemeral(3, LONG);
    peer.ephemeral(2, LONG);
    peer.event(7, 4).await;
    assert_eq!(witness.sequences(2).await.iter().filter(|s| **s == 3).count(), 1);
}

#[tokio::test]
async fn a_datagram_that_was_seen_is_not_told_again_by_the_replay() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.ephemeral(2, LONG);
    assert_eq!(witness.sequences(1).await, [2]);
    drop(peer);
    let (mut peer, resume) = gateway.resumed(Transport::Quic).await;
    assert_eq!(resume["seq"], 2);
    for s in [2, 3] {
        peer.event(7, s).await;
    }
    assert_eq!(witness.sequences(1).await, [3]);
}

#[tokio::test]
async fn a_datagram_whose_time_is_over_is_not_told() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.ephemeral(2, Duration::ZERO);
    peer.event(7, 3).await;
    assert_eq!(witness.sequences(1).await, [3]);
}

#[tokio::test]
async fn a_stream_of_a_strange_kind_ends_the_link_not_the_session() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.quic().strange_stream().await;
    let cause = witness.until(|event| match event {
        Event::Reconnecting { cause, .. } => Some(cause.clone()),
        _ => None,
    });
    assert!(matches!(cause.await, Cause::Violation(_)));
    let (_, resume) = gateway.resumed(Transport::Quic).await;
    assert_eq!(resume["seq"], 1);
}

#[tokio::test]
async fn a_connection_that_ends_with_a_code_counts_as_closed() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway).await;
    peer.quic().end(4009, "Session timed out.");
    let (mut peer, _) = gateway.resumed(Transport::Quic).await;
    peer.resumed(2).await;
    witness.resumed().await;
}
