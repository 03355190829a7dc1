//! Links at work: pings, closes, refusals, wires, blocked sockets, and moving between threads.

use std::future::poll_fn;
use std::rc::Rc;

use flate2::{Decompress, FlushDecompress};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use throng_ports::link::{Arrival, Dispatch, Lane, Link, Received};
use throng_proto::wire::{Body, Wire};
use throng_transport_websocket::testing::ClientFrame;
use throng_transport_websocket::{Config, Kind, WebSocketLink};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{UPGRADE, listen, open, open_bare, read_all};

async fn linked() -> (Rc<dyn Link>, WebSocketStream<TcpStream>) {
    let (arrival, client) = open(Config::default()).await;
    (arrival.arrive().unwrap(), client)
}

async fn linked_bare() -> (Rc<dyn Link>, TcpStream) {
    let (arrival, client) = open_bare(Config::default()).await;
    (arrival.arrive().unwrap(), client)
}

/// Receives what is no filler.
async fn receive(link: &dyn Link) -> Received {
    loop {
        let received = poll_fn(|cx| link.poll_receive(cx)).await;
        if !matches!(received, Received::Filler(_)) {
            return received;
        }
    }
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = ClientFrame::message(Kind::Text, payload);
    frame.first = first;
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

#[tokio::test]
async fn binary_and_text_are_both_payloads() {
    let (link, mut client) = linked().await;
    for message in [Message::text("{}"), Message::binary(b"{}".to_vec())] {
        client.send(message).await.unwrap();
        assert_eq!(receive(&*link).await, Received::Payload(b"{}".to_vec()));
    }
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered_at_once() {
    let (link, mut client) = linked_bare().await;
    for part in [frame(0x01, b"ab"), frame(0x89, b"?"), frame(0x8a, b"!"), frame(0x80, b"cd")] {
        client.write_all(&part).await.unwrap();
    }
    assert_eq!(receive(&*link).await, Received::Payload(b"abcd".to_vec()));
    let mut pong = [0; 3];
    client.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\x8a\x01?");
}

/// RFC 6455 section 5.5.3 lets an endpoint answer only the last ping.
#[tokio::test]
async fn frames_that_are_no_payload_are_counted_and_the_last_ping_is_answered() {
    let (link, mut client) = linked_bare().await;
    let mut flood: Vec<u8> = Vec::new();
    for number in 0..50_u8 {
        flood.extend(frame(0x89, &[number]));
        flood.extend(frame(0x8a, b""));
    }
    flood.extend(frame(0x01, b""));
    for _ in 0..98 {
        flood.extend(frame(0x00, b""));
    }
    flood.extend(frame(0x00, b"a"));
    flood.extend(frame(0x80, b"b"));
    client.write_all(&flood).await.unwrap();
    let mut counted = 0;
    let payload = loop {
        match poll_fn(|cx| link.poll_receive(cx)).await {
            Received::Filler(frames) => counted += frames,
            other => break other,
        }
    };
    assert_eq!((counted, payload), (200, Received::Payload(b"ab".to_vec())));
    let mut last = Vec::new();
    while !last.ends_with(&[0x8a, 1, 49]) {
        last.push(client.read_u8().await.unwrap());
    }
    assert!(last.len() <= 3 * 50, "each ping is answered once at most");
}

#[tokio::test]
async fn who_only_sends_fillers_can_be_closed_before_all_of_them_are_read() {
    let (link, mut client) = linked_bare().await;
    let flood = frame(0x89, b"").repeat(5_000);
    client.write_all(&flood).await.unwrap();
    let told = poll_fn(|cx| link.poll_receive(cx)).await;
    assert_eq!(told, Received::Filler(128));
    link.close(4008, "Too many.");
    let (mut reading, mut writing) = client.into_split();
    let flooding = async { while writing.write_all(&flood).await.is_ok() {} };
    let ended = async {
        while poll_fn(|cx| link.poll_receive(cx)).await != Received::Lost {}
        drop(link);
    };
    // It does not have to be told, but it is not read for ever.
    let _reset = tokio::join!(flooding, ended, async {
        let mut rest = Vec::new();
        reading.read_to_end(&mut rest).await
    });
}

#[tokio::test]
async fn broken_rules_are_answered_with_their_code_and_lost() {
    let cases: [(&[u8], u16); 8] = [
        (&frame(0xc1, b"compressed"), 1002),
        (&frame(0x83, b"reserved"), 1002),
        (&frame(0x80, b"goes on with nothing"), 1002),
        (&frame(0x88, &[1]), 1002),
        (&frame(0x88, &1005_u16.to_be_bytes()), 1002),
        (&frame(0x88, b"\x03\xe8\xff"), 1007),
        (&frame(0x81, b"\xff"), 1007),
        (b"\x81\x02hi", 1002),
    ];
    for (bytes, code) in cases {
        let (link, mut client) = linked_bare().await;
        client.write_all(bytes).await.unwrap();
        assert_eq!(receive(&*link).await, Received::Lost);
        drop(link);
        let [high, low] = code.to_be_bytes();
        assert_eq!(read_all(&mut client).await, [0x88, 2, high, low], "{bytes:?}");
    }
}

#[tokio::test]
async fn invalid_text_is_refused_before_its_frame_ends() {
    let (link, mut client) = linked_bare().await;
    let bytes = frame(0x81, b"\xce\xba\xf4\x90\x80\x80 and more");
    client.write_all(&bytes[..10]).await.unwrap();
    assert_eq!(receive(&*link).await, Received::Lost);
    assert_eq!(read_all(&mut client).await, b"\x88\x02\x03\xef");
}

#[tokio::test]
async fn a_long_message_is_reported_and_the_reason_reaches_the_client() {
    let (link, mut client) = linked_bare().await;
    client.write_all(&frame(0x81, &[b'x'; 15_360])).await.unwrap();
    assert_eq!(receive(&*link).await, Received::Payload(vec![b'x'; 15_360]));
    let long = frame(0x81, &[b'x'; 15_361]);
    client.write_all(&long[..1_000]).await.unwrap();
    assert_eq!(receive(&*link).await, Received::TooLong);
    link.close(4002, "");
    client.write_all(&long[1_000..]).await.unwrap();
    let (end, said) = tokio::join!(receive(&*link), async {
        let said = read_all(&mut client).await;
        drop(client);
        said
    });
    assert_eq!(said, b"\x88\x02\x0f\xa2");
    assert_eq!(end, Received::Lost);
}

#[tokio::test]
async fn a_close_without_a_code_is_echoed_without_one() {
    let (link, mut client) = linked_bare().await;
    client.write_all(&frame(0x88, b"")).await.unwrap();
    assert_eq!(receive(&*link).await, Received::Closed(None));
    drop(link);
    assert_eq!(read_all(&mut client).await, [0x88, 0]);
}

#[tokio::test]
async fn a_vanished_client_is_lost() {
    let (link, client) = linked_bare().await;
    drop(client);
    assert_eq!(receive(&*link).await, Received::Lost);
}

#[tokio::test]
async fn long_reasons_are_cut_between_characters() {
    let (link, mut client) = linked().await;
    link.close(4000, &"\u{20ac}".repeat(60));
    let Some(Ok(Message::Close(Some(close)))) = client.next().await else { panic!("no close") };
    assert_eq!(close.reason.chars().count(), 41);
}

#[tokio::test]
async fn golden_bytes_of_a_batch() {
    let (link, mut client) = linked_bare().await;
    let body = Body::dispatch("A", "1");
    let dispatches = [1, 2].map(|sequence| Dispatch { sequence, lane: Lane::Session, body: &body });
    assert_eq!(link.send(&dispatches).unwrap(), 2);
    link.send_control(r#"{"op":11}"#).unwrap();
    let said =
        b"\x81\x1c{\"s\":1,\"op\":0,\"t\":\"A\",\"d\":1}\x81\x1c{\"s\":2,\"op\":0,\"t\":\"A\",\
        \"d\":1}\x81\x09{\"op\":11}";
    let mut read = vec![0; said.len()];
    client.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(said));
    assert_eq!(link.bytes().sent, said.len() as u64);
}

/// What a client of a wire decodes, payload by payload.
enum Decoder {
    Payload,
    Stream(Decompress),
    Zstd(zstd_safe::DCtx<'static>),
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8]) -> String {
        let mut out = Vec::with_capacity(64 * 1024);
        match self {
            Self::Payload => {
                let mut whole = Decompress::new(true);
                whole.decompress_vec(bytes, &mut out, FlushDecompress::Finish).unwrap();
            }
            Self::Stream(stream) => {
                assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
                stream.decompress_vec(bytes, &mut out, FlushDecompress::Sync).unwrap();
            }
            Self::Zstd(stream) => {
                let mut input = zstd_safe::InBuffer::around(bytes);
                let mut output = zstd_safe::OutBuffer::around(&mut out);
                while input.pos < bytes.len() {
                    stream.decompress_stream(&mut output, &mut input).unwrap();
                }
            }
        }
        String::from_utf8(out).unwrap()
    }
}

#[tokio::test]
async fn compressed_wires_read_as_text_through_one_decoder() {
    let wires = [
        (Wire::PayloadZlib, Decoder::Payload),
        (Wire::ZlibStream, Decoder::Stream(Decompress::new(true))),
        (Wire::ZstdStream, Decoder::Zstd(zstd_safe::DCtx::create())),
    ];
    for (wire, mut decoder) in wires {
        let (link, mut client) = linked().await;
        // A wire that changes before anything was sent starts as if it had always been so.
        link.set_wire(Wire::ZlibStream);
        link.set_wire(wire);
        link.send_control(r#"{"op":10}"#).unwrap();
        let bodies =
            [0, 1, 2].map(|n| Body::dispatch("T", &format!("\"{}\"", "ab".repeat(n * 50))));
        // More than one call takes, so that the batches meet.
        let dispatches: Vec<_> = (1..=100)
            .map(|n| Dispatch { sequence: n, lane: Lane::Session, body: &bodies[n as usize % 3] })
            .collect();
        assert_eq!(link.send(&dispatches).unwrap(), 100);
        let mut texts = vec![r#"{"op":10}"#.to_owned()];
        texts.extend(dispatches.iter().map(|one| {
            format!("{{\"s\":{},{}", one.sequence, String::from_utf8_lossy(&one.body.text()))
        }));
        for text in texts {
            let Some(Ok(Message::Binary(bytes))) = client.next().await else { panic!("binary") };
            assert_eq!(decoder.decode(&bytes).trim_end(), text, "{wire:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_starts_with_a_dispatch_carries_its_header() {
    let (link, mut client) = linked().await;
    link.set_wire(Wire::ZlibStream);
    let body = Body::dispatch("T", "{}");
    link.send(&[1, 2].map(|sequence| Dispatch { sequence, lane: Lane::Session, body: &body }))
        .unwrap();
    let mut decoder = Decoder::Stream(Decompress::new(true));
    for sequence in [1, 2] {
        let Some(Ok(Message::Binary(bytes))) = client.next().await else { panic!("binary") };
        assert!(decoder.decode(&bytes).starts_with(&format!("{{\"s\":{sequence},")));
    }
}

#[tokio::test]
async fn a_queued_close_leaves_while_the_link_is_only_read() {
    let (link, mut client) = linked().await;
    let body = Body::dispatch("T", &format!("\"{}\"", "x".repeat(100_000)));
    let mut sequence = 0;
    loop {
        if link.send(&[Dispatch { sequence, lane: Lane::Session, body: &body }]).unwrap() == 1 {
            sequence += 1;
        } else if poll_fn(|cx| link.poll_flush(cx)).now_or_never().is_none() {
            // Somebody began to flush and goes away.
            break;
        }
    }
    link.close(4000, "slow");
    let (end, count) = tokio::join!(receive(&*link), async {
        let mut count = 0;
        while let Some(Ok(message)) = client.next().await {
            count += u32::from(message.is_text());
        }
        count
    });
    assert_eq!(end, Received::Closed(Some(4000)));
    // The last one may have been refused whole or cut and kept.
    assert!(count == sequence || count == sequence + 1, "{count} of {sequence}");
}

#[tokio::test]
async fn a_link_moves_to_another_thread_in_the_middle_of_a_message() {
    let (arrival, mut client) = open_bare(Config::default()).await;
    let link = arrival.arrive().unwrap();
    // Two whole messages, and a third of which a fragment and half a character are there.
    let mut bytes = [frame(0x81, b"one"), frame(0x81, b"two")].concat();
    let third = [frame(0x01, b"th\xc3"), frame(0x80, b"\xbcree")].concat();
    bytes.extend_from_slice(&third[..12]);
    client.write_all(&bytes).await.unwrap();
    assert_eq!(receive(&*link).await, Received::Payload(b"one".to_vec()));
    link.set_wire(Wire::ZlibStream);
    link.send_control("hello").unwrap();
    let before = link.bytes();
    let arrival = link.depart().unwrap();
    assert!(link.depart().is_none());
    assert_eq!(receive(&*link).await, Received::Lost);
    let elsewhere = std::thread::spawn(move || elsewhere(arrival, before.received));
    client.write_all(&third[12..]).await.unwrap();
    let mut decoder = Decoder::Stream(Decompress::new(true));
    for text in ["hello", "again"] {
        let mut header = [0; 2];
        client.read_exact(&mut header).await.unwrap();
        let mut payload = vec![0; usize::from(header[1])];
        client.read_exact(&mut payload).await.unwrap();
        assert_eq!((header[0], decoder.decode(&payload).as_str()), (0x82, text));
    }
    elsewhere.join().unwrap();
}

/// Goes on with a link in a runtime of this thread.
fn elsewhere(arrival: Box<dyn Arrival>, received: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let link = arrival.arrive().unwrap();
        assert!(link.bytes().received >= received);
        assert_eq!(receive(&*link).await, Received::Payload(b"two".to_vec()));
        assert_eq!(receive(&*link).await, Received::Payload("th\u{fc}ree".into()));
        link.send_control("again").unwrap();
    });
}

/// Letters that do not compress to nothing.
fn noise(length: usize) -> String {
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(char::from(b'a' + (*state >> 24) as u8 % 26))
    };
    std::iter::repeat_n((), length).scan(1, |state, ()| step(state)).collect()
}

#[tokio::test]
async fn an_idle_link_holds_no_buffer() {
    assert!(size_of::<WebSocketLink>() <= 120, "{}", size_of::<WebSocketLink>());
    let (mut listener, address) = listen(Config::default());
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(UPGRADE.as_bytes()).await.unwrap();
    let caller = listener.next().await.unwrap();
    let link = caller.greeted().await.unwrap().into_link().unwrap();
    assert!(link.is_idle());
    for bytes in [frame(0x81, b"whole"), [frame(0x01, b"in "), frame(0x80, b"two")].concat()] {
        client.write_all(&bytes).await.unwrap();
        assert!(matches!(receive(&link).await, Received::Payload(_)));
        assert!(link.is_idle());
    }
    link.send_control("{}").unwrap();
    assert!(link.is_idle());
}

#[tokio::test]
async fn a_blocked_reader_loses_and_reorders_nothing() {
    for wire in [Wire::Text, Wire::PayloadZlib] {
        let (link, mut client) = linked().await;
        link.set_wire(wire);
        let body = Body::dispatch("T", &format!("\"{}\"", noise(60_000)));
        let small = Body::dispatch("T", "1");
        let total = 3_000_u32;
        let writing = async {
            let mut next = 1;
            let mut blocked = 0;
            while next <= total {
                let batch: Vec<_> = (next..=total.min(next + 70))
                    .map(|n| Dispatch {
                        lane: Lane::Session,
                        sequence: n,
                        body: if n % 3 == 0 { &small } else { &body },
                    })
                    .collect();
                let taken = link.send(&batch).unwrap();
                next += u32::try_from(taken).unwrap();
                if taken < batch.len() {
                    blocked += 1;
                    poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
                }
            }
            poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
            blocked
        };
        let reading = async {
            for sequence in 1..=total {
                let text = match client.next().await.unwrap().unwrap() {
                    Message::Binary(bytes) => Decoder::Payload.decode(&bytes),
                    message => message.into_text().unwrap().as_str().to_owned(),
                };
                assert!(text.starts_with(&format!("{{\"s\":{sequence},")), "{sequence}");
            }
        };
        let (blocked, ()) = tokio::join!(writing, reading);
        assert!(blocked > 0, "the socket is smaller than what was sent");
    }
}
