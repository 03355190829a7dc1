//! What a peer may send to hurt a reader.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use throng_proto::throng::{
    self, BodyError, Datagram, DatagramError, Decoder, Frame, FrameError, Head,
};
use throng_proto::wire::Segment;

use super::{decoded, text};

const LIMIT: usize = 100;

#[test]
fn a_long_frame_is_refused_by_its_header() {
    let fits = throng::whole(Head::Payload, &[b'x'; LIMIT]);
    assert_eq!(decoded(fits.as_slice(), LIMIT).unwrap().len(), 1);
    let long = throng::whole(Head::Payload, &[b'x'; LIMIT + 1]);
    for stream in [&long[..3], &[0xff; 8]] {
        assert!(matches!(decoded(stream, LIMIT), Err(FrameError::TooLong)), "{stream:x?}");
    }
    // A head of eight bytes leaves the body as much room as one of one.
    let mut wide = vec![0x40, LIMIT as u8 + 8, 0xc0, 0, 0, 0, 0, 0, 0, 0];
    wide.extend_from_slice(&[b'x'; LIMIT]);
    assert_eq!(decoded(wide.as_slice(), LIMIT).unwrap().len(), 1);
}

#[test]
fn a_frame_without_room_for_its_head_is_refused() {
    for stream in [b"\x00".as_slice(), b"\x01\x40\x02", b"\x03\x80\x00\x00\x02", b"\x40\x00"] {
        assert!(matches!(decoded(stream, LIMIT), Err(FrameError::TooShort)), "{stream:x?}");
    }
}

#[test]
fn a_sequence_that_cannot_be_is_refused() {
    let last = b"\x08\xc0\x00\x00\x01\xff\xff\xff\xff";
    assert_eq!(decoded(last.as_slice(), LIMIT).unwrap().len(), 1);
    for stream in [b"\x08\xc0\x00\x00\x02\x00\x00\x00\x00", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff"]
    {
        assert!(matches!(decoded(stream.as_slice(), LIMIT), Err(FrameError::Sequence)));
    }
}

#[test]
fn a_message_that_does_not_exist_is_refused() {
    let deep = "[".repeat(LIMIT);
    for text in ["", "{}", "[]", r#"{"other":1}"#, r#"{"close":{"code":70000}}"#, "\u{0}", &deep] {
        let frame = throng::whole(Head::Message, text.as_bytes());
        assert!(matches!(decoded(frame.as_slice(), LIMIT), Err(FrameError::Message(_))), "{text}");
    }
}

#[test]
fn a_cut_frame_waits_for_its_rest() {
    let frame = throng::whole(Head::Dispatch { sequence: 70, compressed: true }, &[7; 90]);
    for end in 0..frame.len() {
        let mut decoder = Decoder::new(LIMIT);
        let mut piece = &frame[..end];
        assert_eq!(decoder.decode(&mut piece).unwrap(), None);
        assert_eq!(decoder.is_idle(), end == 0);
        let mut rest = &frame[end..];
        assert!(matches!(decoder.decode(&mut rest), Ok(Some(Frame::Dispatch(_)))), "{end}");
    }
}

#[test]
fn a_datagram_that_is_no_dispatch_is_refused() {
    let cases: [&[u8]; 6] = [
        b"",
        b"\x0a",
        b"\x00\x00x",
        b"\x01\x00x",
        b"\xc0\x00",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x00",
    ];
    for bytes in cases {
        assert_eq!(Datagram::decode(Bytes::from_static(bytes)), Err(DatagramError), "{bytes:x?}");
    }
}

#[test]
fn a_small_body_does_not_become_a_large_text() {
    let body = Segment::new(" ".repeat(1 << 24));
    assert!(body.zstd().len() < 16 * 1024);
    assert_eq!(text(body.zstd(), 1 << 20), Err(BodyError::TooLong));
    assert!(text(body.zstd(), 1 << 25).is_ok());
}

#[test]
fn a_broken_body_leaves_the_next_one_whole() {
    let body = Segment::new("{}".repeat(500));
    // A block of the reserved type, and a block that is not all there.
    let cut = &body.zstd()[..10];
    assert!(text(cut, 1 << 20).is_ok_and(|text| text == br#"{"s":1,"#));
    for broken in [b"\x06\x00\x00".as_slice(), b"\xff\xff\xff\xff"] {
        assert_eq!(text(broken, 1 << 20), Err(BodyError::Malformed));
        assert!(text(body.zstd(), 1 << 20).unwrap().starts_with(br#"{"s":1,{}{}"#));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_read_or_refused(stream in vec(any::<u8>(), 0..200), at in 0_usize..200) {
        let whole = decoded(stream.as_slice(), LIMIT);
        let (mut first, mut second) = stream.split_at(at.min(stream.len()));
        let mut decoder = Decoder::new(LIMIT);
        let mut pieces = Vec::new();
        let cut = (|| {
            for piece in [&mut first, &mut second] {
                while let Some(frame) = decoder.decode(piece)? {
                    pieces.push(frame);
                }
            }
            Ok::<_, FrameError>(pieces)
        })();
        prop_assert_eq!(whole.map_err(|e| e.to_string()), cut.map_err(|e| e.to_string()));
    }

    #[test]
    fn noise_as_a_body_never_grows_past_its_limit(blocks in vec(any::<u8>(), 0..300)) {
        if let Ok(text) = text(&blocks, 4096) {
            prop_assert!(text.len() <= 4096);
        }
        let _refused = Datagram::decode(blocks.into());
    }
}
