//! The suite that every transport's links pass.

use throng_ports::link::Arrival;
use throng_ports::link::conformance::{self, Bench, twin};
use throng_transport_websocket::Config;

use crate::client::{Peer, open};

struct WebSocket;

impl Bench for WebSocket {
    type Peer = Peer;

    async fn open(&self) -> (Box<dyn Arrival>, Peer) {
        let (arrival, client) = open(Config::default()).await;
        (arrival, Peer::new(client))
    }
}

#[tokio::test]
async fn websocket_links_pass_the_suite_of_links() {
    conformance::all(&WebSocket).await;
}

#[tokio::test]
async fn the_suite_notices_broken_links_of_websocket() {
    twin::all_with_wires(&WebSocket).await;
}
