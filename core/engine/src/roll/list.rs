//! One list: its rows in order, and what its viewers have been told of them.
//!
//! # Algorithm
//!
//! The rows of a group are a [`Ranking`]; a heading is a row before a group that is not empty.
//! Changes move entries at once. What viewers see changes only when the list is *told*: each block
//! that somebody watches is then compared with the rows that were told before, in one walk over
//! both, because both are sorted alike. A block is a window of its own, as if nothing else were
//! known: what a change elsewhere pushes out of it is deleted, and what comes in is inserted. So a
//! client's rows keep their places whichever blocks it has, and those who have the same blocks get
//! the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::gateway::payload::GroupId;
use throng_proto::id::UserId;
use throng_proto::model::Channel;

use super::change::{Op, Row, compare};
use super::place::Name;
use super::range::{BLOCK, Blocks, rows_of};
use crate::ranking::Ranking;

/// What a block's viewers know.
#[derive(Debug, Default)]
struct Told {
    viewers: usize,
    rows: Vec<Row>,
}

/// How far everybody has been put into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Nobody yet.
    Not,
    /// Everybody up to this user.
    UpTo(UserId),
    /// Everybody.
    Whole,
}

/// What is new in a list.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Changes of blocks, in the order in which a client must make them.
    pub(super) changes: Vec<(u32, Vec<Op>)>,
    /// Who of those that changed is, or was, in which block; some twice.
    pub(super) seen: Vec<(UserId, u32)>,
}

/// One list.
#[derive(Debug)]
pub(super) struct List {
    /// One of the channels that share it.
    pub(super) channel: Arc<Channel>,
    pub(super) filled: Filled,
    groups: IndexMap<GroupId, Ranking<Name>>,
    /// How many viewers have exactly these blocks.
    holders: IndexMap<Blocks, usize>,
    told: BTreeMap<u32, Told>,
    /// Rows when it was told.
    rows_told: usize,
    /// First row that may be another than was told.
    touched: usize,
    /// The order of what was told is no longer that of the list.
    reordered: bool,
}

impl List {
    pub(super) fn new(channel: Arc<Channel>, groups: &[GroupId]) -> Self {
        Self {
            channel,
            filled: Filled::Not,
            groups: empty(groups),
            holders: IndexMap::new(),
            told: BTreeMap::new(),
            rows_told: 0,
            touched: usize::MAX,
            reordered: false,
        }
    }

    /// Empties the list, because groups or permissions changed, and it must be filled again.
    pub(super) fn restart(&mut self, groups: &[GroupId]) {
        self.groups = empty(groups);
        self.filled = Filled::Not;
        self.touched = 0;
        self.reordered = true;
    }

    /// Tells whether everybody is in.
    pub(super) fn is_full(&self) -> bool {
        self.filled == Filled::Whole
    }

    /// Tells whether a user was put in when the list was filled, or passed over.
    pub(super) fn has_passed(&self, user: UserId) -> bool {
        match self.filled {
            Filled::Not => false,
            Filled::UpTo(last) => user <= last,
            Filled::Whole => true,
        }
    }

    pub(super) fn insert(&mut self, group: GroupId, name: Name) {
        let place = self.groups.get_mut(&group).and_then(|ranking| ranking.insert(name));
        self.touch_at(group, place);
    }

    pub(super) fn remove(&mut self, group: GroupId, name: &Name) {
        let place = self.groups.get_mut(&group).and_then(|ranking| ranking.remove(name));
        self.touch_at(group, place);
    }

    /// Notes that a member's row reads otherwise now.
    pub(super) fn touch(&mut self, group: GroupId, name: &Name) {
        let place = self.groups.get(&group).and_then(|ranking| ranking.rank(name));
        self.touch_at(group, place);
    }

    fn touch_at(&mut self, group: GroupId, place: Option<usize>) {
        let (Some(place), Some(index)) = (place, self.groups.get_index_of(&group)) else { return };
        let before: usize = self.groups.values().take(index).map(size).sum();
        // The first of a group brings or takes the heading above it.
        let heading = usize::from(place > 0);
        self.touched = self.touched.min(before + heading + place);
    }

    fn len(&self) -> usize {
        self.groups.values().map(size).sum()
    }

    /// Returns headings and sizes of the groups that are not empty, in order.
    pub(super) fn groups(&self) -> impl Iterator<Item = (GroupId, usize)> {
        let all = self.groups.iter().map(|(id, ranking)| (*id, ranking.len()));
        all.filter(|(_, count)| *count > 0)
    }

    /// Returns the heading of a row's group, and how many members are under it.
    pub(super) fn heading(&self, row: &Row) -> Option<(GroupId, usize)> {
        self.groups.get_index(row.group).map(|(id, ranking)| (*id, ranking.len()))
    }

    /// Returns what is in a block. Costs O(groups + block).
    pub(super) fn rows(&self, block: u32) -> Vec<Row> {
        let [first, _] = rows_of(block);
        let (mut skip, mut rows) = (first as usize, Vec::new());
        for (group, ranking) in self.groups.values().enumerate() {
            let size = size(ranking);
            if skip >= size {
                skip -= size;
                continue;
            }
            if skip == 0 {
                rows.push(Row { group, name: None });
            }
            let names = ranking.iter_from(skip.saturating_sub(1));
            let room = BLOCK as usize - rows.len();
            rows.extend(names.take(room).map(|name| Row { group, name: Some(name.clone()) }));
            skip = 0;
            if rows.len() == BLOCK as usize {
                break;
            }
        }
        rows
    }

    /// Counts a viewer of these blocks in.
    pub(super) fn hold(&mut self, blocks: &Blocks) {
        if blocks.is_empty() {
            return;
        }
        *self.holders.entry(blocks.clone()).or_default() += 1;
        for block in blocks {
            if !self.told.contains_key(block) {
                let rows = self.rows(*block);
                self.told.insert(*block, Told { viewers: 0, rows });
            }
            if let Some(told) = self.told.get_mut(block) {
                told.viewers += 1;
            }
        }
    }

    /// Counts a viewer of these blocks out.
    pub(super) fn release(&mut self, blocks: &Blocks) {
        if let Some(count) = self.holders.get_mut(blocks) {
            *count -= 1;
            if *count == 0 {
                self.holders.swap_remove(blocks);
            }
        }
        for block in blocks {
            let Some(told) = self.told.get_mut(block) else { continue };
            told.viewers -= 1;
            if told.viewers == 0 {
                self.told.remove(block);
            }
        }
    }

    /// Returns the sets of blocks that viewers have, each once.
    pub(super) fn holders(&self) -> impl Iterator<Item = &Blocks> {
        self.holders.keys()
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.holders.is_empty()
    }

    /// Brings viewers up to date. Costs O(watched blocks from the first change on).
    pub(super) fn tell(&mut self, changed: impl Fn(UserId) -> bool) -> News {
        let first = std::mem::replace(&mut self.touched, usize::MAX);
        let reordered = std::mem::take(&mut self.reordered);
        let rows = self.len();
        let before = std::mem::replace(&mut self.rows_told, rows);
        let mut told = std::mem::take(&mut self.told);
        let mut news = News::default();
        for (block, known) in &mut told {
            if first > rows_of(*block)[1] as usize {
                continue;
            }
            let rows = self.rows(*block);
            let users = known.rows.iter().chain(&rows).filter_map(Row::user);
            news.seen.extend(users.filter(|user| changed(*user)).map(|user| (user, *block)));
            let ops = if reordered {
                vec![Op::Sync(*block, rows.clone())]
            } else {
                compare(*block, &known.rows, &rows, &changed)
            };
            known.rows = rows;
            if !ops.is_empty() {
                news.changes.push((*block, ops));
            }
        }
        self.told = told;
        // A block that grows at the list's end needs those before it full; one that shrinks must
        // not take rows from those after it.
        if self.rows_told < before {
            news.changes.reverse();
        }
        news
    }
}

fn empty(groups: &[GroupId]) -> IndexMap<GroupId, Ranking<Name>> {
    groups.iter().map(|group| (*group, Ranking::default())).collect()
}

/// Returns the rows of a group: none, or the heading and its members.
fn size(ranking: &Ranking<Name>) -> usize {
    if ranking.is_empty() { 0 } else { ranking.len() + 1 }
}
