//! Links at work: moving between threads and addresses, closing, counting.

use std::rc::Rc;

use quinn::{Connection, ConnectionError, TransportConfig};
use throng_ports::link::{Dispatch, Lane, Link, Received};
use throng_proto::throng::{Close, Frame, Message};
use throng_proto::wire::Body;
use throng_transport_quic::Config;
use tokio::sync::oneshot;

use crate::client::{House, flush, of_guild, open, receive};

fn session(sequence: u32, body: &Body) -> Dispatch<'_> {
    Dispatch { sequence, lane: Lane::Session, body }
}

/// The code and the reason with which the gateway ended a connection.
pub(crate) async fn ended(connection: &Connection) -> (u64, String) {
    match connection.closed().await {
        ConnectionError::ApplicationClosed(close) => {
            let reason = String::from_utf8(close.reason.to_vec()).unwrap();
            (close.error_code.into_inner(), reason)
        }
        other => panic!("ended otherwise: {other}"),
    }
}

#[tokio::test]
async fn a_client_that_changes_its_address_keeps_its_link() {
    let (link, mut client) = open().await;
    let before = link.peer();
    client.send("before").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"before".to_vec()));
    let after = client.rebind();
    assert_ne!(before, after);
    client.send("after").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"after".to_vec()));
    assert_eq!(link.peer(), after);
    let body = Body::dispatch("TEST", "1");
    assert_eq!(link.send(&[session(1, &body)]).unwrap(), 1);
    assert!(client.frames.text().await.starts_with("{\"s\":1,"));
}

#[tokio::test]
async fn a_link_moves_to_a_thread_with_another_runtime() {
    let (link, mut client) = open().await;
    let body = Body::dispatch("TEST", "1");
    assert_eq!(link.send(&[of_guild(1, 1, &body)]).unwrap(), 1);
    client.send("first").await;
    client.send("second").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"first".to_vec()));
    let arrival = link.depart().unwrap();
    assert!(link.depart().is_none());
    assert_eq!(receive(&*link).await, Received::Lost);
    assert_eq!(arrival.query(), "");
    let (done, moved) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let link = arrival.arrive().unwrap();
            let received = receive(&*link).await;
            let body = Body::dispatch("TEST", "2");
            assert_eq!(link.send(&[of_guild(1, 2, &body)]).unwrap(), 1);
            flush(&*link).await;
            done.send((received, link.depart().unwrap())).unwrap();
        });
    });
    let (received, back) = moved.await.unwrap();
    assert_eq!(received, Received::Payload(b"second".to_vec()));
    let link = back.arrive().unwrap();
    assert_eq!(link.send(&[of_guild(1, 3, &body)]).unwrap(), 1);
    let (_, mut frames) = client.guild().await;
    for sequence in 1..=3 {
        assert!(frames.text().await.starts_with(&format!("{{\"s\":{sequence},")));
    }
    thread.join().unwrap();
}

#[tokio::test]
async fn a_link_that_lets_go_after_its_close_ends_the_connection_with_the_code() {
    let (link, client) = open().await;
    link.close(4009, "Session timed out.");
    drop(link);
    assert_eq!(ended(&client.connection).await, (4009, "Session timed out.".to_owned()));
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    let (link, mut client) = open().await;
    let close = Message::Close(Close { code: 4321, reason: "enough".to_owned() });
    client.control.write_all(&close.frame()).await.unwrap();
    assert_eq!(receive(&*link).await, Received::Closed(Some(4321)));
    assert_eq!(ended(&client.connection).await, (4321, "enough".to_owned()));
    assert_eq!(receive(&*link).await, Received::Lost);
    assert!(link.send_control("{}").is_err());
    assert!(link.depart().is_none());
}

#[tokio::test]
async fn a_bare_end_of_the_connection_counts_by_its_code() {
    for (code, received) in [
        (1000, Received::Closed(Some(1000))),
        (4000, Received::Closed(Some(4000))),
        (0, Received::Lost),
        (70_000, Received::Lost),
    ] {
        let (link, client) = open().await;
        client.connection.close(u32::into(code), b"");
        assert_eq!(receive(&*link).await, received);
        assert!(link.send_control("{}").is_err());
    }
}

#[tokio::test]
async fn payloads_after_our_close_are_not_received() {
    let (link, mut client) = open().await;
    link.close(4000, "");
    client.send("late").await;
    let answering = async {
        let close = client.frames.next().await;
        assert!(matches!(close, Some(Frame::Message(Message::Close(_)))));
        client.connection.close(4000_u32.into(), b"");
    };
    let (received, ()) = tokio::join!(receive(&*link), answering);
    assert_eq!(received, Received::Closed(Some(4000)));
}

#[tokio::test]
async fn every_byte_on_the_network_counts() {
    let (link, mut client) = open().await;
    let before = link.bytes();
    client.send(&"x".repeat(1_000)).await;
    receive(&*link).await;
    let body = Body::dispatch("TEST", &"1".repeat(1_000));
    assert_eq!(link.send(&[session(1, &body)]).unwrap(), 1);
    client.frames.text().await;
    let after = link.bytes();
    assert!(after.received > before.received + 1_000);
    assert!(after.sent > before.sent + 1_000);
}

#[tokio::test]
async fn a_slow_reader_loses_and_reorders_nothing() {
    let (arrival, mut client) =
        House::new(Config::default()).open(TransportConfig::default()).await;
    let link: Rc<dyn Link> = arrival.arrive().unwrap();
    let (large, small) = (Body::dispatch("T", &"1".repeat(50_000)), Body::dispatch("T", "1"));
    let total = 300_u32;
    let writing = async {
        let (mut next, mut blocked) = (1, 0);
        while next <= total {
            let body = |n: u32| if n.is_multiple_of(3) { &small } else { &large };
            let batch: Vec<_> =
                (next..=total.min(next + 40)).map(|n| session(n, body(n))).collect();
            let taken = link.send(&batch).unwrap();
            next += u32::try_from(taken).unwrap();
            if taken < batch.len() {
                blocked += 1;
                flush(&*link).await;
            }
        }
        flush(&*link).await;
        blocked
    };
    let reading = async {
        for sequence in 1..=total {
            assert!(client.frames.text().await.starts_with(&format!("{{\"s\":{sequence},")));
        }
    };
    let (blocked, ()) = tokio::join!(writing, reading);
    assert!(blocked > 0, "the window is smaller than what was sent");
}
