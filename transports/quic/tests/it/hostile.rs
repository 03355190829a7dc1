//! Clients that break rules on an open link.

use quinn::VarInt;
use throng_ports::link::Received;
use throng_proto::throng::{self, Head, Message, Open};
use throng_proto::wire::Body;

use crate::client::{of_guild, open, receive};
use crate::flow::ended;

#[tokio::test]
async fn garbage_on_the_control_stream_ends_the_link() {
    let again = Message::Open(Open { v: 10, compress: None }).frame();
    let skipped = Message::Skipped(vec![(1, 1)]).frame();
    let dispatch = throng::whole(Head::Dispatch { sequence: 1, compressed: false }, b"{}");
    let unknown = throng::whole(Head::Message, br#"{"what":1}"#);
    let endless = b"\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00";
    for bytes in [again.as_slice(), &skipped, &dispatch, &unknown, endless, b"\x00"] {
        let (link, mut client) = open().await;
        client.send("{}").await;
        client.control.write_all(bytes).await.unwrap();
        assert_eq!(receive(&*link).await, Received::Payload(b"{}".to_vec()));
        assert_eq!(receive(&*link).await, Received::Lost);
        let (code, reason) = ended(&client.connection).await;
        assert_eq!(code, 4002, "{reason}");
        assert!(!reason.is_empty());
    }
}

#[tokio::test]
async fn an_oversized_frame_is_reported_and_the_reason_reaches_the_client() {
    let (link, mut client) = open().await;
    client.send(&"x".repeat(15_360)).await;
    assert_eq!(receive(&*link).await, Received::Payload(vec![b'x'; 15_360]));
    let long = throng::whole(Head::Payload, &[b'x'; 15_361]);
    client.control.write_all(&long[..1_000]).await.unwrap();
    assert_eq!(receive(&*link).await, Received::TooLong);
    link.close(4002, "Too long.");
    let said = async {
        client.control.write_all(&long[1_000..]).await.unwrap();
        let said = client.frames.next().await;
        client.connection.close(VarInt::from_u32(4002), b"");
        said
    };
    let (received, said) = tokio::join!(receive(&*link), said);
    let close = throng::Close { code: 4002, reason: "Too long.".to_owned() };
    assert_eq!(said, Some(throng::Frame::Message(Message::Close(close))));
    assert_eq!(received, Received::Closed(Some(4002)));
}

#[tokio::test]
async fn a_control_stream_that_ends_without_a_close_ends_the_link() {
    for reset in [false, true] {
        let (link, mut client) = open().await;
        if reset {
            client.control.reset(VarInt::from_u32(1)).unwrap();
        } else {
            client.control.finish().unwrap();
        }
        assert_eq!(receive(&*link).await, Received::Lost);
        assert_eq!(ended(&client.connection).await.0, 4002);
    }
}

#[tokio::test]
async fn a_client_that_stops_a_stream_ends_its_link() {
    let (link, client) = open().await;
    let body = Body::dispatch("TEST", "1");
    assert_eq!(link.send(&[of_guild(1, 1, &body)]).unwrap(), 1);
    let (_, mut frames) = client.guild().await;
    frames.stream.stop(VarInt::from_u32(0)).unwrap();
    let mut sequence = 1;
    while link.send(&[of_guild(1, sequence, &body)]).is_ok() {
        sequence += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(receive(&*link).await, Received::Lost);
    assert_eq!(ended(&client.connection).await.0, 4002);
}

#[tokio::test]
async fn a_vanished_client_is_lost() {
    let (link, client) = open().await;
    drop(client);
    assert_eq!(receive(&*link).await, Received::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_is_lost_after_its_time() {
    let (link, client) = open().await;
    client.endpoint.rebind_abstract(std::sync::Arc::new(crate::relay::Nowhere)).unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(receive(&*link).await, Received::Lost);
    // Both sides say how long they wait, and the shorter time holds: quinn's 30 seconds.
    assert!(before.elapsed().as_secs() >= 29, "{:?}", before.elapsed());
}
