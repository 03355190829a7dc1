//! Makes inputs that are nearly right.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Changes of one input.
const CHANGES_MAX: usize = 4;
/// Longest piece that is taken out or doubled.
const PIECE_MAX: usize = 24;

/// Pieces at which readers of text and of numbers stumble.
const PIECES: &[&[u8]] = &[
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551616",
    b"5.0",
    b"\\ud800",
    b"\\u0000",
    b"\"",
    b"\\",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\r\n\r\n",
    b"%",
    b"%zz",
    b"<@",
    b"<@&",
    b"`",
    b"```",
    b"@everyone",
    b"\xc0",
    b"\x80\x00\x00\x00",
    "\u{202e}\u{10ffff}".as_bytes(),
];

/// Spoils right inputs, always the same from the same seed.
#[derive(Debug)]
pub struct Spoiler {
    seeds: Vec<Vec<u8>>,
    random: SmallRng,
}

impl Spoiler {
    /// Begins with inputs that are right.
    #[must_use]
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { seeds, random: SmallRng::seed_from_u64(seed) }
    }

    /// Returns the next input.
    pub fn spoilt(&mut self) -> Vec<u8> {
        let mut input = self.seeds.choose(&mut self.random).cloned().unwrap_or_default();
        for _ in 0..self.random.random_range(1..=CHANGES_MAX) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        let start = random.random_range(0..=input.len());
        let end = (start + random.random_range(0..=PIECE_MAX)).min(input.len());
        match random.random_range(0..8) {
            0 => input.truncate(start),
            1 => drop(input.drain(start..end)),
            2 => {
                let piece = input[start..end].to_vec();
                drop(input.splice(start..start, piece));
            }
            3 => {
                let other = self.seeds.choose(random).map_or(&[][..], Vec::as_slice);
                let from = random.random_range(0..=other.len());
                input.truncate(start);
                input.extend_from_slice(&other[from..]);
            }
            4 => input[start..end].iter_mut().for_each(|byte| *byte = random.random()),
            5 => {
                if let Some(byte) = input.get_mut(start) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
            kind => {
                let piece = PIECES.choose(random).copied().unwrap_or_default();
                let end = if kind == 6 { start } else { end };
                drop(input.splice(start..end, piece.iter().copied()));
            }
        }
    }
}
