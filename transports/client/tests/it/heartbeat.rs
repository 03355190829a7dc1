//! Heartbeats: sent, asked for, missed.

use serde_json::{Value, json};
use throng_client::{Cause, Event};

use crate::gateway::{BOTH, CALM, Gateway, Peer, Said};
use crate::witness::Witness;

/// Short enough to wait for.
const QUICK: u64 = 20;

impl Peer {
    /// Waits for a heartbeat and returns the sequence in it.
    pub(crate) async fn beat(&mut self) -> Value {
        match self.said().await {
            Said::Payload(mut payload) if payload["op"] == 1 => payload["d"].take(),
            other => panic!("{other:?} where a heartbeat is due"),
        }
    }
}

#[tokio::test]
async fn heartbeats_come_by_themselves_from_hello_on() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let _client = gateway.client().only(transport).connect().unwrap();
        let mut peer = gateway.link(transport).await;
        peer.hello(QUICK).await;
        peer.expect(2).await;
        assert_eq!(peer.beat().await, Value::Null);
    }
}

#[tokio::test]
async fn a_heartbeat_that_is_asked_for_says_what_has_arrived() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let mut peer = gateway.session(transport).await;
        for s in 2..=4 {
            peer.event(7, s).await;
            witness.until(|event| (event.sequence() == Some(s.into())).then_some(())).await;
            peer.send(json!({"op": 1, "d": null})).await;
            assert_eq!(peer.beat().await, s);
        }
    }
}

#[tokio::test]
async fn an_unanswered_heartbeat_leads_to_another_link() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let mut peer = gateway.link(transport).await;
        peer.hello(QUICK).await;
        peer.expect(2).await;
        peer.ready(&gateway.url()).await;
        let cause = witness.until(|event| match event {
            Event::Reconnecting { cause, .. } => Some(cause.clone()),
            _ => None,
        });
        assert_eq!(cause.await, Cause::Silent);
        assert_eq!(peer.closed().await, Some(4000));
        let mut next = gateway.link(transport).await;
        next.hello(CALM).await;
        assert_eq!(next.expect(6).await["seq"], 1);
    }
}
