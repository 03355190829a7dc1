//! Makes a roster of many members at once.
//!
//! # Algorithm
//!
//! Members come in the order in which they are kept, so their blocks are written as they come.
//! Names do not: a million at a time is sorted into a run of blocks, and at the end the runs are
//! merged. So no more than a run of names is ever there unpacked.

use std::sync::Arc;

use throng_proto::id::UserId;
use throng_proto::model::Member;

use super::Roster;
use super::block::{Block, Cursor, Key};
use super::names;
use super::record::{self, Roles};
use super::shelf::{Shelf, ShelfWriter};

/// Names of one run: 2^20 x about 40 bytes = 40 MB while it is sorted.
const RUN_MAX: usize = 1 << 20;

/// Makes a roster of members that come in order of their ids. Costs about 1 us per member.
#[derive(Debug, Default)]
pub struct Builder {
    members: ShelfWriter,
    last: Option<UserId>,
    len: usize,
    roles: Roles,
    names: Run,
    runs: Vec<Vec<(Key, Arc<Block>)>>,
    /// Members out of order, which are put in at the end.
    late: Vec<Member>,
}

impl Builder {
    /// Returns how many members came so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len + self.late.len()
    }

    /// Tells whether nobody came so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a member. One that is not after all before costs more.
    pub fn push(&mut self, member: Member) {
        if self.last.is_some_and(|last| last >= member.user.id) {
            self.late.push(member);
            return;
        }
        self.last = Some(member.user.id);
        self.len += 1;
        let value = record::encode(&member, &mut self.roles);
        self.members.push(&record::key(member.user.id), &value);
        for key in names::keys(&member) {
            self.names.push(&key);
        }
        if self.names.places.len() >= RUN_MAX {
            self.runs.push(self.names.sort());
        }
    }

    /// Merges the names and returns the roster.
    #[must_use]
    pub fn finish(mut self) -> Roster {
        self.runs.push(self.names.sort());
        let mut roster = Roster {
            members: self.members.shelve(),
            names: merge(&self.runs),
            roles: self.roles,
            len: self.len,
        };
        for member in &self.late {
            roster.put(member);
        }
        roster
    }
}

/// Names that are not sorted yet.
#[derive(Debug, Default)]
struct Run {
    text: Vec<u8>,
    places: Vec<Place>,
}

/// Where a name is, with its beginning to compare by.
#[derive(Clone, Copy, Debug)]
struct Place {
    prefix: u128,
    at: u32,
    len: u32,
}

impl Run {
    fn push(&mut self, key: &[u8]) {
        let (at, len) = (self.text.len() as u32, key.len() as u32);
        self.places.push(Place { prefix: prefix(key), at, len });
        self.text.extend_from_slice(key);
    }

    /// Sorts the names into blocks and begins anew.
    fn sort(&mut self) -> Vec<(Key, Arc<Block>)> {
        let text = &self.text;
        let key = |place: &Place| {
            let at = place.at as usize;
            text.get(at..at + place.len as usize).unwrap_or_default()
        };
        self.places
            .sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(key(b))));
        let mut writer = ShelfWriter::default();
        let mut last: &[u8] = &[];
        for place in &self.places {
            let key = key(place);
            if key != last {
                writer.push(key, &[]);
            }
            last = key;
        }
        self.places.clear();
        let blocks = writer.finish();
        self.text.clear();
        blocks
    }
}

/// The first sixteen bytes of a key, as a number that compares like them. Names of people begin
/// alike, and whoever has to look at the rest waits for it to come from memory.
fn prefix(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(key) {
        *to = *from;
    }
    u128::from_be_bytes(bytes)
}

/// A place in a sorted run.
struct Head<'a> {
    prefix: u128,
    cursor: Cursor<'a>,
    rest: std::slice::Iter<'a, (Key, Arc<Block>)>,
}

impl<'a> Head<'a> {
    fn new(run: &'a [(Key, Arc<Block>)]) -> Option<Self> {
        let mut rest = run.iter();
        let (_, first) = rest.next()?;
        let mut head = Self { prefix: 0, cursor: first.start(), rest };
        head.settle().then_some(head)
    }

    fn key(&self) -> &[u8] {
        self.cursor.current().map(|(key, _)| key).unwrap_or_default()
    }

    /// Goes to the next name; `false` when there is none.
    fn advance(&mut self) -> bool {
        self.cursor.advance();
        self.settle()
    }

    fn settle(&mut self) -> bool {
        while self.cursor.current().is_none() {
            let Some((_, next)) = self.rest.next() else { return false };
            self.cursor = next.start();
        }
        self.prefix = prefix(self.key());
        true
    }
}

/// Merges sorted runs. There are few, so the smallest is simply looked for.
fn merge(runs: &[Vec<(Key, Arc<Block>)>]) -> Shelf {
    let mut heads: Vec<Head<'_>> = runs.iter().filter_map(|run| Head::new(run)).collect();
    let mut writer = ShelfWriter::default();
    loop {
        let smallest = heads
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| a.prefix.cmp(&b.prefix).then_with(|| a.key().cmp(b.key())))
            .map(|(index, _)| index);
        let Some(index) = smallest else { return writer.shelve() };
        let Some(head) = heads.get_mut(index) else { return writer.shelve() };
        writer.push(head.key(), &[]);
        if !head.advance() {
            heads.swap_remove(index);
        }
    }
}
