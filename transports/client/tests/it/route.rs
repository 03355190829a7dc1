//! Which way leads to the gateway.

use std::time::Duration;

use serde_json::json;
use throng_client::{BuildError, Cause, Client, Event, Fingerprint, Transport, Trust};
use tokio::net::UdpSocket;

use crate::gateway::{BOTH, CALM, Gateway, TOKEN};
use crate::witness::Witness;

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3_600);

/// Returns the wait before the next attempt, and why it is needed.
fn waiting(event: &Event) -> Option<(Duration, Cause)> {
    match event {
        Event::Reconnecting { after, cause } => Some((*after, cause.clone())),
        _ => None,
    }
}

fn connected(event: &Event) -> Option<Transport> {
    match event {
        Event::Connected { transport } => Some(*transport),
        _ => None,
    }
}

#[tokio::test]
async fn a_session_goes_on_over_the_other_transport_and_back() {
    let gateway = Gateway::start().await;
    // Both run at once, and the one that the gateway greets wins.
    let built = gateway.client().head_start(Duration::ZERO);
    let mut witness = Witness::from(built.connect().unwrap());
    let (mut peer, identify) = gateway.introduced(Transport::WebSocket).await;
    assert_eq!(identify["op"], 2);
    peer.ready(&gateway.url()).await;
    peer.event(7, 2).await;
    assert_eq!(witness.until(connected).await, Transport::WebSocket);
    assert_eq!(witness.sequences(2).await, [1, 2]);
    let mut s = 2;
    for next in [Transport::Quic, Transport::WebSocket, Transport::Quic] {
        drop(peer);
        let resume;
        (peer, resume) = gateway.introduced(next).await;
        assert_eq!((&resume["op"], &resume["d"]["seq"]), (&json!(6), &json!(s)));
        // The last event comes again.
        peer.event(7, s).await;
        peer.event(7, s + 1).await;
        peer.resumed(s + 2).await;
        assert_eq!(witness.until(connected).await, next);
        let mut seen = (0, false);
        while seen != (u64::from(s) + 1, true) {
            match witness.next().await {
                Event::Resumed => seen.1 = true,
                event => seen.0 = event.sequence().unwrap(),
            }
        }
        s += 2;
    }
}

#[tokio::test]
async fn quic_wins_within_its_head_start() {
    let gateway = Gateway::start().await;
    let built = gateway.client().head_start(NEVER);
    let mut witness = Witness::from(built.connect().unwrap());
    let _peer = gateway.session(Transport::Quic).await;
    assert_eq!(witness.connected().await, Transport::Quic);
}

#[tokio::test]
async fn websocket_wins_where_udp_leads_nowhere() {
    let gateway = Gateway::start().await;
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let built = gateway.client().quic(address, "localhost").head_start(Duration::from_millis(1));
    let mut witness = Witness::from(built.connect().unwrap());
    let _peer = gateway.session(Transport::WebSocket).await;
    assert_eq!(witness.connected().await, Transport::WebSocket);
}

#[tokio::test]
async fn websocket_starts_at_once_where_quic_has_failed() {
    let gateway = Gateway::start().await;
    let stranger = Trust::Fingerprint(Fingerprint::new([0; 32]));
    let built = gateway.client().trust(stranger).head_start(NEVER);
    let mut witness = Witness::from(built.connect().unwrap());
    // The handshake fails on the client's side, but the gateway has to take part in it.
    let refused = gateway.link(Transport::Quic);
    let session = gateway.session(Transport::WebSocket);
    tokio::select! {
        _ = refused => panic!("the certificate was taken"),
        _peer = session => assert_eq!(witness.connected().await, Transport::WebSocket),
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let gateway = Gateway::start().await;
    for trust in [Trust::Roots, Trust::Fingerprint(Fingerprint::new([0; 32]))] {
        let built = gateway.client().only(Transport::Quic).trust(trust);
        let mut witness = Witness::from(built.connect().unwrap());
        tokio::select! {
            _ = gateway.link(Transport::Quic) => panic!("the certificate was taken"),
            (_, cause) = witness.until(waiting) => {
                assert!(cause.to_string().contains("certificate"), "{cause}");
            }
        }
    }
}

#[tokio::test]
async fn websocket_over_tls_is_as_strict() {
    let gateway = Gateway::start().await;
    let url = gateway.url().replace("ws://127.0.0.1", "wss://localhost");
    let client = |trust| {
        let built = gateway.client().only(Transport::WebSocket).websocket(&url).trust(trust);
        Witness::from(built.connect().unwrap())
    };
    for trust in [Trust::Loopback, Trust::Fingerprint(gateway.fingerprint())] {
        let mut witness = client(trust);
        let mut peer = gateway.secure_link().await.unwrap();
        peer.hello(CALM).await;
        peer.expect(2).await;
        assert_eq!(witness.connected().await, Transport::WebSocket);
    }
    for trust in [Trust::Roots, Trust::Fingerprint(Fingerprint::new([0; 32]))] {
        let mut witness = client(trust);
        assert!(gateway.secure_link().await.is_none());
        let (_, cause) = witness.until(waiting).await;
        assert!(cause.to_string().contains("certificate"), "{cause}");
    }
}

#[tokio::test]
async fn any_certificate_will_do_on_a_loopback_address() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::Quic).trust(Trust::Loopback);
    let mut witness = Witness::from(built.connect().unwrap());
    let _peer = gateway.session(Transport::Quic).await;
    assert_eq!(witness.connected().await, Transport::Quic);
}

#[tokio::test]
async fn a_gateway_that_is_full_says_when_to_come_back() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket);
    let mut witness = Witness::from(built.connect().unwrap());
    gateway.turn_away(600).await;
    let (after, cause) = witness.until(waiting).await;
    assert!(after >= Duration::from_secs(600), "{after:?} for {cause}");

    let built = gateway.client().only(Transport::Quic);
    let mut witness = Witness::from(built.connect().unwrap());
    gateway.turn_away_quic(700).await;
    let (after, cause) = witness.until(waiting).await;
    assert!(after >= Duration::from_secs(700), "{after:?} for {cause}");
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_tried_until_it_is() {
    let absent = Gateway::start().await.url();
    let built = Client::builder(TOKEN)
        .only(Transport::WebSocket)
        .websocket(absent)
        .backoff(Duration::from_millis(1), Duration::from_millis(1));
    let mut witness = Witness::from(built.connect().unwrap());
    for _ in 0..3 {
        let (_, cause) = witness.until(waiting).await;
        assert!(cause.to_string().contains("WebSocket"), "{cause}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_said_before_anything_is_tried() {
    let error = |built: throng_client::Builder| built.connect().unwrap_err();
    for url in ["", "127.0.0.1:8080", "http://127.0.0.1", "ws://"] {
        let refused = error(Client::builder(TOKEN).websocket(url));
        assert_eq!(refused, BuildError::WebSocket(url.to_owned()));
    }
    for address in ["", "127.0.0.1", "127.0.0.1:port"] {
        let refused = error(Client::builder(TOKEN).quic(address, "localhost"));
        assert_eq!(refused, BuildError::Quic(address.to_owned()));
    }
    let refused = error(Client::builder(TOKEN).quic("127.0.0.1:1", "not a name"));
    assert_eq!(refused, BuildError::ServerName("not a name".to_owned()));
}

#[test]
fn a_client_needs_a_runtime() {
    assert_eq!(Client::builder(TOKEN).connect().unwrap_err(), BuildError::NoRuntime);
}

#[tokio::test]
async fn op_7_instead_of_hello_is_obeyed() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        gateway.link(transport).await.send(json!({"op": 7, "d": null})).await;
        let _peer = gateway.session(transport).await;
        witness.ready().await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_one_transport_is_refused_the_other_is_not_waited_for_long() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let absent = Gateway::start().await.url();
    let built = Client::builder(TOKEN)
        .websocket(absent)
        .quic(silent.local_addr().unwrap().to_string(), "localhost");
    let start = tokio::time::Instant::now();
    let mut witness = Witness::from(built.connect().unwrap());
    let (_, cause) = witness.until(waiting).await;
    assert!(matches!(cause, Cause::Unreachable { .. }), "{cause}");
    // Of the paused clock, which nothing but the client's own timers moves.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
