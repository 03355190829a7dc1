//! The first bytes of a connection, as PROTOCOL.md shows them.

use quinn::{RecvStream, TransportConfig};
use throng_ports::link::{Dispatch, Lane, Listener as _, Received};
use throng_proto::gateway;
use throng_proto::id::GuildId;
use throng_proto::throng::{Dispatch as Carried, Frame};
use throng_proto::wire::{Body, Wire};
use throng_transport_quic::Config;

use crate::client::{House, receive};

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;

/// Everything that PROTOCOL.md's example shows of one sender on one stream.
fn example(sender: &str, place: &str) -> Vec<u8> {
    let document = include_str!("../../../../core/docs/PROTOCOL.md");
    let (_, rest) = document.split_once("<!-- throng/1:begin -->\n```\n").unwrap();
    let (lines, _) = rest.split_once("```\n<!-- throng/1:end -->").unwrap();
    lines.lines().filter_map(|line| bytes(line, sender, place)).flatten().collect()
}

/// Reads a line of the example if it is one of these.
fn bytes(line: &str, sender: &str, place: &str) -> Option<Vec<u8>> {
    let line = line.strip_prefix(sender)?.trim_start().strip_prefix(place)?.trim_start();
    let (hex, text) = line.split_at(line.find(['{', '"']).unwrap());
    let hex = hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap());
    Some(hex.chain(text.bytes()).collect())
}

#[tokio::test]
async fn the_example_of_the_document_is_what_travels() {
    let mut house = House::new(Config::default());
    let endpoint = house.caller(TransportConfig::default());
    let said = example("client", "control");
    let calling = async {
        let connection = endpoint.connect(house.address, "localhost").unwrap().await.unwrap();
        let (mut control, receive) = connection.open_bi().await.unwrap();
        control.write_all(&said).await.unwrap();
        (connection, control, receive)
    };
    let arriving = async { house.listener.accept().await.unwrap().greet().await.link().unwrap() };
    let ((connection, _control, mut control), arrival) = tokio::join!(calling, arriving);

    assert_eq!(arrival.query(), "v=10&encoding=json&compress=zstd-stream");
    let wire = gateway::negotiate(arrival.query()).unwrap().wire;
    let link = arrival.arrive().unwrap();
    link.set_wire(wire);
    link.send_control(HELLO).unwrap();
    let guild = GuildId::new(81_384_788_765_712_384);
    let body = Body::dispatch("A", "1");
    let lanes = [Lane::Session, Lane::Guild(guild), Lane::Ephemeral(guild)];
    let dispatches: Vec<_> =
        (1..).zip(lanes).map(|(sequence, lane)| Dispatch { sequence, lane, body: &body }).collect();
    assert_eq!(link.send(&dispatches).unwrap(), 3);
    assert_eq!(receive(&*link).await, Received::Payload(br#"{"op":1,"d":2}"#.to_vec()));
    link.send_control(r#"{"op":11}"#).unwrap();
    link.close(4000, "bye");

    expect(&mut control, &example("gateway", "control")).await;
    let mut stream = connection.accept_uni().await.unwrap();
    expect(&mut stream, &example("gateway", "guild")).await;
    assert_eq!(stream.read_chunk(1, true).await.unwrap(), None, "a close ends it");
    let datagram = connection.read_datagram().await.unwrap();
    assert_eq!(datagram, example("gateway", "datagram"));
}

/// Reads as many bytes as are expected.
async fn expect(stream: &mut RecvStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(read.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

#[tokio::test]
async fn without_compress_a_client_asks_for_text() {
    let (arrival, _client) = House::new(Config::default()).open(TransportConfig::default()).await;
    assert_eq!(arrival.query(), "v=10&encoding=json");
}

#[tokio::test]
async fn a_client_that_asked_gets_the_blocks_that_everybody_shares() {
    let mut house = House::new(Config::default());
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    let link = arrival.arrive().unwrap();
    link.set_wire(Wire::ZstdStream);
    let long = Body::dispatch("TEST", &format!("\"{}\"", "throng ".repeat(200)));
    let short = Body::dispatch("TEST", "1");
    for (sequence, body, compressed) in [(1, &long, true), (2, &short, false)] {
        let dispatch = Dispatch { sequence, lane: Lane::Session, body };
        assert_eq!(link.send(&[dispatch]).unwrap(), 1);
        let Some(Frame::Dispatch(carried)) = client.frames.next().await else { panic!() };
        let shared = if compressed { body.segments()[0].zstd().clone() } else { body.text() };
        assert_eq!(carried, Carried { sequence, compressed, body: shared });
        let text = String::from_utf8(carried.text(4096).unwrap()).unwrap();
        let whole = format!("{{\"s\":{sequence},{}", String::from_utf8_lossy(&body.text()));
        assert_eq!(text.trim_end(), whole);
    }
    // Payloads that one session gets are text all the same.
    link.send_control(HELLO).unwrap();
    assert_eq!(client.frames.text().await, HELLO);
}
