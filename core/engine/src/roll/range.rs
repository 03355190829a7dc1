//! Ranges that clients ask for, and the blocks of a list that they mean.

use serde::{Deserialize, Serialize};
use throng_proto::id::ChannelId;

/// Rows of a block: ranges are as wide, and begin at its multiples.
pub const BLOCK: u32 = 100;

/// Blocks of a list by number, sorted, each once.
pub type Blocks = Vec<u32>;

/// What a session wants to see of one channel's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Channel.
    pub channel: ChannelId,
    /// Blocks that it gets.
    pub blocks: Blocks,
    /// Ranges that it does not get, as they are told to it, once.
    #[serde(skip)]
    pub refused: Vec<[u32; 2]>,
}

impl Wish {
    /// Reads the ranges of one channel.
    ///
    /// A range means every block that it touches, so ranges that overlap or are of another width
    /// bring at least what they name. One that runs backwards means nothing, and blocks past the
    /// first `blocks_max` are refused.
    #[must_use]
    pub fn read(channel: ChannelId, ranges: &[[u32; 2]], blocks_max: usize) -> Self {
        let mut wish = Self { channel, blocks: Blocks::new(), refused: Vec::new() };
        for [first, last] in ranges.iter().copied() {
            if first > last {
                wish.refused.push([first, last]);
                continue;
            }
            for block in first / BLOCK..=last / BLOCK {
                if wish.blocks.contains(&block) {
                    continue;
                }
                if wish.blocks.len() == blocks_max {
                    wish.refused.push([block * BLOCK, last.max(rows_of(block)[1])]);
                    break;
                }
                wish.blocks.push(block);
            }
        }
        wish.blocks.sort_unstable();
        wish
    }

    /// Gives up everything.
    #[must_use]
    pub fn refuse(self) -> Self {
        let blocks = self.blocks.iter().map(|block| rows_of(*block));
        let refused = blocks.chain(self.refused).collect();
        Self { channel: self.channel, blocks: Blocks::new(), refused }
    }
}

/// Returns the first and the last row of a block.
#[must_use]
pub const fn rows_of(block: u32) -> [u32; 2] {
    let first = block.saturating_mul(BLOCK);
    [first, first.saturating_add(BLOCK - 1)]
}
