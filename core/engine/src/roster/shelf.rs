//! An ordered map of bytes to bytes that can be copied at no cost: packed blocks, and the recent
//! changes over them.
//!
//! # Algorithm
//!
//! A change goes into a small tree beside the blocks. [`Shelf::fold`] rewrites one block with the
//! changes that belong into it; reading looks at the changes first, so that nobody sees whether a
//! change was folded. Both trees share their nodes with copies of the shelf, and a change copies
//! only the path to its node.

use std::iter::Peekable;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::block::{Block, Cursor, Key, Writer};

/// Entries of a block, past which it is divided. 512 entries of about 40 bytes are 20 KB, which are
/// rewritten in about 30 us.
const BLOCK_MAX: usize = 512;
/// Changes that one step folds at most.
const FOLD_MAX: usize = 512;

/// `None` takes an entry away.
type Changed = Option<Box<[u8]>>;

/// An ordered map of bytes. A clone costs nothing and never changes with its origin.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    /// By the first key that may lie in each.
    blocks: RedBlackTreeMapSync<Key, Arc<Block>>,
    recent: RedBlackTreeMapSync<Key, Changed>,
    /// Where folding goes on.
    hand: Vec<u8>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            blocks: RedBlackTreeMapSync::new_sync(),
            recent: RedBlackTreeMapSync::new_sync(),
            hand: Vec::new(),
        }
    }
}

impl Shelf {
    /// Finds a value.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        match self.recent.get(key) {
            Some(changed) => changed.as_deref(),
            None => self.home(key).and_then(|(_, block)| block.find(key)),
        }
    }

    /// Adds or replaces an entry.
    pub(super) fn put(&mut self, key: Key, value: Box<[u8]>) {
        self.recent.insert_mut(key, Some(value));
    }

    /// Takes an entry away.
    pub(super) fn remove(&mut self, key: Key) {
        self.recent.insert_mut(key, None);
    }

    /// Returns how many changes are not folded yet.
    pub(super) fn recent(&self) -> usize {
        self.recent.size()
    }

    /// Walks over the entries from a key on.
    pub(super) fn walk(&self, from: &[u8]) -> Walk<'_> {
        let home = self.home(from);
        let blocks = self
            .blocks
            .range::<[u8], _>((home.map_or(Unbounded, |(first, _)| Excluded(&**first)), Unbounded));
        let recent = self.recent.range::<Key, _>((Included(Key::from(from)), Unbounded));
        let recent: Box<dyn Iterator<Item = _>> = Box::new(recent);
        let mut walk = Walk {
            blocks: Box::new(blocks.map(|(_, block)| block)),
            cursor: home.map(|(_, block)| block.seek(from)),
            recent: recent.peekable(),
            key: Vec::new(),
        };
        walk.settle();
        walk
    }

    /// Returns the block into which a key belongs, with the first key of its range. What is before
    /// every block belongs into the first one.
    fn home(&self, key: &[u8]) -> Option<(&Key, &Arc<Block>)> {
        let mut before = self.blocks.range::<[u8], _>((Unbounded, Included(key)));
        before.next_back().or_else(|| self.blocks.first())
    }

    /// Folds changes into one block; `false` when there are none. Costs some tens of microseconds.
    pub(super) fn fold(&mut self) -> bool {
        let Some(key) = self.next_change() else { return false };
        let home = self.home(&key).map(|(first, block)| (first.clone(), Arc::clone(block)));
        let next = home.as_ref().and_then(|(first, _)| {
            let after = (Excluded(&**first), Unbounded);
            self.blocks.range::<[u8], _>(after).next().map(|(next, _)| next.clone())
        });
        let mine = (Included(&*key), next.as_ref().map_or(Unbounded, |next| Excluded(&**next)));
        let changes: Vec<(Key, Changed)> = self
            .recent
            .range::<[u8], _>(mine)
            .take(FOLD_MAX)
            .map(|(key, changed)| (key.clone(), changed.clone()))
            .collect();
        let block = home.as_ref().map(|(_, block)| block);
        let rewritten = rewrite(block, &changes);
        if let Some((first, _)) = &home {
            self.blocks.remove_mut(first);
        }
        for (first, block) in rewritten {
            self.blocks.insert_mut(first, block);
        }
        for (key, _) in &changes {
            self.recent.remove_mut(key);
        }
        self.hand = changes.last().map(|(key, _)| key.to_vec()).unwrap_or_default();
        true
    }

    fn next_change(&self) -> Option<Key> {
        let mut ahead = self.recent.range::<[u8], _>((Excluded(&*self.hand), Unbounded));
        ahead.next().or_else(|| self.recent.first()).map(|(key, _)| key.clone())
    }
}

/// Makes new blocks of an old one and changes, all of about the same size.
fn rewrite(block: Option<&Arc<Block>>, changes: &[(Key, Changed)]) -> Vec<(Key, Arc<Block>)> {
    let len = block.map_or(0, |block| block.len()) + changes.len();
    let part = len.div_ceil(len.div_ceil(BLOCK_MAX).max(1));
    let mut shelf = ShelfWriter::of(part);
    let mut old = block.map(|block| block.start());
    let mut push_before = |limit: Option<&[u8]>, shelf: &mut ShelfWriter| {
        let Some(old) = &mut old else { return };
        while let Some((key, value)) = old.current()
            && limit.is_none_or(|limit| key < limit)
        {
            shelf.push(key, value);
            old.advance();
        }
        if old.current().is_some_and(|(key, _)| Some(key) == limit) {
            old.advance();
        }
    };
    for (key, changed) in changes {
        push_before(Some(key), &mut shelf);
        if let Some(value) = changed {
            shelf.push(key, value);
        }
    }
    push_before(None, &mut shelf);
    shelf.finish()
}

/// Makes a row of blocks of entries that come in order of their keys.
#[derive(Debug)]
pub(super) struct ShelfWriter {
    writer: Writer,
    part: usize,
    blocks: Vec<(Key, Arc<Block>)>,
}

impl Default for ShelfWriter {
    fn default() -> Self {
        Self::of(BLOCK_MAX / 2)
    }
}

impl ShelfWriter {
    /// Begins blocks of so many entries each.
    fn of(part: usize) -> Self {
        Self { writer: Writer::default(), part, blocks: Vec::new() }
    }

    /// Adds an entry, whose key is greater than all before.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        self.writer.push(key, value);
        if self.writer.len() >= self.part {
            self.blocks.extend(self.writer.finish());
        }
    }

    /// Returns the blocks, each with its first key.
    pub(super) fn finish(mut self) -> Vec<(Key, Arc<Block>)> {
        self.blocks.extend(self.writer.finish());
        self.blocks
    }

    /// Makes a shelf of the blocks.
    pub(super) fn shelve(self) -> Shelf {
        let mut shelf = Shelf::default();
        for (first, block) in self.finish() {
            shelf.blocks.insert_mut(first, block);
        }
        shelf
    }
}

/// A walk over entries in order of their keys.
pub(super) struct Walk<'a> {
    blocks: Box<dyn Iterator<Item = &'a Arc<Block>> + 'a>,
    cursor: Option<Cursor<'a>>,
    recent: Peekable<Box<dyn Iterator<Item = (&'a Key, &'a Changed)> + 'a>>,
    key: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// Takes the next entry.
    pub(super) fn next(&mut self) -> Option<(&[u8], &'a [u8])> {
        loop {
            let kept = self.cursor.as_ref().and_then(Cursor::current);
            let (kept_first, recent_first) = match (kept, self.recent.peek()) {
                (None, None) => return None,
                (Some((kept, _)), Some((recent, _))) => (*kept <= ***recent, ***recent <= *kept),
                (kept, recent) => (kept.is_some(), recent.is_some()),
            };
            let mut taken = None;
            if let Some((key, value)) = kept.filter(|_| kept_first) {
                self.key.clear();
                self.key.extend_from_slice(key);
                taken = Some(value);
                self.step();
            }
            if recent_first && let Some((key, changed)) = self.recent.next() {
                self.key.clear();
                self.key.extend_from_slice(key);
                taken = changed.as_deref();
            }
            if let Some(value) = taken {
                return Some((&self.key, value));
            }
        }
    }

    fn step(&mut self) {
        if let Some(cursor) = &mut self.cursor {
            cursor.advance();
        }
        self.settle();
    }

    /// Goes on to the next block where this one ends.
    fn settle(&mut self) {
        while self.cursor.as_ref().is_some_and(|cursor| cursor.current().is_none()) {
            self.cursor = self.blocks.next().map(|block| block.start());
        }
    }
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
