//! `throng/1` byte by byte, in any pieces, and under attack.

mod hostile;

use std::time::Duration;

use bytes::{Buf, Bytes};
use proptest::collection::vec;
use proptest::prelude::*;
use smallvec::SmallVec;
use throng_proto::gateway;
use throng_proto::id::GuildId;
use throng_proto::throng::{
    self, BodyError, Close, Datagram, Decoder, Dispatch, Frame, FrameError, Head, Message, Open,
    varint,
};
use throng_proto::wire::{Body, Segment, Wire};

/// More than any frame here.
const BODY_BYTES_MAX: usize = 64 * 1024;

fn encoded(value: u64) -> Vec<u8> {
    let mut out: SmallVec<[u8; 8]> = SmallVec::new();
    varint::encode(value, &mut out);
    out.into_vec()
}

/// Everything up to the end or the first fault.
fn decoded(mut input: impl Buf, bytes_max: usize) -> Result<Vec<Frame>, FrameError> {
    let mut decoder = Decoder::new(bytes_max);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.decode(&mut input)? {
        frames.push(frame);
    }
    assert!(!input.has_remaining(), "a decoder that needs more has taken all");
    Ok(frames)
}

fn close(code: u16, reason: &str) -> Message {
    Message::Close(Close { code, reason: reason.to_owned() })
}

#[test]
fn varints_are_those_of_the_rfc() {
    // RFC 9000 appendix A.1.
    let cases: [(u64, &[u8]); 4] = [
        (151_288_809_941_952_652, &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]),
        (494_878_333, &[0x9d, 0x7f, 0x3e, 0x7d]),
        (15_293, &[0x7b, 0xbd]),
        (37, &[0x25]),
    ];
    for (value, bytes) in cases {
        assert_eq!(encoded(value), bytes);
        assert_eq!(varint::decode(bytes), Some((value, bytes.len())));
    }
    // The same number in more bytes than it needs.
    assert_eq!(varint::decode(&[0x40, 0x25]), Some((37, 2)));
    for (value, length) in [(63, 1), (64, 2), (16_383, 2), (16_384, 4), (varint::MAX, 8)] {
        assert_eq!(encoded(value).len(), length, "{value}");
    }
}

#[test]
fn golden_bytes_of_a_conversation() {
    let open = Message::Open(Open { v: 10, compress: Some("zstd".to_owned()) });
    assert_eq!(open.frame(), b"\x24\x01{\"open\":{\"v\":10,\"compress\":\"zstd\"}}");
    assert_eq!(throng::whole(Head::Payload, br#"{"op":1,"d":7}"#), b"\x0f\x00{\"op\":1,\"d\":7}");
    let body = Body::dispatch("A", "1").text();
    let plain = Head::Dispatch { sequence: 3, compressed: false };
    assert_eq!(throng::whole(plain, &body), b"\x16\x06\"op\":0,\"t\":\"A\",\"d\":1}");
    let compressed = Head::Dispatch { sequence: 100, compressed: true };
    assert_eq!(throng::header(compressed, 70).as_slice(), b"\x40\x48\x40\xc9");
    let skipped = Message::Skipped(vec![(4, 4), (9, 12)]);
    assert_eq!(skipped.frame(), b"\x1b\x01{\"skipped\":[[4,4],[9,12]]}");
    let closed = close(4009, "slow").frame();
    assert_eq!(closed, b"\x28\x01{\"close\":{\"code\":4009,\"reason\":\"slow\"}}");
}

#[test]
fn golden_bytes_of_a_guilds_stream() {
    let guild = GuildId::new(0x0102_0304_0506_0708);
    assert_eq!(throng::preamble(guild), *b"\x01\x01\x02\x03\x04\x05\x06\x07\x08");
    assert_eq!(throng::guild(throng::preamble(guild)), Ok(guild));
    assert_eq!(throng::guild([2; 9]), Err(throng::StreamError(2)));
}

#[test]
fn golden_bytes_of_a_datagram() {
    let header = Datagram::header(5, false, Duration::from_secs(2));
    assert_eq!(header.as_slice(), b"\x0a\x47\xd0");
    let bytes = Bytes::from_static(b"\x0a\x47\xd0\"op\":0,\"t\":\"A\",\"d\":1}");
    let datagram = Datagram::decode(bytes).unwrap();
    assert_eq!(datagram.lifetime, Duration::from_secs(2));
    assert_eq!(datagram.dispatch.text(100).unwrap(), br#"{"s":5,"op":0,"t":"A","d":1}"#);
}

#[test]
fn a_close_needs_no_reason_and_an_open_no_compression() {
    let frames = b"\x18\x01{\"close\":{\"code\":1000}}\x12\x01{\"open\":{\"v\":10}}";
    let frames = decoded(frames.as_slice(), BODY_BYTES_MAX);
    let open = Message::Open(Open { v: 10, compress: None });
    let expected = vec![Frame::Message(close(1000, "")), Frame::Message(open)];
    assert_eq!(frames.unwrap(), expected);
}

#[test]
fn a_close_may_tell_when_to_come_back() {
    let busy = Close::try_again("Too busy.", 5);
    assert_eq!(busy, Close { code: 1013, reason: "Too busy. Retry after 5 s.".to_owned() });
    assert_eq!(busy.retry_after(), Some(5));
    for reason in ["", "Retry after 5 s.", "x Retry after -1 s.", "x Retry after 5 s. y"] {
        assert_eq!(Close { code: 1013, reason: reason.to_owned() }.retry_after(), None, "{reason}");
    }
}

#[test]
fn an_open_asks_for_what_the_gateway_negotiates() {
    let open = |compress: Option<&str>| Open { v: 10, compress: compress.map(str::to_owned) };
    assert_eq!(gateway::negotiate(&open(None).query()).map(|terms| terms.wire), Ok(Wire::Text));
    assert_eq!(
        gateway::negotiate(&open(Some("zstd")).query()).map(|terms| terms.wire),
        Ok(Wire::ZstdStream)
    );
    assert_eq!(
        gateway::negotiate(&open(Some("brotli&v=8")).query()).map(|terms| terms.wire),
        Ok(Wire::Text)
    );
    assert!(gateway::negotiate(&Open { v: 8, compress: None }.query()).is_err());
}

#[test]
fn compressed_bodies_read_like_plain_ones() {
    let story = ["\"\"".to_owned(), format!("\"{}\"", "throng ".repeat(60_000))];
    for payload in story {
        let one = Body::dispatch("TEST", &payload);
        let segments = [r#""op":0,"t":"TEST","d":"#, &payload, "}"];
        let many = Body::from_segments(segments.map(|text| Segment::new(text.to_owned())));
        for body in [one, many] {
            let blocks: Vec<u8> =
                body.segments().iter().flat_map(|segment| segment.zstd().to_vec()).collect();
            let dispatch = Dispatch { sequence: 7, compressed: true, body: blocks.into() };
            let text = dispatch.text(1 << 20).unwrap();
            let text: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(text["s"], 7);
            assert_eq!(text["d"], serde_json::from_str::<serde_json::Value>(&payload).unwrap());
        }
    }
}

#[test]
fn a_body_that_is_whole_is_not_copied() {
    let frame = Bytes::from(throng::whole(Head::Payload, &[b'x'; 100]));
    let mut input = frame.clone();
    let Ok(Some(Frame::Payload(body))) = Decoder::new(100).decode(&mut input) else { panic!() };
    assert_eq!(body.as_ptr(), frame[frame.len() - 100..].as_ptr());
}

fn frame() -> impl Strategy<Value = (Head, Vec<u8>)> {
    let dispatch = (1..=u32::MAX, any::<bool>())
        .prop_map(|(sequence, compressed)| Head::Dispatch { sequence, compressed });
    // Around the sizes at which a length takes another byte.
    let bytes = || prop_oneof![vec(any::<u8>(), 0..70), vec(any::<u8>(), 16_370..16_390)];
    let message = prop_oneof![
        (any::<u16>(), any::<Option<String>>())
            .prop_map(|(v, compress)| Message::Open(Open { v, compress })),
        vec(any::<(u32, u32)>(), 0..64).prop_map(Message::Skipped),
        (any::<u16>(), any::<String>()).prop_map(|(code, reason)| close(code, &reason)),
    ];
    prop_oneof![
        bytes().prop_map(|body| (Head::Payload, body)),
        (dispatch, bytes()),
        message.prop_map(|message| (Head::Message, serde_json::to_vec(&message).expect("JSON"))),
    ]
}

fn read((head, body): &(Head, Vec<u8>)) -> Frame {
    let bytes = Bytes::copy_from_slice(body);
    match *head {
        Head::Payload => Frame::Payload(bytes),
        Head::Message => Frame::Message(serde_json::from_slice(body).expect("a message")),
        Head::Dispatch { sequence, compressed } => {
            Frame::Dispatch(Dispatch { sequence, compressed, body: bytes })
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn varints_read_back(value in prop_oneof![0..1_u64 << 16, 0..=varint::MAX], rest: Vec<u8>) {
        let mut bytes = encoded(value);
        let length = bytes.len();
        bytes.extend_from_slice(&rest);
        prop_assert_eq!(varint::decode(&bytes), Some((value, length)));
        for end in 0..length {
            prop_assert_eq!(varint::decode(&bytes[..end]), None);
        }
    }

    #[test]
    fn frames_read_back_whole(frames in vec(frame(), 0..6)) {
        let stream: Vec<u8> = frames.iter().flat_map(|f| throng::whole(f.0, &f.1)).collect();
        let expected: Vec<Frame> = frames.iter().map(read).collect();
        prop_assert_eq!(&decoded(stream.as_slice(), BODY_BYTES_MAX).unwrap(), &expected);
        prop_assert_eq!(&decoded(Bytes::from(stream), BODY_BYTES_MAX).unwrap(), &expected);
    }

    #[test]
    fn frames_read_back_in_any_pieces(
        frames in vec(frame(), 1..4),
        lengths in vec(prop_oneof![1_usize..5, 1_usize..9_000], 1..8),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|f| throng::whole(f.0, &f.1)).collect();
        let (mut decoder, mut read_back) = (Decoder::new(BODY_BYTES_MAX), Vec::new());
        let mut rest = stream.as_slice();
        for length in lengths.iter().cycle() {
            let mut piece;
            (piece, rest) = rest.split_at(rest.len().min(*length));
            while let Some(frame) = decoder.decode(&mut piece).unwrap() {
                read_back.push(frame);
            }
            if rest.is_empty() {
                break;
            }
        }
        prop_assert!(decoder.is_idle());
        prop_assert_eq!(read_back, frames.iter().map(read).collect::<Vec<_>>());
    }

    #[test]
    fn datagrams_read_back(
        sequence in 1..=u32::MAX,
        compressed: bool,
        millis in 0..=varint::MAX,
        body: Vec<u8>,
    ) {
        let lifetime = Duration::from_millis(millis);
        let mut bytes = Datagram::header(sequence, compressed, lifetime).into_vec();
        bytes.extend_from_slice(&body);
        let dispatch = Dispatch { sequence, compressed, body: body.into() };
        prop_assert_eq!(Datagram::decode(bytes.into()), Ok(Datagram { dispatch, lifetime }));
    }
}

/// What a compressed body says.
fn text(blocks: &[u8], bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    Dispatch { sequence: 1, compressed: true, body: Bytes::copy_from_slice(blocks) }.text(bytes_max)
}
