//! An application that does not read.

use std::time::Duration;

use serde_json::json;
use throng_client::{Event, Transport};

use crate::gateway::{BOTH, Gateway};
use crate::witness::Witness;

/// Events that the gateway sends: more than every buffer on the way holds together.
const EVENTS: u32 = 2_000;

#[tokio::test]
async fn who_does_not_read_is_not_read_for_but_beats_on() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        // CONNECTED waits, and READY finds no room.
        let built = gateway.client().only(transport).events_max(1);
        let mut witness = Witness::from(built.connect().unwrap());
        let mut peer = gateway.link(transport).await;
        peer.hello(20).await;
        peer.expect(2).await;
        peer.ready(&gateway.url()).await;
        for s in 2..=EVENTS {
            peer.event(7, s).await;
        }
        while peer.beat().await != 1 {}
        // No heartbeat is answered, but as long as nobody listens that is nobody's fault.
        for _ in 0..5 {
            assert_eq!(peer.beat().await, 1);
        }
        assert_eq!(witness.connected().await, transport);
    }
}

#[tokio::test]
async fn who_reads_late_misses_nothing() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let built = gateway.client().only(transport).events_max(8);
        let mut witness = Witness::from(built.connect().unwrap());
        let mut peer = gateway.session(transport).await;
        for s in 2..=EVENTS {
            peer.event(7, s).await;
        }
        let all: Vec<_> = (1..=u64::from(EVENTS)).collect();
        assert_eq!(witness.sequences(all.len()).await, all);
    }
}

#[tokio::test]
async fn who_reads_too_late_for_the_gateway_resumes() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let built = gateway.client().only(transport).events_max(2);
        let mut witness = Witness::from(built.connect().unwrap());
        let mut peer = gateway.session(transport).await;
        // CONNECTED and READY are all there is room for.
        peer.send(json!({"op": 1, "d": null})).await;
        assert_eq!(peer.beat().await, 1);
        for s in 2..=100 {
            peer.event(7, s).await;
        }
        drop(peer);
        let replay = async {
            let (mut peer, resume) = gateway.resumed(transport).await;
            let seq = u32::try_from(resume["seq"].as_u64().unwrap()).unwrap();
            for s in seq + 1..=100 {
                peer.event(7, s).await;
            }
            peer.resumed(101).await;
            peer.event(7, 102).await;
            peer
        };
        let (_peer, seen) = tokio::join!(replay, witness.sequences(101));
        let all: Vec<_> = (1..=100).chain([102]).collect();
        assert_eq!(seen, all);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_is_told_even_if_the_link_breaks_before_there_is_room() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let built = gateway.client().only(transport).events_max(1);
        let mut witness = Witness::from(built.connect().unwrap());
        let mut peer = gateway.link(transport).await;
        peer.hello(20).await;
        peer.expect(2).await;
        peer.ready(&gateway.url()).await;
        while peer.beat().await != 1 {}
        drop(peer);
        // Long enough for heartbeats to run into the end of the link.
        let long = tokio::time::timeout(Duration::from_secs(60), std::future::pending::<()>());
        assert!(long.await.is_err());
        assert_eq!(witness.connected().await, transport);
        assert!(matches!(witness.next().await, Event::Ready(_)));
        assert!(matches!(witness.next().await, Event::Reconnecting { .. }));
    }
}

#[tokio::test]
async fn answers_over_quic_do_not_wait_behind_events() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::Quic).events_max(8);
    let (client, mut events) = built.connect().unwrap();
    let mut peer = gateway.session(Transport::Quic).await;
    for s in 2..=EVENTS {
        peer.event(7, s).await;
    }
    let asked = tokio::spawn(async move { client.request("GET", "/users/@me", None).await });
    let request = peer.request().await;
    peer.answer(&request, 200, json!({"id": "1"})).await;
    assert!(asked.await.unwrap().is_ok());
    assert!(matches!(events.next().await, Some(Event::Connected { .. })));
}

#[tokio::test]
async fn an_application_that_only_publishes_need_not_read() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let built = gateway.client().only(transport).events_max(1);
        let (client, events) = built.connect().unwrap();
        drop(events);
        let mut peer = gateway.session(transport).await;
        for s in 2..=100 {
            peer.event(7, s).await;
        }
        let asked = tokio::spawn(async move { client.request("GET", "/users/@me", None).await });
        let request = peer.request().await;
        peer.answer(&request, 200, json!({"id": "1"})).await;
        assert!(asked.await.unwrap().is_ok());
    }
}
