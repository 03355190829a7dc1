//! Rows, and the operations that lead from some to others.

use throng_proto::id::UserId;

use super::place::Name;
use super::range::rows_of;
use crate::planted::{self, Planted};

/// Rows of a block that may come or change in one update; beyond, the whole block is sent again.
const OPS_MAX: usize = 50;

/// A row: a heading, or a member under it. The order is that of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Group by its place in the list.
    pub(super) group: usize,
    /// The heading has none, and comes first.
    pub(super) name: Option<Name>,
}

impl Row {
    /// Returns the member of a row that is no heading.
    pub(super) fn user(&self) -> Option<UserId> {
        self.name.as_ref().map(Name::user)
    }
}

/// A change of a client's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// Everything in a block.
    Sync(u32, Vec<Row>),
    /// A row comes in, and later ones move on.
    Insert(u32, Row),
    /// A row is replaced.
    Update(u32, Row),
    /// A row goes, and later ones move up.
    Delete(u32),
    /// Rows are no longer told.
    Invalidate([u32; 2]),
}

/// Returns the changes that lead from one state of a block to another; both are sorted.
pub(super) fn compare(
    block: u32,
    old: &[Row],
    new: &[Row],
    changed: impl Fn(UserId) -> bool,
) -> Vec<Op> {
    let at = |index: usize| rows_of(block)[0].saturating_add(u32::try_from(index).unwrap_or(0));
    let mut deletes: Vec<Op> = old
        .iter()
        .enumerate()
        .filter(|(_, row)| new.binary_search(row).is_err())
        .map(|(index, _)| Op::Delete(at(index)))
        .collect();
    // From the end, so that each finds its row where it was told.
    if !planted::has(Planted::ListDeletesForwards) {
        deletes.reverse();
    }
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    for (index, row) in new.iter().enumerate() {
        if old.binary_search(row).is_err() {
            inserts.push(Op::Insert(at(index), row.clone()));
        } else if row.user().is_some_and(&changed) {
            updates.push(Op::Update(at(index), row.clone()));
        }
    }
    if inserts.len() + updates.len() > OPS_MAX {
        return vec![Op::Sync(block, new.to_vec())];
    }
    deletes.into_iter().chain(inserts).chain(updates).collect()
}
