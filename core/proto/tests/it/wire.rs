//! Shared frames through the decoders that clients use, one decoder per link.

mod foreign;
mod story;

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use throng_proto::wire::{self, Body, Past, Segment, Wire};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use story::{PAD, Random, bodies, link};

const MESSAGES: usize = 10_000;

#[test]
fn every_text_message_is_its_json() {
    for seed in 0..2 {
        for message in link(Wire::Text, seed, MESSAGES) {
            assert_eq!(message.frame, message.text, "seed {seed}");
            message.check_json();
        }
    }
}

#[test]
fn every_zlib_payload_is_a_complete_stream() {
    for seed in 0..2 {
        for message in link(Wire::PayloadZlib, seed, MESSAGES) {
            let mut decoder = ZlibDecoder::new(message.frame.as_slice());
            let mut text = Vec::new();
            decoder.read_to_end(&mut text).expect("a stream with a right sum");
            assert!(text == message.text, "seed {seed}");
            assert_eq!(decoder.total_in(), message.frame.len() as u64, "no byte behind the stream");
            message.check_json();
        }
    }
}

#[test]
fn one_inflate_context_reads_a_whole_zlib_stream() {
    for seed in 0..2 {
        let mut decoder = Decompress::new(true);
        for message in link(Wire::ZlibStream, seed, MESSAGES) {
            assert!(message.frame.ends_with(&[0x00, 0x00, 0xff, 0xff]), "seed {seed}");
            let text = inflate(&mut decoder, &message.frame);
            assert!(text == message.text, "seed {seed}");
            message.check_json();
        }
    }
}

#[test]
fn one_zstd_context_reads_each_message_as_it_arrives() {
    for seed in 0..2 {
        let mut decoder = DCtx::create();
        for (index, message) in link(Wire::ZstdStream, seed, MESSAGES).iter().enumerate() {
            let text = decompress(&mut decoder, &message.frame);
            assert!(text == message.text, "seed {seed}, message {index}");
            message.check_json();
        }
    }
}

#[test]
fn what_everybody_was_sent_last_makes_the_next_smaller() {
    let message = |id: u32| {
        let author = r#"{"id":"41771983423143937","username":"mason","global_name":"Mason"}"#;
        let content = Random::new(u64::from(id)).noise(40);
        let rest = r#""attachments":[],"embeds":[],"mention_everyone":false,"tts":false"#;
        let payload = format!(r#"{{"id":"{id}","author":{author},"content":"{content}",{rest}}}"#);
        Body::dispatch("MESSAGE_CREATE", &payload)
    };
    let first = message(100_001).chained(0, None);
    let second = message(100_002).chained(1, Some(&first));
    for wire in [Wire::ZlibStream, Wire::ZstdStream] {
        let alone = wire::dispatch(wire, Past::OTHER, 1, &second).bytes();
        let after = wire::dispatch(wire, first.past(), 1, &second).bytes();
        assert!(2 * after < alone, "{wire:?}: {after} bytes instead of {alone}");
    }
}

#[test]
fn incompressible_text_larger_than_a_block_survives_every_wire() {
    let mut random = Random::new(7);
    let noise = format!("\"{}\"", random.noise(400_000));
    for body in [Body::dispatch("NOISE", &noise), Body::dispatch("SPACE", &" ".repeat(131_072))] {
        for wire in [Wire::PayloadZlib, Wire::ZlibStream, Wire::ZstdStream] {
            let frame = story::frame(wire, Past::NOTHING, 1, &body);
            let text = match wire {
                Wire::ZstdStream => decompress(&mut DCtx::create(), &frame),
                _ => inflate(&mut Decompress::new(true), &frame),
            };
            let whole = [b"{\"s\":1,", body.text().as_ref()].concat();
            assert!(text.starts_with(&whole), "{wire:?}");
        }
    }
}

#[test]
fn deflate_ends_at_every_size_of_its_output() {
    // One length after the other meets, among others, the size that fills the first buffer.
    let mut random = Random::new(11);
    for length in 0..3_000 {
        let segment = Segment::new(random.noise(length));
        assert!(segment.zlib().ends_with(&[0x00, 0x00, 0xff, 0xff]), "length {length}");
        let mut decoder = Decompress::new(false);
        assert!(inflate(&mut decoder, segment.zlib()) == *segment.text(), "length {length}");
    }
}

#[test]
fn the_zstd_header_is_cut_from_every_segment() {
    let mut random = Random::new(13);
    for length in (0..600).chain([131_071, 131_072, 131_073, 262_144, 400_000]) {
        for text in [random.noise(length), "a".repeat(length)] {
            let segment = Segment::new(text);
            let hello = wire::control(Wire::ZstdStream, Past::NOTHING, "{}");
            let mut decoder = DCtx::create();
            assert_eq!(decompress(&mut decoder, &hello), b"{}");
            let text = decompress(&mut decoder, segment.zstd());
            assert!(text == [segment.text().as_ref(), PAD].concat(), "length {length}");
        }
    }
}

#[test]
fn an_empty_text_is_a_normaliser_alone() {
    let segment = Segment::new("");
    assert_eq!(segment.zstd().len(), 14);
    assert_eq!(inflate(&mut Decompress::new(false), segment.zlib()), b"");
}

#[test]
fn parts_count_their_own_bytes() {
    for (index, body) in bodies(3).iter().enumerate() {
        for wire in story::WIRES {
            let past = if index % 2 == 0 { Past::NOTHING } else { Past::OTHER };
            let parts = wire::dispatch(wire, past, index as u32, body);
            let frame = story::frame(wire, past, index as u32, body);
            assert_eq!(parts.bytes(), frame.len());
        }
    }
}

fn inflate(decoder: &mut Decompress, frame: &[u8]) -> Vec<u8> {
    let (start, mut text) = (decoder.total_in(), Vec::with_capacity(64 * 1024));
    loop {
        let read = usize::try_from(decoder.total_in() - start).expect("a frame fits memory");
        let flush = FlushDecompress::Sync;
        let status = decoder.decompress_vec(&frame[read..], &mut text, flush).expect("deflate");
        let done = decoder.total_in() - start == frame.len() as u64;
        if status == Status::StreamEnd || (done && text.len() < text.capacity()) {
            return text;
        }
        text.reserve(text.capacity());
    }
}

/// Reads a frame to its end, as a client does that waits for no further bytes.
fn decompress(decoder: &mut DCtx<'_>, frame: &[u8]) -> Vec<u8> {
    let (mut input, mut text) = (InBuffer::around(frame), Vec::with_capacity(64 * 1024));
    loop {
        let written = text.len();
        let mut output = OutBuffer::around_pos(&mut text, written);
        decoder.decompress_stream(&mut output, &mut input).expect("zstd");
        if input.pos == frame.len() && text.len() < text.capacity() {
            return text;
        }
        text.reserve(text.capacity());
    }
}
