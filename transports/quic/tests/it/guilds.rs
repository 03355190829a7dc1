//! Streams of guilds: each in order, none waiting for another.

use std::future::poll_fn;
use std::rc::Rc;

use futures_util::FutureExt as _;
use quinn::{TransportConfig, VarInt};
use throng_ports::link::{Dispatch, Lane, Link};
use throng_proto::id::GuildId;
use throng_proto::throng::{Frame, Message};
use throng_proto::wire::Body;
use throng_transport_quic::Config;

use crate::client::{Client, House, flush, of_guild, open, text};

const A: u64 = 1;
const B: u64 = 2;

/// A client that takes 16 KiB of a stream before it must be read.
async fn open_narrow() -> (Rc<dyn Link>, Client) {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(16 * 1024));
    let (arrival, client) = House::new(Config::default()).open(transport).await;
    (arrival.arrive().unwrap(), client)
}

fn kilobyte() -> Body {
    Body::dispatch("TEST", &format!("\"{}\"", "x".repeat(1024)))
}

#[tokio::test]
async fn a_guild_that_is_not_read_does_not_stop_another() {
    let (link, client) = open_narrow().await;
    let body = kilobyte();
    let mut sequence = 0;
    while !link.is_blocked() {
        sequence += 1;
        assert_eq!(link.send(&[of_guild(A, sequence, &body)]).unwrap(), 1);
        let _flushed = poll_fn(|cx| link.poll_flush(cx)).now_or_never();
        tokio::task::yield_now().await;
    }
    let (_, _unread) = client.guild().await;
    for round in 0..50 {
        // The stalled guild goes on as well, as long as its queue has room.
        let batch = [of_guild(A, sequence + 1, &body), of_guild(B, sequence + 2, &body)];
        assert_eq!(link.send(&batch).unwrap(), 2, "round {round}");
        sequence += 2;
        assert!(link.is_blocked());
    }
    let (guild, mut frames) = client.guild().await;
    assert_eq!(guild.value(), B);
    let pumping = poll_fn(|cx| link.poll_flush(cx));
    let reading = async {
        for _ in 0..50 {
            frames.text().await;
        }
    };
    tokio::select! {
        flushed = pumping => panic!("the first guild was flushed: {flushed:?}"),
        () = reading => {}
    }
}

#[tokio::test]
async fn a_guild_over_its_bound_blocks_the_link_until_it_is_read() {
    let (link, client) = open_narrow().await;
    let body = kilobyte();
    let mut sequence = 0;
    while link.send(&[of_guild(A, sequence + 1, &body)]).unwrap() == 1 {
        sequence += 1;
        let _flushed = poll_fn(|cx| link.poll_flush(cx)).now_or_never();
        tokio::task::yield_now().await;
    }
    assert_eq!(link.send(&[of_guild(B, sequence + 1, &body)]).unwrap(), 0, "blocked is blocked");
    let (_, mut first) = client.guild().await;
    let reading = async {
        for expected in 1..=sequence {
            assert!(first.text().await.starts_with(&format!("{{\"s\":{expected},")));
        }
    };
    tokio::join!(flush(&*link), reading);
    assert_eq!(link.send(&[of_guild(B, sequence + 1, &body)]).unwrap(), 1);
    let (guild, mut second) = client.guild().await;
    assert_eq!(guild.value(), B);
    assert!(second.text().await.starts_with(&format!("{{\"s\":{},", sequence + 1)));
}

#[tokio::test]
async fn guilds_beyond_the_limit_of_streams_use_the_control_stream() {
    let mut transport = TransportConfig::default();
    transport.max_concurrent_uni_streams(VarInt::from_u32(1));
    let (arrival, mut client) = House::new(Config::default()).open(transport).await;
    let link = arrival.arrive().unwrap();
    let body = Body::dispatch("TEST", "1");
    for (sequence, guild) in [(1, A), (2, B), (3, A), (4, B)] {
        assert_eq!(link.send(&[of_guild(guild, sequence, &body)]).unwrap(), 1);
    }
    let (guild, mut frames) = client.guild().await;
    assert_eq!(guild.value(), A);
    for (stream, sequence) in [(&mut frames, 1), (&mut client.frames, 2)] {
        for sequence in [sequence, sequence + 2] {
            assert!(stream.text().await.starts_with(&format!("{{\"s\":{sequence},")));
        }
    }
}

#[tokio::test]
async fn a_close_ends_the_streams_of_guilds_after_what_was_taken() {
    let (link, mut client) = open_narrow().await;
    let body = kilobyte();
    let dispatches: Vec<_> = (1..=60).map(|sequence| of_guild(A, sequence, &body)).collect();
    assert_eq!(link.send(&dispatches).unwrap(), 60);
    link.close(4000, "");
    let reading = async {
        let (_, mut frames) = client.guild().await;
        let mut count = 0;
        while frames.next().await.is_some() {
            count += 1;
        }
        client.connection.close(4000_u32.into(), b"");
        count
    };
    let (received, count) = tokio::join!(crate::client::receive(&*link), reading);
    assert_eq!(count, 60, "the stream ended and nothing was lost");
    assert_eq!(received, throng_ports::link::Received::Closed(Some(4000)));
    assert!(matches!(client.frames.next().await, Some(Frame::Message(Message::Close(_)))));
}

fn ephemeral(sequence: u32, body: &Body) -> Dispatch<'_> {
    Dispatch { sequence, lane: Lane::Ephemeral(GuildId::new(A)), body }
}

#[tokio::test]
async fn ephemeral_events_travel_as_datagrams_and_are_settled_in_ranges() {
    let (link, mut client) = open().await;
    let body = Body::dispatch("TYPING_START", "{}");
    for sequence in [1, 2, 4] {
        assert_eq!(link.send(&[ephemeral(sequence, &body)]).unwrap(), 1);
    }
    for sequence in [1, 2, 4] {
        let bytes = client.connection.read_datagram().await.unwrap();
        let datagram = throng_proto::throng::Datagram::decode(bytes).unwrap();
        assert_eq!(datagram.dispatch.sequence, sequence);
        assert_eq!(datagram.lifetime.as_secs(), 5);
    }
    link.send_control(r#"{"op":11}"#).unwrap();
    let skipped = Frame::Message(Message::Skipped(vec![(1, 2), (4, 4)]));
    assert_eq!(client.frames.next().await, Some(skipped));
    assert_eq!(client.frames.text().await, r#"{"op":11}"#);
}

#[tokio::test]
async fn sixty_four_skipped_sequences_are_reported_at_once() {
    let (link, mut client) = open().await;
    let body = Body::dispatch("TYPING_START", "{}");
    let dispatches: Vec<_> = (1..=100).map(|sequence| ephemeral(sequence, &body)).collect();
    // Many more than the buffer of datagrams holds, so that some are dropped.
    assert_eq!(link.send(&dispatches).unwrap(), 100);
    let skipped = Frame::Message(Message::Skipped(vec![(1, 64)]));
    assert_eq!(client.frames.next().await, Some(skipped));
}

#[tokio::test]
async fn without_room_datagrams_are_dropped_and_still_settled() {
    let config = Config { datagram_queue_bytes_max: 200, ..Config::default() };
    let mut house = House::new(config);
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    let link = arrival.arrive().unwrap();
    let body = Body::dispatch("TYPING_START", "{}");
    let dispatches: Vec<_> = (1..=10).map(|sequence| ephemeral(sequence, &body)).collect();
    assert_eq!(link.send(&dispatches).unwrap(), 10);
    link.send_control("{}").unwrap();
    let skipped = Frame::Message(Message::Skipped(vec![(1, 10)]));
    assert_eq!(client.frames.next().await, Some(skipped));
    client.frames.text().await;
    let mut arrived = 0;
    while client.connection.read_datagram().now_or_never().is_some() {
        arrived += 1;
    }
    assert!((1..10).contains(&arrived), "{arrived} of 10");
}

#[tokio::test]
async fn an_ephemeral_event_that_fits_no_datagram_takes_its_guilds_stream() {
    let mut none = TransportConfig::default();
    none.datagram_receive_buffer_size(None);
    let small = Body::dispatch("PRESENCE_UPDATE", "1");
    let large = Body::dispatch("PRESENCE_UPDATE", &"1".repeat(2_000));
    for (transport, body) in [(none, &small), (TransportConfig::default(), &large)] {
        let (arrival, client) = House::new(Config::default()).open(transport).await;
        let link = arrival.arrive().unwrap();
        let batch = [of_guild(A, 1, body), ephemeral(2, body)];
        assert_eq!(link.send(&batch).unwrap(), 2);
        let (_, mut frames) = client.guild().await;
        for sequence in 1..=2 {
            let text = text(frames.next().await.unwrap());
            assert!(text.starts_with(&format!("{{\"s\":{sequence},")));
        }
    }
}
