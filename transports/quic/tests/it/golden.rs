//! The first bytes of a connection, as PROTOCOL.md shows them.

use quinn::{Connection, TransportConfig};
use throng_ports::link::{Dispatch, Lane};
use throng_proto::gateway;
use throng_proto::id::GuildId;
use throng_proto::throng::{Dispatch as Carried, Message, Open};
use throng_proto::wire::Body;
use throng_transport_quic::Config;

use crate::client::{Client, House};

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;

/// Reads as many bytes as are expected.
async fn expect(stream: &mut quinn::RecvStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(bytes));
}

/// The query with which a client arrives that begins like this.
async fn arrive(frame: &[u8]) -> (String, Client) {
    let mut house = House::new(Config::default());
    let endpoint = house.caller(TransportConfig::default());
    let calling = async {
        let connection: Connection =
            endpoint.connect(house.address, "localhost").unwrap().await.unwrap();
        let (mut control, receive) = connection.open_bi().await.unwrap();
        control.write_all(frame).await.unwrap();
        (connection, control, receive)
    };
    let accepting = async {
        use throng_ports::link::Listener as _;
        house.listener.accept().await.unwrap().greet().await.unwrap()
    };
    let ((connection, control, receive), arrival) = tokio::join!(calling, accepting);
    let query = arrival.query().to_owned();
    let frames = crate::client::Frames::new(receive);
    (query, Client { endpoint: endpoint.clone(), connection, control, frames })
}

#[tokio::test]
async fn the_first_frame_is_the_query() {
    let (query, _client) = arrive(b"\x24\x01{\"open\":{\"v\":10,\"compress\":\"zstd\"}}").await;
    assert_eq!(query, "v=10&encoding=json&compress=zstd-stream");
    let (query, _client) = arrive(b"\x12\x01{\"open\":{\"v\":10}}").await;
    assert_eq!(query, "v=10&encoding=json");
}

#[tokio::test]
async fn golden_bytes_of_a_link() {
    let mut house = House::new(Config::default());
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    let link = arrival.arrive().unwrap();
    let guild = GuildId::new(81_384_788_765_712_384);
    let body = Body::dispatch("A", "1");
    link.send_control(HELLO).unwrap();
    let lanes = [Lane::Session, Lane::Guild(guild), Lane::Ephemeral(guild)];
    let dispatches: Vec<_> =
        (1..).zip(lanes).map(|(sequence, lane)| Dispatch { sequence, lane, body: &body }).collect();
    assert_eq!(link.send(&dispatches).unwrap(), 3);
    link.send_control(r#"{"op":11}"#).unwrap();
    link.close(4000, "bye");

    let control = &mut client.frames.stream;
    expect(control, b"\x2b\x00{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}").await;
    expect(control, b"\x16\x02\"op\":0,\"t\":\"A\",\"d\":1}").await;
    expect(control, b"\x14\x01{\"skipped\":[[3,3]]}").await;
    expect(control, b"\x0a\x00{\"op\":11}").await;
    expect(control, b"\x27\x01{\"close\":{\"code\":4000,\"reason\":\"bye\"}}").await;

    let mut stream = client.connection.accept_uni().await.unwrap();
    let bytes = b"\x01\x01\x21\x23\x08\xc0\x80\x20\x00\x16\x04\"op\":0,\"t\":\"A\",\"d\":1}";
    let read = stream.read_to_end(100).await.unwrap();
    assert_eq!(read.escape_ascii().to_string(), bytes.escape_ascii().to_string());

    let datagram = client.connection.read_datagram().await.unwrap();
    assert_eq!(&datagram[..], b"\x06\x53\x88\"op\":0,\"t\":\"A\",\"d\":1}");
}

#[tokio::test]
async fn a_client_that_asked_gets_the_blocks_that_everybody_shares() {
    let mut house = House::new(Config::default());
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    let link = arrival.arrive().unwrap();
    let asked = Message::Open(Open { v: 10, compress: Some("zstd".to_owned()) });
    let Message::Open(open) = asked else { unreachable!() };
    link.set_wire(gateway::negotiate(&open.query()).unwrap());
    let long = Body::dispatch("TEST", &format!("\"{}\"", "throng ".repeat(200)));
    let short = Body::dispatch("TEST", "1");
    for (sequence, body, compressed) in [(1, &long, true), (2, &short, false)] {
        let dispatch = Dispatch { sequence, lane: Lane::Session, body };
        assert_eq!(link.send(&[dispatch]).unwrap(), 1);
        let Some(throng_proto::throng::Frame::Dispatch(carried)) = client.frames.next().await
        else {
            panic!("no dispatch")
        };
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
