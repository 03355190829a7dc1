//! A few hundred entries in one piece of memory, in order of their keys, never changed.
//!
//! # Algorithm
//!
//! A key is kept as what it does not share with the one before it. Every [`STRIDE`]th is kept
//! whole, and where those begin is kept apart: a search halves among them, then reads on.

use std::sync::Arc;

use super::pack;

/// Entries from one whole key to the next; a search reads half of them.
const STRIDE: usize = 16;

/// Bytes by which something is found and ordered.
pub(super) type Key = Box<[u8]>;

/// Entries that share memory.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Box<[u8]>,
    /// Where entries with whole keys begin.
    whole: Box<[u32]>,
    len: usize,
}

impl Block {
    /// Returns how many entries there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Finds a value. Costs a few hundred nanoseconds.
    pub(super) fn find(&self, key: &[u8]) -> Option<&[u8]> {
        let cursor = self.seek(key);
        let (found, value) = cursor.current()?;
        (found == key).then_some(value)
    }

    /// Returns a cursor at the first entry.
    pub(super) fn start(&self) -> Cursor<'_> {
        self.cursor(0)
    }

    /// Returns a cursor at the first entry that is not before a key.
    pub(super) fn seek(&self, key: &[u8]) -> Cursor<'_> {
        let before = self.whole.partition_point(|at| self.whole_key(*at) <= key);
        let at = self.whole.get(before.saturating_sub(1)).copied().unwrap_or(0);
        let mut cursor = self.cursor(at as usize);
        while cursor.current().is_some_and(|(found, _)| found < key) {
            cursor.advance();
        }
        cursor
    }

    fn cursor(&self, at: usize) -> Cursor<'_> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let mut cursor = Cursor { rest, key: Vec::with_capacity(64), value: None };
        cursor.advance();
        cursor
    }

    fn whole_key(&self, at: u32) -> &[u8] {
        let mut rest = self.bytes.get(at as usize..).unwrap_or_default();
        entry(&mut rest).map(|(_, key, _)| key).unwrap_or_default()
    }
}

/// Takes an entry off the front: how much of the key before it shares, the rest of its key, its
/// value.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8], &'a [u8])> {
    let (shared, own, value) = (pack::size(rest)?, pack::size(rest)?, pack::size(rest)?);
    Some((shared, pack::bytes(rest, own)?, pack::bytes(rest, value)?))
}

/// A place in a block.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    value: Option<&'a [u8]>,
}

impl<'a> Cursor<'a> {
    /// Returns the entry here; `None` past the last one.
    pub(super) fn current(&self) -> Option<(&[u8], &'a [u8])> {
        self.value.map(|value| (self.key.as_slice(), value))
    }

    /// Goes to the next entry.
    pub(super) fn advance(&mut self) {
        let next = entry(&mut self.rest);
        if let Some((shared, own, _)) = next {
            self.key.truncate(shared);
            self.key.extend_from_slice(own);
        }
        self.value = next.map(|(_, _, value)| value);
    }
}

/// Makes blocks of entries that come in order of their keys.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    whole: Vec<u32>,
    first: Vec<u8>,
    last: Vec<u8>,
    len: usize,
}

impl Writer {
    /// Returns how many entries the block has by now.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry, whose key is greater than all before.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        let shared = if self.len.is_multiple_of(STRIDE) {
            self.whole.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
            0
        } else {
            self.last.iter().zip(key).take_while(|(before, now)| before == now).count()
        };
        if self.len == 0 {
            self.first = key.to_vec();
        }
        pack::put_size(&mut self.bytes, shared);
        pack::put_size(&mut self.bytes, key.len() - shared);
        pack::put_size(&mut self.bytes, value.len());
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.len += 1;
    }

    /// Ends the block and begins the next one; returns the block with its first key, or `None` when
    /// it has no entries.
    pub(super) fn finish(&mut self) -> Option<(Key, Arc<Block>)> {
        if self.len == 0 {
            return None;
        }
        let block = Block {
            bytes: self.bytes.as_slice().into(),
            whole: self.whole.as_slice().into(),
            len: std::mem::take(&mut self.len),
        };
        self.bytes.clear();
        self.whole.clear();
        Some((self.first.as_slice().into(), Arc::new(block)))
    }
}
