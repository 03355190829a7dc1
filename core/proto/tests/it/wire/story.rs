//! Random histories of one link: controls and dispatches whose bodies many links share.

use serde::Deserialize;
use serde_json::value::RawValue;
use throng_proto::wire::{self, Body, Past, Segment, Wire};

/// Every wire there is.
pub(crate) const WIRES: [Wire; 4] =
    [Wire::Text, Wire::PayloadZlib, Wire::ZlibStream, Wire::ZstdStream];
/// White space that the zstd form has after every segment.
pub(crate) const PAD: &[u8] = b"                 ";

const BODIES: usize = 600;
const TEXT_MAX: usize = 400_000;

/// One message of a link.
pub(crate) struct Message {
    /// What the link carries.
    pub(crate) frame: Vec<u8>,
    /// What a decoder must make of it.
    pub(crate) text: Vec<u8>,
    sequence: Option<u32>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    s: Option<u32>,
    op: u8,
    #[serde(borrow)]
    d: &'a RawValue,
}

impl Message {
    /// Checks that the text is JSON with the right sequence.
    pub(crate) fn check_json(&self) {
        let payload: Payload<'_> = serde_json::from_slice(&self.text).expect("JSON");
        assert_eq!(payload.s, self.sequence);
        assert_eq!(payload.op == 0, self.sequence.is_some());
        assert!(!payload.d.get().is_empty());
    }
}

/// Tells the story of one link, from HELLO on. Mostly it gets one body after the other, as nearly
/// everybody does; now and then it has missed some, or is told something of its own.
pub(crate) fn link(wire: Wire, seed: u64, messages: usize) -> Vec<Message> {
    let mut random = Random::new(seed);
    let bodies = bodies(seed);
    let (mut sequence, mut next, mut past) = (0, 0, Past::OTHER);
    let hello = r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}"#;
    let mut story = vec![control(wire, Past::NOTHING, hello)];
    while story.len() < messages {
        if random.below(9) == 0 {
            let text = format!(r#"{{"t":null,"s":null,"op":11,"d":"{}"}}"#, random.text());
            story.push(control(wire, past, &text));
            past = Past::OTHER;
            continue;
        }
        if random.below(9) == 0 {
            next = random.below(bodies.len());
        }
        sequence += 1 + random.below(100_000) as u32;
        let body = &bodies[next];
        let text = decoded(wire, sequence, body);
        let frame = frame(wire, past, sequence, body);
        story.push(Message { frame, text, sequence: Some(sequence) });
        past = body.past();
        next = (next + 1) % bodies.len();
    }
    story
}

/// Makes bodies of one to five segments, each after the one before.
pub(crate) fn bodies(seed: u64) -> Vec<Body> {
    let mut random = Random::new(!seed);
    let mut bodies: Vec<Body> = Vec::new();
    for index in 0..BODIES {
        let body = match random.below(6) {
            0 => Body::dispatch("X", &index.to_string()),
            1 => in_segments(&mut random),
            _ => Body::dispatch("MESSAGE_CREATE", &format!("\"{}\"", random.text())),
        };
        bodies.push(body.chained(index as u64, bodies.last()));
    }
    bodies
}

/// Joins the parts of a dispatch into the bytes that travel.
pub(crate) fn frame(wire: Wire, past: Past, sequence: u32, body: &Body) -> Vec<u8> {
    let parts = wire::dispatch(wire, past, sequence, body);
    let mut frame = parts.head.to_vec();
    parts.shared.iter().for_each(|shared| frame.extend_from_slice(shared));
    frame.extend_from_slice(&parts.tail);
    frame
}

fn control(wire: Wire, past: Past, text: &str) -> Message {
    let frame = wire::control(wire, past, text);
    Message { frame, text: text.as_bytes().to_vec(), sequence: None }
}

fn decoded(wire: Wire, sequence: u32, body: &Body) -> Vec<u8> {
    let mut text = format!("{{\"s\":{sequence},").into_bytes();
    for segment in body.segments() {
        text.extend_from_slice(segment.text());
        if wire == Wire::ZstdStream {
            text.extend_from_slice(PAD);
        }
    }
    text
}

fn in_segments(random: &mut Random) -> Body {
    let mut segments = vec![Segment::new(r#""op":0,"t":"GUILD_CREATE","d":{"all":["#)];
    for _ in 0..random.below(4) {
        segments.push(Segment::new(format!("\"{}\",", random.text())));
    }
    if random.below(2) == 0 {
        segments.push(Segment::new(""));
    }
    segments.push(Segment::new("null]}}"));
    Body::from_segments(segments)
}

/// A seeded source (xorshift64*), so that a failure repeats.
pub(crate) struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Draws a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        (drawn % end as u64) as usize
    }

    /// Draws characters that hardly compress.
    pub(crate) fn noise(&mut self, length: usize) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// Draws the inside of a JSON string: mostly short, now and then up to 400 KB.
    pub(crate) fn text(&mut self) -> String {
        let scale = (0..3).map(|_| self.below(1 << 10)).min().unwrap_or(0) as f64 / 1024.0;
        let length = (TEXT_MAX as f64).powf(scale) as usize - 1;
        match self.below(4) {
            0 => self.noise(length),
            1 => "z".repeat(length),
            _ => self.words(length),
        }
    }

    fn words(&mut self, length: usize) -> String {
        let words =
            ["throng ", "guild ", "member \\\"", "1234567890", "\u{1f984}", "\\u0000", "der die "];
        let mut text = String::new();
        while text.len() < length {
            text.push_str(words[self.below(words.len())]);
        }
        text
    }
}
