//! Going on with a session on another link.

use serde_json::{Value, json};
use throng_client::{Cause, Event, Transport};

use crate::gateway::{BOTH, CALM, Gateway, Peer, TOKEN};
use crate::witness::Witness;

/// A client over one transport whose session has arrived up to the sequence 3.
async fn begun(gateway: &Gateway, transport: Transport) -> (Witness, Peer) {
    let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
    let mut peer = gateway.session(transport).await;
    peer.event(7, 2).await;
    peer.event(7, 3).await;
    assert_eq!(witness.sequences(3).await, [1, 2, 3]);
    (witness, peer)
}

fn why(event: &Event) -> Option<Cause> {
    match event {
        Event::Reconnecting { cause, .. } => Some(cause.clone()),
        _ => None,
    }
}

fn is_lost(event: &Event) -> Option<()> {
    matches!(event, Event::SessionLost).then_some(())
}

#[tokio::test]
async fn resume_says_who_which_and_where() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (_witness, peer) = begun(&gateway, transport).await;
        drop(peer);
        let (_, resume) = gateway.resumed(transport).await;
        assert_eq!(resume, json!({"token": TOKEN, "session_id": "feed", "seq": 3}));
    }
}

#[tokio::test]
async fn every_resumable_end_is_resumed() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, mut peer) = begun(&gateway, transport).await;
        let mut s = 3;
        for code in [4000, 4001, 4002, 4005, 4008, 4009, 1000, 1001, 1012] {
            peer.close(code, "Come back.").await;
            let (next, resume) = gateway.resumed(transport).await;
            assert_eq!(resume["seq"], s, "{code}");
            let cause = Cause::Closed { code, reason: "Come back.".to_owned() };
            assert_eq!(witness.until(why).await, cause);
            peer = next;
            s += 1;
            peer.resumed(s).await;
            witness.resumed().await;
        }
    }
}

#[tokio::test]
async fn a_gateway_that_drains_is_left_and_resumed() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, mut peer) = begun(&gateway, transport).await;
        peer.send(json!({"op": 7, "d": null})).await;
        assert_eq!(peer.closed().await, Some(4000));
        let (mut peer, resume) = gateway.resumed(transport).await;
        assert_eq!(resume["seq"], 3);
        assert_eq!(witness.until(why).await, Cause::Reconnect);
        peer.resumed(4).await;
        witness.resumed().await;
    }
}

#[tokio::test]
async fn what_comes_again_is_told_once_and_in_order() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, peer) = begun(&gateway, transport).await;
        drop(peer);
        let (mut peer, _) = gateway.resumed(transport).await;
        for s in 2..=6 {
            peer.event(7, s).await;
        }
        peer.resumed(7).await;
        peer.event(7, 8).await;
        assert_eq!(witness.sequences(4).await, [4, 5, 6, 8]);
    }
}

#[tokio::test]
async fn a_session_that_may_be_resumed_later_is() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, peer) = begun(&gateway, transport).await;
        drop(peer);
        let (mut peer, _) = gateway.resumed(transport).await;
        peer.send(json!({"op": 9, "d": true})).await;
        let (mut peer, resume) = gateway.resumed(transport).await;
        assert_eq!(resume["session_id"], "feed");
        peer.resumed(4).await;
        witness.resumed().await;
    }
}

#[tokio::test]
async fn a_session_that_is_gone_makes_room_for_a_new_one() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, peer) = begun(&gateway, transport).await;
        drop(peer);
        let (mut peer, _) = gateway.resumed(transport).await;
        peer.send(json!({"op": 9, "d": false})).await;
        let mut peer = gateway.session(transport).await;
        witness.until(is_lost).await;
        witness.ready().await;
        // Sequences begin anew.
        peer.event(7, 2).await;
        assert_eq!(witness.sequences(1).await, [2]);
    }
}

#[tokio::test]
async fn closes_that_end_the_session_lead_to_a_new_one() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        for code in [4003, 4007, 4015] {
            let (mut witness, peer) = begun(&gateway, transport).await;
            peer.close(code, "Gone.").await;
            let _peer = gateway.session(transport).await;
            witness.until(is_lost).await;
            witness.ready().await;
        }
    }
}

#[tokio::test]
async fn websocket_resumes_where_ready_said() {
    let (gateway, other) = (Gateway::start().await, Gateway::start().await);
    let built = gateway.client().only(Transport::WebSocket);
    let mut witness = Witness::from(built.connect().unwrap());
    let (mut peer, _) = gateway.identified(Transport::WebSocket).await;
    peer.ready(&other.url()).await;
    witness.ready().await;
    drop(peer);
    let (_, resume) = other.resumed(Transport::WebSocket).await;
    assert_eq!(resume["session_id"], "feed");
}

#[tokio::test]
async fn a_resume_address_that_leads_nowhere_is_forgotten() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket);
    let mut witness = Witness::from(built.connect().unwrap());
    let (mut peer, _) = gateway.identified(Transport::WebSocket).await;
    // A port that nobody listens on, because its listener is gone.
    let nowhere = Gateway::start().await.url();
    peer.ready(&nowhere).await;
    witness.ready().await;
    drop(peer);
    let (_, resume) = gateway.resumed(Transport::WebSocket).await;
    assert_eq!(resume["session_id"], "feed");
}

#[tokio::test]
async fn a_gateway_that_breaks_the_protocol_is_left_and_resumed() {
    let gateway = Gateway::start().await;
    let nonsense: [Value; 3] =
        [json!("nonsense"), json!({"op": 0, "s": 4}), json!({"op": 0, "t": "X"})];
    for transport in BOTH {
        for payload in &nonsense {
            let (mut witness, mut peer) = begun(&gateway, transport).await;
            peer.send(payload.clone()).await;
            assert!(matches!(witness.until(why).await, Cause::Violation(_)));
            let mut next = gateway.link(transport).await;
            next.hello(CALM).await;
            next.expect(6).await;
        }
    }
}
