//! The verdicts that a thread found last, where no other thread writes.
//!
//! Most attachments are alike, so that a few verdicts answer almost everything. Two threads that
//! take them from one shared cache would wait for each other's cache lines.

use std::cell::RefCell;

use crate::verdict::Verdict;

/// Rows of one thread: 256 rows of 4 verdicts of 80 bytes are 80 KB.
const ROWS: usize = 256;
const ROW: usize = 4;

/// Verdicts whose keys begin alike, the latest first.
type Row = [Option<(u128, Verdict)>; ROW];

thread_local! {
    static FRONT: RefCell<Vec<Row>> = const { RefCell::new(Vec::new()) };
}

/// Finds a verdict; keys are never used for two things.
pub(super) fn find(key: u128) -> Option<Verdict> {
    FRONT.with_borrow(|front| {
        let mut row = front.get(row(key))?.iter().flatten();
        row.find(|(found, _)| *found == key).map(|(_, verdict)| verdict.clone())
    })
}

/// Keeps a verdict in the place of an older one.
pub(super) fn keep(key: u128, verdict: &Verdict) {
    FRONT.with_borrow_mut(|front| {
        if front.is_empty() {
            front.resize_with(ROWS, || [const { None }; ROW]);
        }
        let row = &mut front[row(key)];
        row.rotate_right(1);
        row[0] = Some((key, verdict.clone()));
    });
}

fn row(key: u128) -> usize {
    key as usize % ROWS
}
