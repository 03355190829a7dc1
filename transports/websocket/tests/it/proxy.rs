//! Clients behind proxies.

use throng_transport_websocket::Config;
use tokio::io::AsyncWriteExt as _;

use crate::client::{UPGRADE, call};

fn trusting(proxy: &str, proxy_protocol: bool) -> Config {
    let trusted_proxies = vec![proxy.parse().unwrap()];
    Config { trusted_proxies, proxy_protocol, ..Config::default() }
}

/// Sends bytes to a listener, and returns the address of the link that comes of it.
async fn peer_of(config: Config, sent: &str) -> Option<String> {
    let (incoming, mut stream) = call(config).await;
    let asking = async {
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let (arrival, ()) = tokio::join!(async { incoming.greet().await.link() }, asking);
    Some(arrival?.peer().to_string())
}

#[tokio::test]
async fn a_header_of_the_proxy_protocol_names_the_client() {
    let said = format!("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n{UPGRADE}");
    let peer = peer_of(trusting("127.0.0.1", true), &said).await;
    assert_eq!(peer.as_deref(), Some("192.0.2.1:56324"));
}

#[tokio::test]
async fn a_proxy_that_sends_no_header_is_let_go() {
    assert_eq!(peer_of(trusting("127.0.0.1", true), UPGRADE).await, None);
}

#[tokio::test]
async fn nobody_else_may_name_a_client() {
    let said = format!("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n{UPGRADE}");
    assert_eq!(peer_of(trusting("10.0.0.0/8", true), &said).await, None, "it is no request");
    let forwarded = UPGRADE.replacen("\r\n", "\r\nX-Forwarded-For: 192.0.2.1\r\n", 1);
    let peer = peer_of(trusting("10.0.0.0/8", false), &forwarded).await.unwrap();
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
    let peer = peer_of(trusting("127.0.0.0/8", false), &forwarded).await.unwrap();
    assert_eq!(peer, "192.0.2.1:0");
}
