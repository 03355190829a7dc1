//! The verdicts that a thread found last, where no other thread writes.
//!
//! Most attachments are alike, so that a few verdicts answer almost everything. Two threads that
//! take them from one shared cache would wait for each other's cache lines.

use std::cell::RefCell;

use crate::verdict::Verdict;

/// Places of one thread, about 24 KB; a power of two.
const PLACES: usize = 256;

thread_local! {
    static FRONT: RefCell<Vec<Option<(u128, Verdict)>>> = const { RefCell::new(Vec::new()) };
}

/// Finds a verdict; keys are never used for two things.
pub(super) fn find(key: u128) -> Option<Verdict> {
    FRONT.with_borrow(|front| match front.get(place(key)) {
        Some(Some((found, verdict))) if *found == key => Some(verdict.clone()),
        _ => None,
    })
}

/// Keeps a verdict in the place of another.
pub(super) fn keep(key: u128, verdict: &Verdict) {
    FRONT.with_borrow_mut(|front| {
        if front.is_empty() {
            front.resize_with(PLACES, || None);
        }
        front[place(key)] = Some((key, verdict.clone()));
    });
}

fn place(key: u128) -> usize {
    key as usize % PLACES
}
