//! Becoming a link, or not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quinn::{ConnectionError, Endpoint, TransportConfig, TransportErrorCode};
use throng_ports::link::{Incoming, Listener as _};
use throng_proto::throng::{self, Close, Head};
use throng_transport_quic::{BindError, Config, QuicListener};

use crate::client::{House, caller};
use crate::flow::ended;
use crate::relay::{Relay, To};

/// A connection attempt, with the client that makes it.
async fn call(house: &mut House) -> (Box<dyn Incoming>, quinn::Connecting, Endpoint) {
    let endpoint = house.caller(TransportConfig::default());
    let connecting = endpoint.connect(house.address, "localhost").unwrap();
    (house.listener.accept().await.unwrap(), connecting, endpoint)
}

/// What becomes of a client that begins with these bytes.
async fn begins_with(bytes: &[u8]) -> (u64, String) {
    let mut house = House::new(Config::default());
    let (incoming, connecting, _endpoint) = call(&mut house).await;
    let calling = async {
        let connection = connecting.await.unwrap();
        let (mut control, _receive) = connection.open_bi().await.unwrap();
        control.write_all(bytes).await.unwrap();
        control.finish().unwrap();
        ended(&connection).await
    };
    let (arrival, ended) = tokio::join!(async { incoming.greet().await.link() }, calling);
    assert!(arrival.is_none());
    ended
}

#[tokio::test]
async fn a_connection_without_an_open_frame_is_refused() {
    let payload = throng::whole(Head::Payload, br#"{"op":1}"#);
    let broken = throng::whole(Head::Message, b"{}");
    for (bytes, reason) in [
        (payload.as_slice(), "first frame"),
        (&broken, "not valid"),
        (b"\x00", "shorter"),
        (b"\xbf\xff\xff\xff", "too long"),
        (b"\x05", "ended"),
        (b"GET / HTTP/1.1\r\n\r\n", ""),
    ] {
        let (code, said) = begins_with(bytes).await;
        assert_eq!(code, 4002, "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_an_open_frame_in_time_is_dropped() {
    let mut house = House::new(Config { handshake_timeout_secs: 7, ..Config::default() });
    let (incoming, connecting, _endpoint) = call(&mut house).await;
    let before = tokio::time::Instant::now();
    let calling = async { ended(&connecting.await.unwrap()).await };
    let (arrival, (code, reason)) = tokio::join!(async { incoming.greet().await.link() }, calling);
    assert!(arrival.is_none());
    assert_eq!((code, before.elapsed().as_secs()), (4009, 7));
    assert_eq!(reason, "No open frame in time.");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_is_dropped() {
    let mut house = House::new(Config::default());
    let (incoming, connecting, endpoint) = call(&mut house).await;
    // Nothing more comes from the client, not even that it gave up.
    endpoint.rebind_abstract(Arc::new(crate::relay::Nowhere)).unwrap();
    let before = tokio::time::Instant::now();
    assert!(incoming.greet().await.link().is_none());
    assert_eq!(before.elapsed().as_secs(), 10);
    drop(connecting);
}

#[tokio::test]
async fn another_protocol_is_refused_in_the_handshake() {
    let mut house = House::new(Config::default());
    let file = house.directory.path().join("quic-development.pem");
    for protocols in [&[b"h3".as_slice()] as &[&[u8]], &[]] {
        let endpoint = caller(&file, protocols, TransportConfig::default());
        let connecting = endpoint.connect(house.address, "localhost").unwrap();
        let incoming = house.listener.accept().await.unwrap();
        let (arrival, connected) =
            tokio::join!(async { incoming.greet().await.link() }, connecting);
        assert!(arrival.is_none());
        // TLS alert 120: no application protocol.
        let Err(ConnectionError::ConnectionClosed(close)) = connected else { panic!("no alert") };
        assert_eq!(close.error_code, TransportErrorCode::crypto(120));
    }
}

#[tokio::test]
async fn a_refused_client_reads_why_and_when_to_come_back() {
    let mut house = House::new(Config::default());
    let (incoming, connecting, _endpoint) = call(&mut house).await;
    let calling = async { ended(&connecting.await.unwrap()).await };
    let ((), (code, reason)) = tokio::join!(incoming.refuse("Too many.", 5), calling);
    let close = Close { code: u16::try_from(code).unwrap(), reason };
    assert_eq!(close, Close::try_again("Too many.", 5));
}

#[tokio::test]
async fn refusals_that_nobody_has_time_to_explain_are_bare() {
    let mut house = House::new(Config { refusals_max: 0, ..Config::default() });
    let (incoming, connecting, _endpoint) = call(&mut house).await;
    let ((), connected) = tokio::join!(incoming.refuse("Too many.", 5), connecting);
    let Err(ConnectionError::ConnectionClosed(close)) = connected else { panic!("connected") };
    assert_eq!(close.error_code, TransportErrorCode::CONNECTION_REFUSED);
}

#[tokio::test]
async fn in_a_flood_clients_prove_their_address_first() {
    for (handshakes_unproven_max, expected) in [(0, 1), (1, 0)] {
        let mut house = House::new(Config { handshakes_unproven_max, ..Config::default() });
        let retries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&retries);
        let relay = Relay::start(house.address, move |to, packet| {
            // A long header of type 3 in version 1 is a Retry.
            let is_retry = to == To::Client && packet[0] & 0xf0 == 0xf0;
            counted.fetch_add(u32::from(is_retry), Ordering::Relaxed);
            true
        })
        .await;
        let (_arrival, _client) = house.open_at(relay.address, TransportConfig::default()).await;
        assert_eq!(retries.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test]
async fn a_second_stream_is_never_granted() {
    let (link, mut client) = crate::client::open().await;
    let connection = client.connection.clone();
    let meanwhile = async {
        for _ in 0..10 {
            client.send("{}").await;
            crate::client::receive(&*link).await;
        }
    };
    tokio::select! {
        _ = connection.open_bi() => panic!("a bidirectional stream"),
        _ = connection.open_uni() => panic!("a unidirectional stream"),
        () = meanwhile => {}
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_as_such() {
    let house = House::new(Config::default());
    let bound = QuicListener::bind(house.address, house.directory.path(), Config::default());
    let Err(BindError::Socket(error)) = bound else { panic!("bound twice") };
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn links_outlive_their_listener() {
    let mut house = House::new(Config::default());
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    drop(house);
    let link = arrival.arrive().unwrap();
    client.send("{}").await;
    crate::client::receive(&*link).await;
    link.send_control("{}").unwrap();
    assert_eq!(client.frames.text().await, "{}");
}
