//! Names of lists: channels that the same members may view share one.

use std::fmt;

use throng_proto::model::Channel;
use throng_proto::permissions::Permissions;

use crate::shape::Shape;

/// Name of a list in its guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListId {
    /// Everybody: @everyone may view the channel, and nothing denies it to anybody.
    Everyone,
    /// What overwrites say about viewing the channel, hashed as clients do it.
    Hash(u32),
}

impl ListId {
    /// Returns the name of a channel's list. Costs O(overwrites).
    #[must_use]
    pub fn of(shape: &Shape, channel: &Channel) -> Self {
        let view = Permissions::VIEW_CHANNEL;
        let everyone = shape.roles.get(&shape.everyone());
        let open = everyone.is_some_and(|role| role.permissions.contains(view));
        let denied = channel.permission_overwrites.iter().any(|o| o.deny.contains(view));
        if open && !denied {
            return Self::Everyone;
        }
        let touching = channel.permission_overwrites.iter().filter_map(|overwrite| {
            if overwrite.allow.contains(view) {
                Some(format!("allow:{}", overwrite.id))
            } else {
                overwrite.deny.contains(view).then(|| format!("deny:{}", overwrite.id))
            }
        });
        let mut touching: Vec<String> = touching.collect();
        touching.sort_unstable();
        Self::Hash(murmur3(touching.join(",").as_bytes()))
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Hash(hash) => write!(f, "{hash}"),
        }
    }
}

/// Computes MurmurHash3 x86 with 32 bits and the seed 0, which clients compute as well.
#[must_use]
pub fn murmur3(bytes: &[u8]) -> u32 {
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = blocks.iter().fold(0_u32, |hash, block| {
        let mixed = hash ^ scramble(u32::from_le_bytes(*block));
        mixed.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    let rest = tail.iter().rev().fold(0_u32, |rest, byte| rest << 8 | u32::from(*byte));
    hash ^= scramble(rest);
    // The algorithm takes the length modulo 2^32.
    hash ^= u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

const fn scramble(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}
